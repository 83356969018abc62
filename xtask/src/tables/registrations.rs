//! Functions of C and C++ that register the handler of one kind each. The handler of a tool comes with its declaration.

use std::fmt::Write as _;

use super::callbacks::Callback;
use super::{MADE, doc_comment};

const SOURCE: &str = "`core/tables/callbacks.toml`. Do not edit.";

fn of_sessions(rows: &[Callback]) -> impl Iterator<Item = &Callback> {
    rows.iter().filter(|row| row.is_of_session() && row.name() != "tool")
}

/// `ffi/src/generated/handlers.rs`
pub fn c(rows: &[Callback]) -> String {
    let mut out = format!("//! One function for the handler of each kind. {MADE} {SOURCE}\n\n");
    out.push_str(
        "use copilot_core::host::CallKind;\nuse libc::c_void;\n\nuse crate::call::copilot_call_fn;\nuse crate::config::copilot_session_config_on_call;\n\
         use crate::input::copilot_str;\nuse crate::opaque::{copilot_error, copilot_session_config};\nuse crate::user_data::copilot_destroy_fn;\n",
    );
    for row in of_sessions(rows) {
        let (declared, given) = match row.named() {
            Some(_) => ("name: copilot_str,\n", "name"),
            None => ("", "copilot_str::ABSENT"),
        };
        out.push('\n');
        out.push_str(&doc_comment(row.doc()));
        out.push_str("///\n");
        if let Some(by) = row.named() {
            out.push_str(&doc_comment(&format!("@param name the {by}.")));
        }
        let constant = format!("COPILOT_CALL_{}", row.constant());
        out.push_str(&doc_comment(&format!(
            "@param on_call is asked with kind `{constant}`, whose arguments and answers stand there."
        )));
        out.push_str(&doc_comment("@param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL."));
        out.push_str(&doc_comment(&format!("@since runtime {}", row.since())));
        let _ = write!(
            out,
            "#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn copilot_session_config_on_{}(\nconfig: *mut copilot_session_config,\n{declared}\
             on_call: copilot_call_fn,\nuser_data: *mut c_void,\ndestroy: copilot_destroy_fn,\n) -> *mut copilot_error {{\n\
             let kind = CallKind::{}.number();\n// SAFETY: same contract.\n\
             unsafe {{ copilot_session_config_on_call(config, kind, {given}, on_call, user_data, destroy) }}\n}}\n",
            row.constant().to_lowercase(),
            row.variant()
        );
    }
    out
}

/// `include/copilot_handlers.hpp`
pub fn cpp(rows: &[Callback]) -> String {
    let mut out = format!(
        "// copilot_handlers.hpp - handlers of sessions, included by copilot.hpp.\n// {MADE} {SOURCE}\n#ifndef COPILOT_HANDLERS_HPP\n\
         #define COPILOT_HANDLERS_HPP\n\n#include \"copilot.h\"\n\nnamespace copilot {{\nnamespace detail {{\n\n\
         /// One method for each kind; a handler returns its answer as JSON, or throws.\ntemplate <class Self>\nclass ConfigHandlers {{\n public:\n"
    );
    for row in of_sessions(rows) {
        let (declared, given) = match row.named() {
            Some(_) => ("std::string_view name, ", "name"),
            None => ("", "{}"),
        };
        let _ = write!(
            out,
            "  /// {} Answers: {}.\n  Self& on_{}({declared}Handler handler) {{\n    return self().on(COPILOT_CALL_{}, {given}, std::move(handler));\n  }}\n",
            row.doc(),
            row.answer().trim_end_matches('.'),
            row.constant().to_lowercase(),
            row.constant()
        );
    }
    out + "\n private:\n  Self& self() { return static_cast<Self&>(*this); }\n};\n\n}  // namespace detail\n}  // namespace copilot\n\n#endif  // COPILOT_HANDLERS_HPP\n"
}
