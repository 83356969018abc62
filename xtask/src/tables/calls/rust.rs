//! The requests that the engine makes without more ado, and a program that names every call of the Rust crate.

use std::fmt::Write as _;

use super::{Absent, Answer, Row, SOURCE, Scope};
use crate::names;
use crate::tables::MADE;

/// `core/src/host/plain.rs`
pub fn plain(rows: &[Row]) -> String {
    let mut out = format!(
        "//! Calls that are one request of the runtime. {MADE} {SOURCE}\n\n\
         use super::answers::Answer;\n\n\
         /// A call that is one request. Members that are not named here travel as given.\n\
         pub(super) struct Plain {{\n/// Name of the operation.\npub(super) op: &'static str,\n\
         /// Method of the request.\npub(super) method: &'static str,\n\
         /// Whether it concerns a session, which `key` names.\npub(super) of_session: bool,\n\
         pub(super) answer: Answer,\npub(super) members: &'static [Member],\n}}\n\n\
         /// A member of the arguments.\npub(super) struct Member {{\npub(super) name: &'static str,\n\
         /// Its name in the request.\npub(super) wire: &'static str,\n/// What is sent when it is not given.\n\
         pub(super) absent: Absent,\n/// The only texts it may have; empty: any value.\n\
         pub(super) values: &'static [&'static str],\n}}\n\n\
         /// What becomes of a member that is not given.\n#[derive(Clone, Copy, PartialEq, Eq)]\npub(super) enum Absent {{\n\
         /// The call is refused.\nRefused,\n/// Null is sent.\nNull,\n/// Nothing is sent.\nLeftOut,\n}}\n\n\
         pub(super) const PLAIN: &[Plain] = &[\n"
    );
    for row in rows {
        let Some(method) = &row.method else { continue };
        let of_session = row.scope == Scope::Session;
        let _ = write!(
            out,
            "Plain {{ op: \"{}\", method: \"{method}\", of_session: {of_session}, answer: {}, members: &[",
            row.op(),
            answer(row.answer.as_ref())
        );
        for param in &row.params {
            let absent = match param.absent {
                None => "Refused",
                Some(Absent::Null) => "Null",
                Some(Absent::LeftOut) => "LeftOut",
            };
            let wire = param.wire.as_ref().unwrap_or(&param.name);
            let _ = write!(
                out,
                "Member {{ name: \"{}\", wire: \"{wire}\", absent: Absent::{absent}, values: &[] }},",
                param.name
            );
        }
        for option in &row.options {
            let name = &option.name;
            let _ = write!(
                out,
                "Member {{ name: \"{name}\", wire: \"{name}\", absent: Absent::LeftOut, values: &{:?} }},",
                option.values
            );
        }
        out.push_str("] },\n");
    }
    out.push_str("];\n");
    for row in rows.iter().filter(|row| row.method.is_none() && row.answer.is_some()) {
        let (op, name) = (row.op(), row.snake().to_uppercase());
        let _ = write!(
            out,
            "\n/// Of `{op}`, which is no plain request.\npub(super) const {name}: Answer = {};\n",
            answer(row.answer.as_ref())
        );
    }
    out
}

fn answer(answer: Option<&Answer>) -> String {
    match answer {
        None => "Answer::Any".to_owned(),
        Some(Answer::Object) => "Answer::Object".to_owned(),
        Some(Answer::List(member)) => format!("Answer::List({member:?})"),
    }
}

/// `core/tests/fake/calls.rs`
pub fn test(rows: &[Row]) -> String {
    let mut out = format!(
        "//! Every call of the table is there in Rust. {MADE} {SOURCE}\n\nuse std::time::Duration;\n\nuse copilot_core::{{Client, Session, SessionConfig, StructuredOptions}};\n\n\
         #[test]\nfn every_call_is_there() {{\n"
    );
    for row in rows {
        let Some(name) = Row::name_in(row.rust.as_ref(), &row.name) else { continue };
        let kind = if row.scope == Scope::Client { "Client" } else { "Session" };
        let name = names::snake(name);
        let _ = match takes_into(&name) {
            // What takes `impl Into<…>` has no one type.
            Some(arguments) => writeln!(out, "let _ = |it: &{kind}| drop(it.{name}({arguments}));"),
            None => writeln!(out, "let _ = {kind}::{name};"),
        };
    }
    out.push_str("}\n");
    out
}

fn takes_into(name: &str) -> Option<&'static str> {
    match name {
        "send" => Some("\"\""),
        "send_and_wait" => Some("\"\", Duration::ZERO"),
        "send_and_wait_structured" => Some("\"\", StructuredOptions::new(serde_json::Value::Null)"),
        "create_session" => Some("SessionConfig::default()"),
        "resume_session" => Some("\"\", SessionConfig::default()"),
        _ => None,
    }
}
