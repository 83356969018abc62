//! The options as tables of the documentation.

use std::fmt::Write as _;

use super::{Call, Later, Row, Tables};

pub fn page(tables: &Tables) -> String {
    let mut out = String::new();
    for (title, rows) in [
        ("Clients", &tables.client),
        ("Sessions", &tables.session),
        ("Messages", &tables.message),
        ("Tools", &tables.tool),
    ] {
        let _ = writeln!(
            out,
            "## {title}\n\n| on the wire | Rust, C, C++ | Python | Node | sent | in mode `empty` | since | |\n|---|---|---|---|---|---|---|---|"
        );
        for row in rows {
            out.push_str(&line(row));
        }
        out.push('\n');
    }
    out
}

/// The options by the groups of protocol 4.
pub fn groups(tables: &Tables) -> String {
    let mut out = String::new();
    for (table, rows) in [("session", &tables.session), ("client", &tables.client)] {
        let _ = writeln!(out, "| group of a {table} | options of this page |\n|---|---|");
        let names = |group: Option<&str>| {
            let names = rows.iter().filter(|row| row.group.as_deref() == group);
            names.map(|row| format!("`{}`", row.name)).collect::<Vec<_>>().join(", ")
        };
        for group in super::groups(table) {
            let _ = writeln!(out, "| `{group}` | {} |", names(Some(group)));
        }
        let _ = writeln!(out, "| not plain | {} |\n", names(None));
    }
    out
}

fn line(row: &Row) -> String {
    let code = |text: &str| format!("`{}`", text.replace('|', "\\|"));
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "no".to_owned());
    let wire = if row.rust.is_some() { code(&row.name) } else { "stays in the program".to_owned() };
    let rust = row.rust.as_ref().map(|kind| format!("{}: {}", code(&row.snake()), code(kind)));
    let python = row.python.as_ref().map(|kind| format!("{}: {}", code(&row.python_name()), code(kind)));
    let node = row.node.as_ref().map(|kind| format!("{}: {}", code(row.node_name()), code(kind)));
    let mut sent = match (row.rust.is_some(), row.omit.is_some()) {
        (false, _) => "".to_owned(),
        (true, true) => "unless empty".to_owned(),
        (true, false) => "when set".to_owned(),
    };
    match row.later {
        Some(Later::Only) => sent.push_str(", after creation"),
        Some(Later::Also) => sent.push_str(", also after creation"),
        None => {}
    }
    match row.only {
        Some(Call::Create) => sent.push_str(", create only"),
        Some(Call::Resume) => sent.push_str(", resume only"),
        None => {}
    }
    let sent = sent.trim_start_matches(", ");
    let empty = row.empty.as_deref().map(code).unwrap_or_default();
    let (rust, python, node) = (or_none(rust), or_none(python), or_none(node));
    format!("| {wire} | {rust} | {python} | {node} | {sent} | {empty} | {} | {} |\n", row.since, row.doc)
}
