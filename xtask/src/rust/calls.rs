//! Typed namespaces and the names of methods and events.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{BANNER, types};
use crate::model::{Kind, Method, Model, Origin, Scope, Ty};
use crate::names;

pub fn constant_name(wire: &str) -> String {
    names::snake(wire).to_ascii_uppercase()
}

#[derive(Default)]
struct Namespace<'a> {
    children: Vec<String>,
    methods: Vec<&'a Method>,
}

pub fn namespaces(model: &Model, server: bool) -> String {
    let (scope, root, what) = if server {
        (Scope::Server, "ServerRpc", "the runtime")
    } else {
        (Scope::Session, "SessionRpc", "one session")
    };
    let mut spaces: BTreeMap<Vec<String>, Namespace<'_>> = BTreeMap::new();
    spaces.entry(Vec::new()).or_default();
    for method in model.methods.iter().filter(|m| m.scope == scope) {
        let path = &method.path[..method.path.len() - 1];
        for depth in 1..=path.len() {
            if !spaces.contains_key(&path[..depth]) {
                spaces.entry(path[..depth].to_vec()).or_default();
                if let Some(parent) = spaces.get_mut(&path[..depth - 1]) {
                    parent.children.push(path[depth - 1].clone());
                }
            }
        }
        spaces.entry(path.to_vec()).or_default().methods.push(method);
    }
    let mut out = format!(
        "{BANNER}//! Methods of {what}, as `{}`.\n\nuse super::api;\nuse super::events as ev;\n\
         use super::names::method;\nuse super::support::{{Map, RpcCaller, Target, Value, Wire}};\n\
         use crate::Error;\nuse std::collections::BTreeMap;\n",
        if server { "client.rpc()" } else { "session.rpc()" }
    );
    for (path, space) in &spaces {
        namespace(&mut out, model, root, path, space, server);
    }
    out
}

fn class(root: &str, path: &[String]) -> String {
    if path.is_empty() {
        return root.to_owned();
    }
    let name: String = path.iter().map(|p| names::pascal(p)).collect();
    format!("{}{name}", root.trim_end_matches("Rpc"))
}

fn namespace(
    out: &mut String,
    model: &Model,
    root: &str,
    path: &[String],
    space: &Namespace<'_>,
    server: bool,
) {
    let name = class(root, path);
    let dotted = if path.is_empty() { "the top level".to_owned() } else { format!("`{}`", path.join(".")) };
    let _ = write!(
        out,
        "\n/// Methods of {dotted}.\n#[derive(Clone, Copy, Debug)]\npub struct {name}<'a>(Target<'a>);\n\nimpl<'a> {name}<'a> {{\n"
    );
    if path.is_empty() && server {
        out.push_str("    /// Methods over this connection.\n    pub fn new(caller: &'a dyn RpcCaller) -> Self {\n        Self(Target::server(caller))\n    }\n");
    } else if path.is_empty() {
        out.push_str("    /// Methods of this session over this connection.\n    pub fn new(caller: &'a dyn RpcCaller, session: &'a str) -> Self {\n        Self(Target::session(caller, session))\n    }\n");
    }
    for child in &space.children {
        let mut below = path.to_vec();
        below.push(child.clone());
        let _ = write!(
            out,
            "    /// Methods of `{}`.\n    #[inline]\n    pub fn {}(self) -> {}<'a> {{\n        {}(self.0)\n    }}\n",
            below.join("."),
            types::ident(child),
            class(root, &below),
            class(root, &below)
        );
    }
    for method in &space.methods {
        call(out, model, method);
    }
    out.push_str("}\n");
}

/// Type of a parameter or result as seen from beside the `api` module.
fn outside(model: &Model, ty: &Ty) -> String {
    match ty {
        Ty::Ref(key) => match &model.get(key).kind {
            Kind::Alias(inner) => outside(model, inner),
            _ if key.origin == Origin::Events => format!("ev::{}", key.name),
            _ => format!("api::{}", key.name),
        },
        Ty::List(inner) | Ty::Filled(inner) => format!("Vec<{}>", outside(model, inner)),
        Ty::Map(inner) => format!("BTreeMap<String, {}>", outside(model, inner)),
        Ty::Nullable(inner) => format!("Option<{}>", outside(model, inner)),
        plain => types::ty(model, Origin::Api, plain),
    }
}

