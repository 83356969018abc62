//! `errors.toml`: why something failed, as a code with parameters.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

use super::MADE;
use crate::output::Tree;

const SOURCE: &str = "`core/tables/errors.toml`. Do not edit.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    error: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    code: String,
    kind: String,
    params: Vec<String>,
    text: String,
    python: Option<String>,
    node: Option<String>,
    doc: String,
}

impl Row {
    fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params.iter().filter_map(|param| param.split_once(": "))
    }

    /// The words of a package: its own, or the engine's where an option is to be spelled.
    fn words<'a>(&'a self, own: Option<&'a String>) -> Option<&'a str> {
        let names_option = self.params().any(|(_, kind)| kind == "option");
        own.map(String::as_str).or_else(|| names_option.then_some(&*self.text))
    }

    fn check(&self) -> Result<(), String> {
        let wrong = |what: String| Err(format!("errors.toml: {}: {what}", self.code));
        for param in &self.params {
            match param.split_once(": ") {
                Some((_, "text" | "option" | "number" | "json")) => {}
                _ => return wrong(format!("{param} is no parameter")),
            }
        }
        let known: BTreeSet<_> = self.params().map(|(name, _)| name).collect();
        for text in [Some(&self.text), self.python.as_ref(), self.node.as_ref()].into_iter().flatten() {
            for place in text.split('{').skip(1) {
                let name = place.split(['}', '!']).next().unwrap_or_default();
                if !known.contains(name) && !known.contains(name.trim_end_matches("_ms")) {
                    return wrong(format!("{{{name}}} is no parameter"));
                }
            }
        }
        Ok(())
    }
}

pub fn read(root: &Path) -> Result<Vec<Row>, String> {
    let File { error: rows } = super::read(root, "errors.toml")?;
    rows.iter().try_for_each(Row::check)?;
    if rows.iter().map(|row| &row.code).collect::<BTreeSet<_>>().len() < rows.len() {
        return Err("errors.toml: a code is there twice".to_owned());
    }
    Ok(rows)
}

pub fn write(rows: &[Row], tree: &mut Tree) {
    tree.add("core/src/error/reasons.rs", rust(rows));
    tree.add("bindings/python/copilot/generated/_reasons.py", python(rows));
    tree.add("bindings/node/js/generated/reasons.ts", typescript(rows));
    tree.part("docs/errors.md", "reasons", markdown(rows));
}

fn rust(rows: &[Row]) -> String {
    let mut out = format!(
        "//! Errors that carry a reason. {MADE} {SOURCE}\n\nuse serde_json::{{Value, json}};\n\nuse super::{{Error, ErrorKind}};\n"
    );
    for row in rows {
        let _ = writeln!(out, "\n/// `{}`: {}", row.code, row.doc);
        let _ = write!(out, "pub(crate) fn {}(", row.code.replace('.', "_"));
        for (name, kind) in row.params() {
            let kind = match kind {
                "number" => "f64",
                "json" => "&Value",
                _ => "&str",
            };
            let _ = write!(out, "{name}: {kind},");
        }
        out.push_str(") -> Error {\n");
        let said = row.params().find(|(name, _)| row.text == format!("{{{name}}}"));
        let text = match said {
            Some((name, _)) => format!("{name}.to_owned()"),
            None if row.params.is_empty() => format!("{:?}", row.text),
            None => format!("format!({:?})", row.text),
        };
        if row.params.is_empty() {
            let _ = writeln!(
                out,
                "Error::new(ErrorKind::{}, {text}).because(\"{}\", json!({{}}))",
                row.kind, row.code
            );
        } else {
            let params: Vec<_> = row.params().map(|(name, _)| format!("\"{name}\": {name}")).collect();
            let _ = writeln!(
                out,
                "Error::new(ErrorKind::{}, {text}).because(\"{}\", json!({{{}}}))",
                row.kind,
                row.code,
                params.join(", ")
            );
        }
        out.push_str("}\n");
    }
    out
}

fn options(row: &Row) -> Vec<&str> {
    row.params().filter(|(_, kind)| *kind == "option").map(|(name, _)| name).collect()
}

fn python(rows: &[Row]) -> String {
    let mut out = format!(
        "\"\"\"Reasons of errors in Python's words. {MADE} {SOURCE}\"\"\"\n\nfrom __future__ import annotations\n\n"
    );
    out.push_str("# By code: the words, and which parameters are names of options.\nWORDS: dict[str, tuple[str, tuple[str, ...]]] = {\n");
    for row in rows {
        if let Some(words) = row.words(row.python.as_ref()) {
            let names: String = options(row).iter().map(|name| format!("\"{name}\",")).collect();
            let _ = writeln!(out, "    \"{}\": ({words:?}, ({names})),", row.code);
        }
    }
    out.push_str("}\n");
    out
}

fn typescript(rows: &[Row]) -> String {
    let mut out = format!(
        "/** Reasons of errors in the words of this package, by code. {MADE} {SOURCE} */\nexport const WORDS: Readonly<Record<string, string>> = {{\n"
    );
    for row in rows {
        if let Some(words) = row.words(row.node.as_ref()) {
            let _ = writeln!(out, "  \"{}\": {words:?},", row.code);
        }
    }
    out.push_str("};\n");
    out
}

fn markdown(rows: &[Row]) -> String {
    let mut out = "| code | kind | parameters | what happened, what to do |\n|---|---|---|---|\n".to_owned();
    for row in rows {
        let params: Vec<_> = row.params().map(|(name, kind)| format!("`{name}` ({kind})")).collect();
        let _ = writeln!(out, "| `{}` | `{}` | {} | {} |", row.code, row.kind, params.join(", "), row.doc);
    }
    out
}
