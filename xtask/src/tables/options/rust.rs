//! The options as structures of the engine, and the rules of what travels when.

use std::fmt::Write as _;

use super::{Call, Later, Omit, Row, SOURCE, Tables};
use crate::tables::MADE;

/// `core/src/protocol/options.rs`
pub fn protocol(tables: &Tables) -> String {
    let mut out = format!(
        "//! Options of sessions, messages and tools. {MADE} {SOURCE}\n\n\
         use serde::de::{{Deserialize, Deserializer, MapAccess}};\nuse serde::Serialize;\nuse serde_json::{{Map, Value}};\n\n\
         use crate::diagnostics::redacted_debug;\nuse crate::protocol::common::{{CommandSpec, Secret, is_false, is_falsy_option}};\n\
         use crate::protocol::shape::{{self, Members}};\n\n"
    );
    structure(
        &mut out,
        "SessionConfig",
        "Configuration of a session. Unset members are not sent; nested values are in wire spelling.",
        &tables.session,
        |row, kind| Some(format!("Option<{kind}>")).filter(|_| row.rust.is_some()),
    );
    let whole = |_: &Row, kind: &str| Some(kind.to_owned());
    let message = "A message to the agent.";
    structure(&mut out, "SendOptions", message, &tables.message, whole);
    let tool = "A tool as the model sees it. Its handler is kept apart, see [`Handlers`](crate::Handlers).";
    structure(&mut out, "ToolSpec", tool, &tables.tool, whole);
    out.push_str("redacted_debug!(SessionConfig, SendOptions);\n\n");
    rules(&mut out, &tables.session);
    out
}

/// A structure whose unknown members travel as given.
fn structure(out: &mut String, name: &str, doc: &str, rows: &[Row], of: fn(&Row, &str) -> Option<String>) {
    let debug = if name == "ToolSpec" { "Debug, " } else { "" };
    let _ = writeln!(
        out,
        "/// {doc}\n#[derive(Clone, {debug}Default, Serialize)]\n\
         #[serde(rename_all = \"camelCase\", default)]\npub struct {name} {{"
    );
    let mut reading = String::new();
    for row in rows {
        let Some(kind) = row.rust.as_ref().and_then(|kind| of(row, kind)) else { continue };
        member(out, row, &kind, name == "ToolSpec");
        let read = match (name, kind.as_str()) {
            ("SessionConfig", "Option<Value>") => "shape::object_of(members)?",
            (_, "Option<bool>") => "shape::flag_of(members)?",
            (_, "bool") => "shape::flag_of(members)?.unwrap_or_default()",
            _ => "shape::member(members)?",
        };
        let _ = writeln!(reading, "\"{}\" => self.{} = {read},", row.name, row.snake());
    }
    out.push_str(
        "/// Members that have no field here; they travel as given.\n#[serde(flatten)]\npub extra: Map<String, Value>,\n}\n\n",
    );
    let _ = writeln!(
        out,
        "impl Members for {name} {{\n\
         // A line per member.\n#[allow(clippy::too_many_lines)]\n\
         fn read<'de, A: MapAccess<'de>>(&mut self, name: String, members: &mut A) -> Result<(), A::Error> {{\n\
         match name.as_str() {{\n{reading}\
         _ => drop(self.extra.insert(name, shape::member(members)?)),\n}}\nOk(())\n}}\n}}\n\n\
         impl<'de> Deserialize<'de> for {name} {{\n\
         fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {{\n\
         shape::members(deserializer)\n}}\n}}\n"
    );
}