fn call(out: &mut String, model: &Model, method: &Method) {
    let name = types::ident(method.path.last().map(String::as_str).unwrap_or_default());
    let result = outside(model, &method.result);
    let mut doc = format!("`{}`.", method.wire);
    for (on, text) in [
        (method.internal, " Internal."),
        (method.experimental, " Experimental."),
        (method.deprecated, " Deprecated."),
    ] {
        if on {
            doc.push_str(text);
        }
    }
    let params = method.params.as_ref().map(|key| outside(model, &Ty::Ref(key.clone())));
    let (argument, value) = match &params {
        None => (String::new(), "None".to_owned()),
        Some(ty) if method.params_optional => {
            (format!(", params: Option<&{ty}>"), "params.map(Wire::write)".to_owned())
        }
        Some(ty) => (format!(", params: &{ty}"), "Some(params.write())".to_owned()),
    };
    let hidden = if method.internal { "    #[doc(hidden)]\n" } else { "" };
    let constant = constant_name(&method.wire);
    let _ = write!(
        out,
        "    /// {doc}\n{hidden}    #[inline]\n    pub async fn {name}(self{argument}) -> Result<{result}, Error> {{\n        \
         self.0.call(method::{constant}, {value}).await\n    }}\n"
    );
}

/// Name constants: methods by scope, events.
pub fn constants(model: &Model) -> String {
    let mut out = format!("{BANNER}//! Names of methods and events on the wire.\n");
    let sections = [
        ("method", "Methods a client calls.", vec![Scope::Server, Scope::Session]),
        ("callback", "Methods the runtime calls.", vec![Scope::ClientSession, Scope::ClientGlobal]),
    ];
    for (module, doc, scopes) in sections {
        let _ = write!(out, "\n/// {doc}\npub mod {module} {{\n");
        let methods: Vec<&Method> = model.methods.iter().filter(|m| scopes.contains(&m.scope)).collect();
        for method in &methods {
            let kind = if method.notification { " (notification)" } else { "" };
            let _ = writeln!(out, "    /// `{}`{kind}{}", method.wire, method.age());
            let _ = writeln!(out, "    pub const {}: &str = {:?};", constant_name(&method.wire), method.wire);
        }
        out.push_str("    /// All of them.\n    pub const ALL: &[&str] = &[\n");
        for method in &methods {
            let _ = writeln!(out, "        {},", constant_name(&method.wire));
        }
        out.push_str("    ];\n");
        out.push_str("    /// Those that the oldest runtime with schemas, 1.0.85, does not have.\n    pub const NEWER: &[&str] = &[\n");
        for method in methods.iter().filter(|m| m.since.is_some()) {
            let _ = writeln!(out, "        {},", constant_name(&method.wire));
        }
        out.push_str("    ];\n}\n");
    }
    out.push_str("\n/// Session events.\npub mod event {\n");
    for event in &model.events {
        let _ = writeln!(out, "    /// `{}`{}", event.wire, event.age());
        let _ = writeln!(out, "    pub const {}: &str = {:?};", constant_name(&event.wire), event.wire);
    }
    out.push_str("}\n");
    out
}

/// The methods that not every runtime has.
pub fn ages(model: &Model) -> String {
    let is_known = |m: &&Method| m.since.as_ref().is_some_and(|since| !since.is_empty()) || m.until.is_some();
    let mut methods: Vec<&Method> = model.methods.iter().filter(is_known).collect();
    methods.retain(|m| matches!(m.scope, Scope::Server | Scope::Session));
    methods.sort_by(|a, b| a.wire.cmp(&b.wire));
    let mut out = format!(
        "{BANNER}//! Methods that not every runtime has.\n\n\
         /// By name: the first and the last runtime that is known to have it, or \"\".\n\
         pub(super) const AGES: &[(&str, &str, &str)] = &[\n"
    );
    for method in methods {
        let (since, until) = (method.since.as_deref(), method.until.as_deref());
        let (since, until) = (since.unwrap_or_default(), until.unwrap_or_default());
        let _ = writeln!(out, "    ({:?}, {since:?}, {until:?}),", method.wire);
    }
    out.push_str("];\n");
    out
}
