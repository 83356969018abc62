//! For the tests: every method of the typed namespaces by its name on the wire.

use std::fmt::Write as _;

use super::{BANNER, calls, types};
use crate::model::{Method, Model, Scope};

/// A table of functions that make parameters of JSON, call, and give the decoded result back as JSON.
pub fn write(model: &Model) -> String {
    let mut out = format!(
        "{BANNER}//! Calls every method of the typed namespaces by its name.\n\n\
         use super::call::{{Entry, done, optional, params}};\nuse copilot_core::generated::names::method;\n\n\
         /// Every method a client calls.\npub(crate) const CALLS: &[Entry] = &[\n"
    );
    for (scope, root) in [(Scope::Server, "server"), (Scope::Session, "session")] {
        for method in model.methods.iter().filter(|m| m.scope == scope) {
            entry(&mut out, root, method);
        }
    }
    out.push_str("];\n");
    out
}

fn entry(out: &mut String, root: &str, method: &Method) {
    let mut path = String::new();
    for name in &method.path {
        let _ = write!(path, ".{}()", types::ident(name));
    }
    let path = path.trim_end_matches("()");
    let (given, read, argument) = match (&method.params, method.params_optional) {
        (None, _) => ("_", "", ""),
        (Some(_), true) => ("given", "let params = optional(given)?; ", "params.as_ref()"),
        (Some(_), false) => ("given", "let params = params(given)?; ", "&params"),
    };
    let constant = calls::constant_name(&method.wire);
    let _ = writeln!(
        out,
        "(method::{constant}, |rpc, {given}| Box::pin(async move {{ {read}done(rpc.{root}{path}({argument}).await) }})),"
    );
}
