//! The calls as tables of the documentation, and as the list by which the languages are checked.

use std::fmt::Write as _;

use serde_json::json;

use super::{Row, Scope};
use crate::names;

/// Operations of the door for foreign languages.
pub fn operations(rows: &[Row]) -> String {
    let mut out = "| `op` | args | result | |\n|---|---|---|---|\n".to_owned();
    for row in rows {
        let args = row.args.as_deref().unwrap_or_default();
        let result = if row.has_result() { row.result.as_str() } else { "`{}`, or what the runtime answers" };
        let _ = writeln!(out, "| `{}` | {args} | {result} | {} |", row.op(), row.doc);
    }
    out
}

/// What each call is called in each language.
pub fn languages(rows: &[Row]) -> String {
    let mut out = String::new();
    for (scope, title) in [(Scope::Client, "Of a client"), (Scope::Session, "Of a session")] {
        let _ = writeln!(
            out,
            "## {title}\n\n| | Rust | C | C++ | Python | Node | Go | Java | Ruby | since runtime |\n|---|---|---|---|---|---|---|---|---|---|"
        );
        for row in rows.iter().filter(|row| row.scope == scope) {
            let snake = row.snake();
            let named = |name: Option<&str>| name.map_or_else(|| "no".to_owned(), |name| format!("`{name}`"));
            let rust = Row::name_in(row.rust.as_ref(), &snake).map(names::snake);
            let python = Row::name_in(row.python.as_ref(), &snake);
            let node = Row::name_in(row.node.as_ref(), &row.name);
            let absent = row
                .absent
                .as_ref()
                .map(|why| format!(" Absent where it says no: {why}."))
                .unwrap_or_default();
            let _ = writeln!(
                out,
                "| {}{absent} | {} | `copilot_{}_{snake}`{} | `{snake}` | {} | {} | `{}` | `{}` | `{}` | {} |",
                row.doc,
                named(rust.as_deref()),
                scope.name(),
                c_arguments(row),
                named(python),
                named(node),
                row.go(),
                row.java(),
                row.ruby(),
                row.since
            );
        }
        out.push('\n');
    }
    out
}

fn c_arguments(row: &Row) -> String {
    if row.by_hand {
        return String::new();
    }
    let mut all: Vec<_> = row.params.iter().map(|param| names::snake(&param.name)).collect();
    if !row.options.is_empty() {
        all.push("options".to_owned());
    }
    if all.is_empty() { String::new() } else { format!("({})", all.join(", ")) }
}

/// `tests/conformance/calls.json`
pub fn names(rows: &[Row]) -> String {
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            let snake = row.snake();
            let value = json!({
                "scope": row.scope.name(),
                "name": row.name,
                "c": format!("copilot_{}_{snake}", row.scope.name()),
                "python": Row::name_in(row.python.as_ref(), &snake),
                "node": Row::name_in(row.node.as_ref(), &row.name),
                "go": row.go(),
                "java": row.java(),
                "ruby": row.ruby(),
            });
            format!("  {value}")
        })
        .collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}
