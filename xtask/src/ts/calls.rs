//! Namespaces and handlers in TypeScript.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{BANNER, Printer};
use crate::model::{Method, Model, Scope, Ty};
use crate::names;

#[derive(Default)]
struct Node<'a> {
    children: BTreeMap<String, Node<'a>>,
    methods: Vec<&'a Method>,
}

impl<'a> Node<'a> {
    fn of(methods: impl Iterator<Item = &'a Method>) -> Self {
        let mut root = Node::default();
        for method in methods {
            let mut node = &mut root;
            for part in &method.path[..method.path.len() - 1] {
                node = node.children.entry(part.clone()).or_default();
            }
            node.methods.push(method);
        }
        root
    }
}

fn result(printer: &mut Printer<'_>, method: &Method) -> String {
    match (&method.result, &method.result_name) {
        (Ty::Null, _) => "void".into(),
        (_, Some(name)) => name.clone(),
        (ty, None) => printer.ty(ty),
    }
}

fn params(printer: &mut Printer<'_>, method: &Method) -> String {
    let Some(key) = &method.params else { return String::new() };
    let own = format!("{}Request", names::pascal(&method.wire));
    let name =
        if printer.model.param_aliases.contains_key(&own) { own } else { printer.ty(&Ty::Ref(key.clone())) };
    format!("params{}: {name}", if method.may_omit_params(printer.model) { "?" } else { "" })
}

fn doc(method: &Method) -> String {
    let mut text = format!("`{}`", method.wire);
    for (on, tag) in [(method.experimental, " @experimental"), (method.deprecated, " @deprecated")] {
        if on {
            text.push_str(tag);
        }
    }
    text
}

fn namespace(out: &mut String, printer: &mut Printer<'_>, node: &Node<'_>, depth: usize) {
    let indent = "  ".repeat(depth);
    for method in &node.methods {
        let name = method.path.last().map(String::as_str).unwrap_or_default();
        let (params, result) = (params(printer, method), result(printer, method));
        let params = if params.is_empty() { "params?: undefined".to_owned() } else { params };
        let _ = writeln!(
            out,
            "{indent}/** {} */\n{indent}{name}({params}, options?: RpcOptions): Promise<{result}>;",
            doc(method)
        );
    }
    for (name, child) in &node.children {
        let _ = writeln!(out, "{indent}readonly {name}: {{");
        namespace(out, printer, child, depth + 1);
        let _ = writeln!(out, "{indent}}};");
    }
}

pub fn declarations(model: &Model, printer: &mut Printer<'_>) -> String {
    let mut out = String::new();
    for (scope, internal, name) in [
        (Scope::Server, false, "ServerRpc"),
        (Scope::Session, false, "SessionRpc"),
        (Scope::Server, true, "InternalServerRpc"),
        (Scope::Session, true, "InternalSessionRpc"),
    ] {
        let node = Node::of(model.methods.iter().filter(|m| m.scope == scope && m.internal == internal));
        let mark = if internal { " @internal" } else { "" };
        let _ = writeln!(out, "\n/** Typed methods.{mark} */\nexport interface {name} {{");
        namespace(&mut out, printer, &node, 1);
        out.push_str("}\n");
    }
    for (scope, container) in
        [(Scope::ClientSession, "ClientSessionApiHandlers"), (Scope::ClientGlobal, "ClientGlobalApiHandlers")]
    {
        handlers(&mut out, model, printer, scope, container);
    }
    out
}

fn handlers(out: &mut String, model: &Model, printer: &mut Printer<'_>, scope: Scope, container: &str) {
    let mut groups: BTreeMap<&str, Vec<&Method>> = BTreeMap::new();
    for method in model.methods.iter().filter(|m| m.scope == scope) {
        groups.entry(&method.path[0]).or_default().push(method);
    }
    for (group, methods) in &groups {
        let is_new = methods.iter().all(|method| method.since.is_some());
        let _ = writeln!(
            out,
            "\n/** Calls of the runtime. */\nexport interface {}Handler {{",
            names::pascal(group)
        );
        for method in methods {
            let name = method.path.last().map(String::as_str).unwrap_or_default();
            let params = params(printer, method);
            let result = match &method.result {
                Ty::Nullable(inner) => format!("{} | undefined", printer.ty(inner)),
                _ => result(printer, method),
            };
            // A handler that was written for older runtimes stays one.
            let mark = if method.since.is_some() && !is_new { "?" } else { "" };
            let _ = writeln!(out, "  /** {} */\n  {name}{mark}({params}): Promise<{result}>;", doc(method));
        }
        out.push_str("}\n");
    }
    let _ = writeln!(out, "\n/** Handlers by namespace. */\nexport interface {container} {{");
    for group in groups.keys() {
        let _ = writeln!(out, "  {group}?: {}Handler;", names::pascal(group));
    }
    out.push_str("}\n");
}

/// The only generated code that exists at run time.
pub fn table(model: &Model) -> String {
    let mut out = BANNER.to_owned();
    for (name, scope, internal) in [
        ("SERVER_METHODS", Scope::Server, false),
        ("INTERNAL_SERVER_METHODS", Scope::Server, true),
        ("SESSION_METHODS", Scope::Session, false),
        ("INTERNAL_SESSION_METHODS", Scope::Session, true),
        ("CLIENT_SESSION_METHODS", Scope::ClientSession, false),
        ("CLIENT_GLOBAL_METHODS", Scope::ClientGlobal, false),
    ] {
        let callbacks = matches!(scope, Scope::ClientSession | Scope::ClientGlobal);
        let list: Vec<&str> = model
            .methods
            .iter()
            .filter(|m| m.scope == scope && (callbacks || m.internal == internal))
            .map(|m| if scope == Scope::Session { m.wire.trim_start_matches("session.") } else { &m.wire })
            .collect();
        let _ = writeln!(out, "\nexport const {name} =\n  \"{}\";", list.join(" "));
    }
    out
}