/// `falsy`: members that say nothing are left out when the structure is written.
fn member(out: &mut String, row: &Row, kind: &str, falsy: bool) {
    let only = match row.only {
        Some(Call::Create) => " Create only.",
        Some(Call::Resume) => " Resume only.",
        None => "",
    };
    let later = if row.later == Some(Later::Only) { " Sent after creation." } else { "" };
    out.push_str(&crate::tables::doc_comment(&format!("{}{only}{later}", row.doc)));
    let field = row.snake();
    if camel(&field) != row.name {
        let _ = writeln!(out, "#[serde(rename = \"{}\")]", row.name);
    }
    let skip = match kind {
        "Option<Value>" if falsy && row.omit == Some(Omit::Falsy) => Some("is_falsy_option"),
        "bool" => Some("is_false"),
        _ if kind.starts_with("Option<") => Some("Option::is_none"),
        _ => None,
    };
    if let Some(skip) = skip {
        let _ = writeln!(out, "#[serde(skip_serializing_if = \"{skip}\")]");
    }
    let _ = writeln!(out, "pub {field}: {kind},");
}

fn camel(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + &crate::names::capitalised(word))
}

fn rules(out: &mut String, rows: &[Row]) {
    let mut list = |doc: &str, name: &str, is: fn(&Row) -> bool| {
        let names: String =
            rows.iter().filter(|row| is(row)).map(|row| format!("\"{}\",", row.name)).collect();
        let _ = writeln!(out, "/// {doc}\npub(crate) const {name}: &[&str] = &[{names}];\n");
    };
    list(
        "Members left out when empty, `false` or 0; all others are sent whenever they are set.",
        "OMIT_FALSY",
        |row| row.omit.is_some(),
    );
    list("Members of `session.create` only.", "CREATE_ONLY", |row| {
        row.only == Some(Call::Create) && row.rust.is_some()
    });
    list("Members of `session.resume` only.", "RESUME_ONLY", |row| {
        row.only == Some(Call::Resume) && row.rust.is_some()
    });
    list("Members that travel in `session.options.update` only.", "LATER_ONLY", |row| {
        row.later == Some(Later::Only)
    });
    list("Members that travel in `session.options.update`.", "LATER", |row| row.later.is_some());
    out.push_str("/// Defaults of mode `empty`, as JSON.\npub(crate) const EMPTY_MODE: &[(&str, &str)] = &[");
    for row in rows {
        if let Some(default) = &row.empty {
            let _ = write!(out, "(\"{}\", {:?}),", row.name, default);
        }
    }
    out.push_str("];\n");
}

/// `core/src/runtime/client_options.rs`
pub fn client(rows: &[Row]) -> String {
    let mut out = format!(
        "//! Options of clients. {MADE} {SOURCE}\n\nuse std::collections::BTreeMap;\n\n\
         use serde::{{Deserialize, Serialize}};\nuse serde_json::{{Map, Value}};\n\n\
         use super::client_handlers::ClientHandlers;\nuse super::options::{{RuntimeConnection, SessionFsOptions, TelemetryConfig}};\n\
         use crate::diagnostics::redacted_debug;\nuse crate::protocol::common::{{Mode, Secret}};\n\n\
         /// Everything a client can be told. The defaults start a child on stdio found by `COPILOT_CLI_PATH`.\n\
         #[derive(Clone, Default, Serialize, Deserialize)]\n\
         #[serde(rename_all = \"camelCase\", default, deny_unknown_fields)]\npub struct ClientOptions {{\n"
    );
    for row in rows {
        let Some(kind) = &row.rust else { continue };
        out.push_str(&crate::tables::doc_comment(&row.doc));
        let field = row.snake();
        if camel(&field) != row.name {
            let _ = writeln!(out, "#[serde(rename = \"{}\")]", row.name);
        }
        // Flags are written in more than one way.
        let shape = match kind.as_str() {
            "Option<bool>" => Some("flag"),
            "bool" => Some("flag_or_false"),
            _ => None,
        };
        if let Some(shape) = shape {
            let _ = writeln!(out, "#[serde(deserialize_with = \"crate::protocol::shape::{shape}\")]");
        }
        let _ = writeln!(out, "pub {field}: {kind},");
    }
    out.push_str("}\n\nredacted_debug!(ClientOptions);\n");
    out
}
