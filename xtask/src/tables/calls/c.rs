//! The calls as functions of C: one that waits, one that calls back.

use std::fmt::Write as _;

use super::{Kind, Row, SOURCE};
use crate::names;
use crate::tables::{MADE, doc_comment};

/// `ffi/src/calls.rs`
pub fn functions(rows: &[Row]) -> String {
    let mut out = format!(
        "//! Calls of clients and sessions. Each exists twice: `f` waits, `f_async` calls back. {MADE} {SOURCE}\n\n\
         use libc::c_void;\n\nuse crate::boundary::boundary;\nuse crate::call_args::{{Args, block, spawn}};\n\
         use crate::client::client_of;\nuse crate::input::copilot_str;\nuse crate::op::{{Done, copilot_done_fn}};\n\
         use crate::opaque::{{copilot_client, copilot_error, copilot_op, copilot_session, copilot_string}};\n\
         use crate::session::session_of;\nuse crate::user_data::{{UserData, copilot_destroy_fn}};\nuse crate::wait::copilot_wait;\n"
    );
    for row in rows.iter().filter(|row| !row.by_hand) {
        blocking(&mut out, row);
        calling_back(&mut out, row);
    }
    out
}

/// What both functions take, as declarations.
fn parameters(row: &Row) -> String {
    let scope = row.scope.name();
    let mut out = format!("{scope}: *mut copilot_{scope},\n");
    for param in &row.params {
        let _ = writeln!(out, "{}: copilot_str,", names::snake(&param.name));
    }
    if !row.options.is_empty() {
        out.push_str("options: copilot_str,\n");
    }
    out
}

/// How the arguments are made of them.
fn arguments(row: &Row) -> String {
    let start = match row.scope.name() {
        "client" => "Args::of_client()".to_owned(),
        _ => "Args::of_session(&session)".to_owned(),
    };
    let mut out = start;
    if let Some(fixed) = &row.fixed {
        let _ = write!(out, ".fixed({fixed:?})");
    }
    for param in &row.params {
        let kind = match (param.kind, param.absent) {
            (Kind::Text, None) => "text",
            (Kind::Text, Some(_)) => "optional_text",
            (Kind::Json, None) => "json",
            (Kind::Json, Some(_)) => "optional_json",
            (Kind::Bytes, _) => "bytes",
        };
        // A request is written by the engine, which knows the other name.
        let member = param.wire.as_ref().filter(|_| row.method.is_none()).unwrap_or(&param.name);
        let _ = write!(out, ".{kind}(\"{member}\", {})?", names::snake(&param.name));
    }
    if !row.options.is_empty() {
        out.push_str(".options(options)?");
    }
    out + ".done()"
}

fn blocking(out: &mut String, row: &Row) {
    let scope = row.scope.name();
    out.push('\n');
    out.push_str(&doc_comment(&row.doc));
    out.push_str("///\n");
    for param in &row.params {
        let json = match param.kind {
            Kind::Json => "JSON text: ",
            Kind::Bytes => "any bytes: ",
            Kind::Text => "",
        };
        let absent = if param.absent.is_some() { "; may be absent" } else { "" };
        out.push_str(&doc_comment(&format!(
            "@param {} {json}{}{absent}.",
            names::snake(&param.name),
            param.doc
        )));
    }
    if !row.options.is_empty() {
        let members: Vec<_> =
            row.options.iter().map(|option| format!("`{}` ({})", option.name, option.doc)).collect();
        out.push_str(&doc_comment(&format!(
            "@param options a JSON object, absent for none: {}.",
            members.join(", ")
        )));
    }
    out.push_str("/// @param wait limits, or NULL for none.\n");
    if row.has_result() {
        out.push_str(&doc_comment(&format!(
            "@param[out] result JSON text, which the caller frees with `copilot_string_free`: {}; may be NULL.",
            row.result
        )));
    }
    // What the engine does by itself needs no runtime of its own.
    if row.since != "none" {
        out.push_str(&doc_comment(&format!("@since runtime {}", row.since)));
    }
    let result = if row.has_result() { "result: *mut *mut copilot_string,\n" } else { "" };
    let place = if row.has_result() { "result" } else { "std::ptr::null_mut()" };
    let _ = write!(
        out,
        "#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn copilot_{scope}_{}(\n{}wait: *const copilot_wait,\n{result}) -> *mut copilot_error {{\n\
         boundary!({{\nlet {scope} = {scope}_of({scope})?;\n// SAFETY: same contract.\nunsafe {{\n\
         let args = {};\nblock({}, wait, \"{}\", &args, {place})\n}}\n}})\n}}\n",
        row.snake(),
        parameters(row),
        arguments(row),
        driver(row),
        row.op()
    );
}

fn driver(row: &Row) -> &'static str {
    if row.scope.name() == "client" { "&client.driver" } else { "session.driver()" }
}

fn calling_back(out: &mut String, row: &Row) {
    let scope = row.scope.name();
    let name = format!("copilot_{scope}_{}", row.snake());
    let _ = write!(
        out,
        "\n/// As `{name}`, without waiting. See `copilot_client_start_async` for the arguments.\n\
         #[unsafe(no_mangle)]\npub unsafe extern \"C\" fn {name}_async(\n{}done: copilot_done_fn,\nuser_data: *mut c_void,\n\
         destroy: copilot_destroy_fn,\nop: *mut *mut copilot_op,\n) -> *mut copilot_error {{\n\
         let done = Done::new(done, UserData::new(user_data, destroy));\n\
         boundary!({{\nlet {scope} = {scope}_of({scope})?;\n// SAFETY: same contract.\nunsafe {{\n\
         let args = {};\nspawn({}, \"{}\", &args, done, op)\n}}\n}})\n}}\n",
        parameters(row),
        arguments(row),
        driver(row),
        row.op()
    );
}
