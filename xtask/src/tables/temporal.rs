//! `temporal.toml`: what the Temporal modules of Python and Node have in common.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::MADE;
use crate::output::Tree;

const SOURCE: &str = "`core/tables/temporal.toml`. Do not edit.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fact: Vec<Fact>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    name: String,
    text: Option<String>,
    ms: Option<u64>,
    number: Option<u64>,
    kinds: Option<Vec<String>>,
    texts: Option<Vec<String>>,
    doc: String,
}

/// What a fact is.
enum Is<'a> {
    Text(&'a str),
    Milliseconds(u64),
    Number(u64),
    Set(&'a [String]),
}

impl Fact {
    fn is(&self) -> Option<Is<'_>> {
        let all = [
            self.text.as_deref().map(Is::Text),
            self.ms.map(Is::Milliseconds),
            self.number.map(Is::Number),
            self.kinds.as_deref().map(Is::Set),
            self.texts.as_deref().map(Is::Set),
        ];
        let mut given = all.into_iter().flatten();
        given.next().filter(|_| given.next().is_none())
    }

    fn constant(&self) -> String {
        self.name.to_uppercase()
    }
}

pub fn read(root: &Path) -> Result<Vec<Fact>, String> {
    let File { fact: facts } = super::read(root, "temporal.toml")?;
    let known =
        fs::read_to_string(root.join("core/src/error.rs")).map_err(|e| format!("core/src/error.rs: {e}"))?;
    for fact in &facts {
        if fact.is().is_none() {
            return Err(format!("temporal.toml: {} must be one thing", fact.name));
        }
        for kind in fact.kinds.iter().flatten() {
            if !known.contains(&format!("\n    {kind} = ")) {
                return Err(format!("temporal.toml: {}: {kind} is no kind of error", fact.name));
            }
        }
    }
    Ok(facts)
}

pub fn write(facts: &[Fact], tree: &mut Tree) {
    tree.add("bindings/python/copilot/generated/_temporal.py", python(facts));
    tree.add("bindings/node/js/generated/temporal.ts", typescript(facts));
    tree.part("docs/guides/temporal.md", "facts", markdown(facts));
}

fn given(facts: &[Fact]) -> impl Iterator<Item = (&Fact, Is<'_>)> {
    facts.iter().filter_map(|fact| Some((fact, fact.is()?)))
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ")
}

fn python(facts: &[Fact]) -> String {
    let mut out = format!(
        "\"\"\"What turns through Temporal go by. {MADE} {SOURCE}\"\"\"\n\nfrom __future__ import annotations\n\nfrom datetime import timedelta\n\n"
    );
    for (fact, is) in given(facts) {
        let value = match is {
            Is::Text(text) => format!("{text:?}"),
            Is::Milliseconds(ms) => format!("timedelta(milliseconds={ms})"),
            Is::Number(number) => number.to_string(),
            Is::Set(texts) => format!("frozenset({{{}}})", quoted(texts)),
        };
        let _ = writeln!(out, "#: {}\n{} = {value}", fact.doc, fact.constant());
    }
    out
}

fn typescript(facts: &[Fact]) -> String {
    let mut out =
        format!("/** What turns through Temporal go by; times are in milliseconds. {MADE} {SOURCE} */\n");
    for (fact, is) in given(facts) {
        let value = match is {
            Is::Text(text) => format!("{text:?}"),
            Is::Milliseconds(number) | Is::Number(number) => number.to_string(),
            Is::Set(texts) => format!("new Set<string>([{}])", quoted(texts)),
        };
        let _ = writeln!(out, "/** {} */\nexport const {} = {value};", fact.doc, fact.constant());
    }
    out
}

fn markdown(facts: &[Fact]) -> String {
    let mut out = "| what | is |\n|---|---|\n".to_owned();
    for (fact, is) in given(facts) {
        let value = match is {
            Is::Text(text) => format!("`{text}`"),
            Is::Milliseconds(ms) if ms % 1000 == 0 => format!("{} s", ms / 1000),
            Is::Milliseconds(ms) => format!("{ms} ms"),
            Is::Number(number) => number.to_string(),
            Is::Set(texts) => texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", "),
        };
        let _ = writeln!(out, "| {} | {value} |", fact.doc.trim_end_matches('.'));
    }
    out
}
