//! `calls.toml`: what clients and sessions can be asked to do.

mod c;
mod cpp;
mod docs;
mod rust;

use std::path::Path;

use serde::Deserialize;

use crate::names;
use crate::output::Tree;

const SOURCE: &str = "`core/tables/calls.toml`. Do not edit.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    call: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    name: String,
    scope: Scope,
    method: Option<String>,
    #[serde(default)]
    by_hand: bool,
    op: Option<String>,
    fixed: Option<String>,
    #[serde(default)]
    params: Vec<Param>,
    #[serde(default)]
    options: Vec<Choice>,
    args: Option<String>,
    result: String,
    answer: Option<Answer>,
    rust: Option<String>,
    python: Option<String>,
    node: Option<String>,
    go: Option<String>,
    java: Option<String>,
    ruby: Option<String>,
    absent: Option<String>,
    since: String,
    doc: String,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Client,
    Session,
}

impl Scope {
    const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Session => "session",
        }
    }
}

/// What languages rely on in the runtime's answer.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Object,
    /// An object with a list, and the list's name.
    List(String),
}

/// What must be given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Param {
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    wire: Option<String>,
    absent: Option<Absent>,
    doc: String,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Json,
    /// Any bytes; base64 in the operation.
    Bytes,
}

/// What becomes of a parameter that is not given.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
enum Absent {
    #[serde(rename = "null")]
    Null,
    #[serde(rename = "left out")]
    LeftOut,
}

/// What may be given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    name: String,
    #[serde(default)]
    values: Vec<String>,
    doc: String,
}

impl Row {
    fn op(&self) -> String {
        self.op.clone().unwrap_or_else(|| format!("{}.{}", self.scope.name(), self.name))
    }

    fn snake(&self) -> String {
        names::snake(&self.name)
    }

    fn has_result(&self) -> bool {
        self.result != "nothing"
    }

    /// The name in a language, none where it is not there.
    fn name_in<'a>(given: Option<&'a String>, usual: &'a str) -> Option<&'a str> {
        match given.map(String::as_str) {
            Some("-") => None,
            Some(name) => Some(name),
            None => Some(usual),
        }
    }

    /// In Go, where initials are capital.
    fn go(&self) -> String {
        let usual = names::pascal(&self.name).replace("Ahp", "AHP").replace("SessionId", "SessionID");
        self.go.clone().unwrap_or(usual)
    }

    fn java(&self) -> &str {
        self.java.as_ref().unwrap_or(&self.name)
    }

    fn ruby(&self) -> String {
        self.ruby.clone().unwrap_or_else(|| self.snake())
    }

    fn check(&self) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("calls.toml: {} {}: {what}", self.scope.name(), self.name));
        if self.by_hand && (self.method.is_some() || !self.params.is_empty()) {
            return wrong("what C has by hand names neither a method nor parameters");
        }
        let somewhere_absent =
            [&self.rust, &self.python, &self.node].iter().any(|name| name.as_deref() == Some("-"));
        if somewhere_absent != self.absent.is_some() {
            return wrong("`absent` says why a language lacks it");
        }
        Ok(())
    }
}

pub fn read(root: &Path) -> Result<Vec<Row>, String> {
    let File { call: rows } = super::read(root, "calls.toml")?;
    rows.iter().try_for_each(Row::check)?;
    Ok(rows)
}

pub fn write(rows: &[Row], tree: &mut Tree) {
    tree.add("core/src/host/plain.rs", rust::plain(rows));
    tree.add("core/tests/fake/calls.rs", rust::test(rows));
    tree.add("ffi/src/generated/calls.rs", c::functions(rows));
    tree.add("include/copilot_calls.hpp", cpp::header(rows));
    tree.add("tests/conformance/calls.json", docs::names(rows));
    tree.part("docs/host.md", "calls", docs::operations(rows));
    tree.part("docs/calls.md", "calls", docs::languages(rows));
}

/// What a language lacks, a line each.
pub fn absent(rows: &[Row]) -> Vec<String> {
    let mut out = Vec::new();
    for row in rows {
        for (language, name) in [("Rust", &row.rust), ("Python", &row.python), ("Node", &row.node)] {
            if name.as_deref() == Some("-") {
                let why = row.absent.as_deref().unwrap_or_default();
                out.push(format!("`{}` of the {}, in {language}: {why}", row.name, row.scope.name()));
            }
        }
    }
    out
}
