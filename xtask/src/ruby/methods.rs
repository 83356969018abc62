//! Namespaces of methods: `client.rpc.models.list`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{called, class, member, module, quoted, types};
use crate::model::{Method, Model, Scope};

#[derive(Default)]
struct Node<'a> {
    children: BTreeMap<String, Node<'a>>,
    methods: Vec<&'a Method>,
}

pub(super) fn namespaces(model: &Model, scope: Scope) -> String {
    let (name, doc) = match scope {
        Scope::Session => ("SessionRpc", "The methods of the runtime for a session"),
        _ => ("ServerRpc", "The methods of the runtime"),
    };
    let mut root = Node::default();
    for method in called(model).filter(|method| method.scope == scope) {
        let mut node = &mut root;
        for part in &method.path[..method.path.len() - 1] {
            node = node.children.entry(part.clone()).or_default();
        }
        node.methods.push(method);
    }
    let mut out = String::new();
    let _ = writeln!(
        out,
        "# {doc}. Each waits for its result; with `_async` in its name it gives a Future. Members of the\n\
         # parameters are keywords, `snake_case` or as on the wire; see Namespace."
    );
    let _ = writeln!(out, "class {name} < Namespace");
    body(&mut out, model, &root, "", "  ");
    out.push_str("end\n");
    module(&out)
}

fn body(out: &mut String, model: &Model, node: &Node<'_>, path: &str, indent: &str) {
    for (name, child) in &node.children {
        let full = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let nested = class(name);
        let _ = writeln!(out, "{indent}# `{full}`.\n{indent}class {nested} < Namespace");
        body(out, model, child, &full, &format!("{indent}  "));
        let _ = writeln!(
            out,
            "{indent}end\n\n{indent}# `{full}`.\n{indent}def {} = {nested}.new(@caller)\n",
            member(name)
        );
    }
    for method in &node.methods {
        call(out, model, method, indent);
    }
}

fn call(out: &mut String, model: &Model, method: &Method, indent: &str) {
    let name = member(method.path.last().map(String::as_str).unwrap_or_default());
    let mark = if method.experimental { " Experimental." } else { "" };
    let gone = if method.deprecated { " Deprecated." } else { "" };
    let doc = format!("`{}`{}.{mark}{gone}", method.wire, method.age());
    let params = method.params.as_ref().map(|key| types::name_of(None, key));
    let result = types::reads(model, None, &method.result);
    let mut rest = String::new();
    if params.is_some() || result.is_some() {
        let _ = write!(rest, ", {}", params.unwrap_or_else(|| "nil".into()));
    }
    if let Some(result) = result {
        let _ = write!(rest, ", {result}");
    }
    let plain = name.trim_end_matches('_');
    let _ = write!(
        out,
        "{indent}# {doc}\n{indent}def {name}(**params) = finish {{ {plain}_async(**params) }}\n\n\
         {indent}# As `{name}`, without waiting.\n{indent}def {plain}_async(**params) = call({}, params{rest})\n\n",
        quoted(&method.wire)
    );
}
