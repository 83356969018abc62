//! The plan: what each method is called with and how the runtime is known to answer.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One method. Without `refused`, `waits` and `skip` its result decodes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) method: String,
    /// Which session is called: `main` when none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) params: Value,
    /// Values of the result that later steps need: name to JSON pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) save: BTreeMap<String, String>,
    /// A part of the text with which the runtime refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
    /// The call is not answered within the limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) waits: bool,
    /// The method is not called.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) skip: bool,
    /// Why it is refused, waits or is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn file() -> PathBuf {
    root().join("tests/generated/methods.json")
}

pub(crate) fn page() -> PathBuf {
    root().join("docs/methods.md")
}

pub(crate) fn load() -> Vec<Step> {
    let text = std::fs::read_to_string(file()).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file().display()))
}

pub(crate) fn store(steps: &[Step]) {
    let lines: Vec<String> = steps.iter().map(|step| serde_json::to_string(step).unwrap()).collect();
    std::fs::write(file(), format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
}

/// Puts values in the place of `$name`.
pub(crate) fn fill(value: &Value, known: &Map<String, Value>) -> Value {
    match value {
        Value::String(text) => {
            if let Some(whole) = text.strip_prefix('$').and_then(|name| known.get(name)) {
                return whole.clone();
            }
            let mut text = text.clone();
            for (name, value) in known {
                text = text.replace(&format!("${{{name}}}"), value.as_str().unwrap_or_default());
            }
            Value::String(text)
        }
        Value::Array(list) => list.iter().map(|item| fill(item, known)).collect(),
        Value::Object(map) => map.iter().map(|(key, item)| (key.clone(), fill(item, known))).collect(),
        other => other.clone(),
    }
}

const HEAD: &str = "# Methods of the runtime, called once

Written by the test `typed_methods` of `copilot-core` (`COPILOT_UPDATE_METHODS=1`); the test fails when a method answers
otherwise. It calls every method of `client.rpc()` and `session.rpc()` once on the real runtime, with a scripted model behind
it, without an account and without a network. A result must decode, and must be the same JSON when written back. Parameters and
answers are in `tests/generated/methods.json`.

A request of the runtime with a method that the engine does not know is answered with the JSON-RPC error -32601 (there
is nobody to give it to); an event of an unknown type and a field or enum value that no type knows are delivered as they came.

";

pub(crate) fn render(steps: &[Step]) -> String {
    let decoded = steps.iter().filter(|step| step.refused.is_none() && !step.waits && !step.skip).count();
    let refused = steps.iter().filter(|step| step.refused.is_some()).count();
    let waits = steps.iter().filter(|step| step.waits).count();
    let skipped = steps.iter().filter(|step| step.skip).count();
    let mut out = HEAD.to_owned();
    let _ = writeln!(out, "| outcome | methods |\n|---|---|");
    let _ = writeln!(out, "| result decoded | {decoded} |\n| refused offline | {refused} |");
    let _ = writeln!(out, "| not answered in time | {waits} |\n| not called | {skipped} |");
    let _ = writeln!(out, "| all | {} |", steps.len());
    section(&mut out, steps, "Refused offline", |step| step.refused.is_some());
    section(&mut out, steps, "Not answered in time", |step| step.waits);
    section(&mut out, steps, "Not called", |step| step.skip);
    out
}

fn section(out: &mut String, steps: &[Step], title: &str, belongs: impl Fn(&Step) -> bool) {
    let mut listed: Vec<&Step> = steps.iter().filter(|step| belongs(step)).collect();
    if listed.is_empty() {
        return;
    }
    listed.sort_by(|a, b| a.method.cmp(&b.method));
    let _ = writeln!(out, "\n## {title}\n\n| method | why | the runtime says |\n|---|---|---|");
    for step in listed {
        let why = step.why.as_deref().unwrap_or_default();
        let said = step.refused.as_deref().unwrap_or_default().replace('|', "\\|").replace('\n', " ");
        let _ = writeln!(out, "| `{}` | {why} | {said} |", step.method);
    }
}
