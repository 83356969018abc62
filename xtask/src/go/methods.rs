//! A typed method for each call of the runtime.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::types::Printer;
use super::{comment, exported, head};
use crate::model::{Method, Scope, Ty};

pub fn class(scope: Scope, path: &[String]) -> String {
    let root = if scope == Scope::Server { "Server" } else { "Session" };
    let below: String = path.iter().map(|part| exported(part)).collect();
    format!("{root}{below}")
}

pub fn namespaces(printer: &Printer<'_>, scope: Scope) -> String {
    let mut spaces: BTreeMap<Vec<String>, (BTreeSet<String>, Vec<&Method>)> = BTreeMap::new();
    spaces.entry(Vec::new()).or_default();
    for method in printer.model.methods.iter().filter(|m| m.scope == scope && !m.internal) {
        let path = &method.path[..method.path.len() - 1];
        for depth in 1..=path.len() {
            spaces.entry(path[..depth].to_vec()).or_default();
            if let Some((children, _)) = spaces.get_mut(&path[..depth - 1]) {
                children.insert(path[depth - 1].clone());
            }
        }
        if let Some((_, methods)) = spaces.get_mut(path) {
            methods.push(method);
        }
    }
    let mut out = head("rpc", "the schemas of the runtime package");
    out.push_str("\nimport \"context\"\n");
    for (path, (children, methods)) in &spaces {
        namespace(&mut out, printer, scope, path, children, methods);
    }
    out
}

fn namespace(
    out: &mut String,
    printer: &Printer<'_>,
    scope: Scope,
    path: &[String],
    children: &BTreeSet<String>,
    methods: &[&Method],
) {
    let name = format!("{}API", class(scope, path));
    let what = if path.is_empty() { "the top level".to_owned() } else { path.join(".") };
    let _ = write!(out, "\n// {name} has the methods of {what}.\ntype {name} struct{{ caller Caller }}\n");
    if path.is_empty() {
        let root = class(scope, path);
        let _ = write!(
            out,
            "\n// {root} makes calls through a caller, such as a client or a session of package copilot.\nfunc {root}(caller Caller) {name} {{\n\treturn {name}{{caller}}\n}}\n"
        );
    }
    let taken: BTreeSet<String> =
        methods.iter().filter_map(|method| method.path.last()).map(|last| exported(last)).collect();
    for child in children {
        let mut below = path.to_vec();
        below.push(child.clone());
        let mut go = exported(child);
        if taken.contains(&go) {
            go.push_str("Methods");
        }
        let inner = format!("{}API", class(scope, &below));
        let _ = write!(
            out,
            "\n// {go} has the methods of {}.\nfunc (a {name}) {go}() {inner} {{\n\treturn {inner}{{a.caller}}\n}}\n",
            below.join(".")
        );
    }
    for method in methods {
        call(out, printer, &name, method);
    }
}

fn call(out: &mut String, printer: &Printer<'_>, class: &str, method: &Method) {
    let name = exported(method.path.last().map(String::as_str).unwrap_or_default());
    let mut doc = format!("{name} is {}.{}", method.wire, method.age());
    for (on, text) in [
        (method.experimental, " Experimental."),
        (method.may_omit_params(printer.model), " params may be nil."),
    ] {
        if on {
            doc.push_str(text);
        }
    }
    let _ = write!(out, "\n{}", comment(&doc, ""));
    if method.deprecated {
        out.push_str("//\n// Deprecated: the runtime says so.\n");
    }
    let (argument, value) = match &method.params {
        None => (String::new(), "nil"),
        Some(key) => {
            let ty = Ty::Ref(key.clone());
            let shown =
                if printer.has_nothing(&ty) { printer.ty(&ty) } else { format!("*{}", printer.ty(&ty)) };
            (format!(", params {shown}"), "params")
        }
    };
    let wire = &method.wire;
    let _ = match &method.result {
        Ty::Null => writeln!(
            out,
            "func (a {class}) {name}(ctx context.Context{argument}) error {{\n\treturn tell(ctx, a.caller, {wire:?}, {value})\n}}"
        ),
        ty => {
            let inner = match ty {
                Ty::Nullable(inner) => inner,
                other => other,
            };
            let shown = printer.ty(inner);
            writeln!(
                out,
                "func (a {class}) {name}(ctx context.Context{argument}) (*{shown}, error) {{\n\treturn ask[{shown}](ctx, a.caller, {wire:?}, {value})\n}}"
            )
        }
    };
}
