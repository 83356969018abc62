//! What follows from the tables of the engine: kinds of errors and questions, reasons, options.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{constant, module, quoted};
use crate::names;

fn read(root: &Path, name: &str) -> Result<String, String> {
    let path = root.join(name);
    fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
}

fn rows(root: &Path, file: &str, table: &str) -> Result<Vec<toml::Table>, String> {
    let text = read(root, &format!("core/tables/{file}"))?;
    let all: toml::Table = toml::from_str(&text).map_err(|e| format!("{file}: {e}"))?;
    let rows = all.get(table).and_then(toml::Value::as_array).ok_or_else(|| format!("{file}: no {table}"))?;
    Ok(rows.iter().filter_map(|row| row.as_table().cloned()).collect())
}

fn text<'a>(row: &'a toml::Table, name: &str) -> &'a str {
    row.get(name).and_then(toml::Value::as_str).unwrap_or_default()
}

/// The lines of a comment.
fn comment(prose: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in prose.split_whitespace() {
        if !line.is_empty() && indent.len() + line.chars().count() + word.chars().count() > 110 {
            let _ = writeln!(out, "{indent}# {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{indent}# {line}");
    out
}

/// The kinds stand in the engine's source.
pub(super) fn error_kinds(root: &Path) -> Result<String, String> {
    let source = read(root, "core/src/error.rs")?;
    let body = source.split_once("pub enum ErrorKind {").and_then(|(_, rest)| rest.split_once('}'));
    let (body, _) = body.ok_or("core/src/error.rs: there is no ErrorKind")?;
    let mut out = "class Error\n".to_owned();
    let mut table = String::new();
    let mut doc = Vec::new();
    for line in body.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            doc.push(words.trim().replace("[`Error::rpc_code`]", "the code of the error"));
        } else if let Some((name, number)) = line.trim_end_matches(',').split_once(" = ") {
            let prose = comment(&doc.join(" "), "  ");
            let _ = write!(
                out,
                "{prose}  class {name} < Error\n    CODE = {number}\n    KIND = {}\n  end\n\n",
                quoted(name)
            );
            let _ = writeln!(table, "    {number} => {name},");
            doc.clear();
        }
    }
    Ok(module(&(out + "  # The class of each stable number.\n  KINDS = {\n" + &table + "  }.freeze\nend\n")))
}

/// The name of a kind in a method, such as `git_hub_token`.
fn call_kind_name(row: &toml::Table) -> String {
    names::snake(&text(row, "name").replace("gitHub", "github"))
}

pub(super) fn call_kinds(root: &Path) -> Result<String, String> {
    let mut kinds = rows(root, "callbacks.toml", "callback")?;
    kinds.sort_by_key(|row| row.get("number").and_then(toml::Value::as_integer).unwrap_or_default());
    let mut out =
        "# What handlers are asked, by stable number. Arguments and answers are in the words of the wire.\n\
                   module CallKind\n"
            .to_owned();
    let (mut names, mut session, mut client, mut served) =
        (String::new(), String::new(), String::new(), String::new());
    for row in &kinds {
        let number = row.get("number").and_then(toml::Value::as_integer).unwrap_or_default();
        let name = call_kind_name(row);
        let upper = name.to_ascii_uppercase();
        let prose = format!(
            "{} Arguments: {}. Answer: {}.",
            text(row, "doc"),
            text(row, "args").trim_end_matches('.'),
            text(row, "answer").trim_end_matches('.')
        );
        let _ = writeln!(out, "{}  {upper} = {number}", comment(&prose, "  "));
        let _ = writeln!(names, "    {number} => {},", quoted(text(row, "name")));
        let wide = text(row, "scope") == "client";
        if wide && !text(row, "served").is_empty() {
            let _ = writeln!(served, "    {number} => {},", quoted(text(row, "served")));
        }
        let named = !text(row, "named").is_empty() && !wide;
        let list = if wide { &mut client } else { &mut session };
        let _ = writeln!(list, "    {name}: [{number}, {named}],");
    }
    let _ = write!(
        out,
        "\n  # The name of each kind, the same in every language.\n  NAMES = {{\n{names}  }}.freeze\n\n\
         \x20 # The member of the option `handlers` by which a client says that it serves a kind.\n  SERVED = {{\n{served}  }}.freeze\n\n\
         \x20 # Kinds of sessions by the name of their method: number, and whether there is a handler for each name.\n\
         \x20 SESSION = {{\n{session}  }}.freeze\n\n\
         \x20 # Kinds of the client, likewise.\n  CLIENT = {{\n{client}  }}.freeze\nend\n"
    );
    Ok(module(&out))
}

pub(super) fn reasons(root: &Path) -> Result<String, String> {
    let mut out = "# The codes of Error#reason_code.\nmodule Reason\n".to_owned();
    for row in rows(root, "errors.toml", "error")? {
        let code = text(&row, "code");
        let _ = writeln!(out, "{}  {} = {}", comment(text(&row, "doc"), "  "), constant(code), quoted(code));
    }
    Ok(module(&(out + "end\n")))
}

/// Options that the hand-written classes have methods for.
const BY_HAND: &[&str] = &["handlers", "prompt"];

pub(super) fn options(root: &Path, table: &str, name: &str, whose: &str) -> Result<String, String> {
    let mut out = format!(
        "# The keywords for the options of {whose}, with their names on the wire. Nothing is checked here: the engine does.\n\
         module {name}\n  WIRE = {{\n"
    );
    for row in rows(root, "options.toml", table)? {
        let (wire, rust) = (text(&row, "name"), text(&row, "rust"));
        if rust.is_empty() || BY_HAND.contains(&wire) {
            continue;
        }
        let since = match text(&row, "since") {
            "" | "none" | "1.0.67" => String::new(),
            "newer" => " Since a runtime newer than 1.0.85.".into(),
            since => format!(" Since runtime {since}."),
        };
        let keyword = names::snake(&wire.replace("gitHub", "github").replace("GitHub", "Github"));
        let _ = writeln!(
            out,
            "{}    {keyword}: {},",
            comment(&format!("{}{since}", text(&row, "doc")), "    "),
            quoted(wire)
        );
    }
    Ok(module(&(out + "  }.freeze\nend\n")))
}
