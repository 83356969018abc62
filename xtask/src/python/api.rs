//! Namespaces and handler protocols of the RPC module.

use std::collections::BTreeMap;

use super::PTy;
use super::lower::Lower;
use crate::model::{Key, Method, Scope};
use crate::names;

/// One class of a namespace, for example `McpOauthApi`.
#[derive(Clone, Debug)]
pub struct Group {
    pub class: String,
    pub session: bool,
    pub internal: bool,
    /// `(attribute, class)` of the namespaces below.
    pub children: Vec<(String, String)>,
    pub methods: Vec<Call>,
}

#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    pub wire: String,
    pub params: Option<PTy>,
    pub optional: bool,
    pub result: PTy,
    pub deprecated: bool,
    pub experimental: bool,
}

/// Methods the runtime calls, grouped by namespace.
#[derive(Clone, Debug)]
pub struct Protocol {
    pub class: String,
    pub attr: String,
    pub session: bool,
    pub methods: Vec<Call>,
}

pub fn build(lower: &mut Lower<'_>) {
    for scope in [Scope::Server, Scope::Session] {
        for internal in [false, true] {
            let groups = groups(lower, scope, internal);
            lower.out.groups.extend(groups);
        }
    }
    for scope in [Scope::ClientSession, Scope::ClientGlobal] {
        let protocols = protocols(lower, scope);
        lower.out.protocols.extend(protocols);
    }
}

fn class_of(scope: Scope, internal: bool, path: &[String]) -> String {
    let server = scope == Scope::Server;
    let prefix = if internal { "_Internal" } else { "" };
    if path.is_empty() {
        return format!("{prefix}{}", if server { "ServerRpc" } else { "SessionRpc" });
    }
    let name: String = path.iter().map(|p| names::pascal(p)).collect();
    format!("{prefix}{}{name}Api", if server { "Server" } else { "" })
}

fn groups(lower: &mut Lower<'_>, scope: Scope, internal: bool) -> Vec<Group> {
    let methods: Vec<Method> =
        lower.model.methods.iter().filter(|m| m.scope == scope && m.internal == internal).cloned().collect();
    let mut out: BTreeMap<Vec<String>, Group> = BTreeMap::new();
    out.insert(Vec::new(), empty(scope, internal, &[]));
    for method in &methods {
        let path = &method.path[..method.path.len() - 1];
        for depth in 1..=path.len() {
            let below = path[..depth].to_vec();
            if !out.contains_key(&below) {
                let child = empty(scope, internal, &below);
                let attr = names::simple_snake(&path[depth - 1]);
                if let Some(parent) = out.get_mut(&path[..depth - 1]) {
                    parent.children.push((attr, child.class.clone()));
                }
                out.insert(below, child);
            }
        }
        let call = call(lower, method, internal);
        if let Some(group) = out.get_mut(path) {
            group.methods.push(call);
        }
    }
    out.into_values().collect()
}

fn empty(scope: Scope, internal: bool, path: &[String]) -> Group {
    Group {
        class: class_of(scope, internal, path),
        session: scope == Scope::Session,
        internal,
        children: Vec::new(),
        methods: Vec::new(),
    }
}

fn call(lower: &mut Lower<'_>, method: &Method, internal: bool) -> Call {
    let last = method.path.last().map(String::as_str).unwrap_or_default();
    let name = names::simple_snake(last);
    let params = method.params.as_ref().map(|key| params(lower, key));
    Call {
        name: if internal { format!("_{name}") } else { name },
        wire: method.wire.clone(),
        params,
        optional: method.may_omit_params(lower.model),
        result: lower.ty(&method.result),
        deprecated: method.deprecated,
        experimental: method.experimental,
    }
}

fn params(lower: &mut Lower<'_>, key: &Key) -> PTy {
    match lower.ty(&crate::model::Ty::Ref(key.clone())) {
        PTy::Opt(inner) => *inner,
        other => other,
    }
}

fn protocols(lower: &mut Lower<'_>, scope: Scope) -> Vec<Protocol> {
    let methods: Vec<Method> = lower.model.methods.iter().filter(|m| m.scope == scope).cloned().collect();
    let mut out: Vec<Protocol> = Vec::new();
    for method in &methods {
        let namespace = &method.path[0];
        let class = format!("{}Handler", names::pascal(namespace));
        if !out.iter().any(|p| p.class == class) {
            out.push(Protocol {
                class: class.clone(),
                attr: names::simple_snake(namespace),
                session: scope == Scope::ClientSession,
                methods: Vec::new(),
            });
        }
        let call = call(lower, method, false);
        if let Some(protocol) = out.iter_mut().find(|p| p.class == class) {
            protocol.methods.push(call);
        }
    }
    out
}
