//! Complete declarations for type checkers; the classes themselves are made on first use.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::api::{Call, Group, Protocol};
use super::{Module, PKind, PTy, PType, fixed, table};
use crate::model::Constant;

/// Annotation text.
fn annotation(ty: &PTy) -> String {
    match ty {
        PTy::Any => "Any".into(),
        PTy::None => "None".into(),
        PTy::Bool => "bool".into(),
        PTy::Int => "int".into(),
        PTy::Float => "float".into(),
        PTy::Str => "str".into(),
        PTy::DateTime => "datetime".into(),
        PTy::Uuid => "UUID".into(),
        PTy::Delta { .. } => "timedelta".into(),
        PTy::Name { name, .. } => name.clone(),
        PTy::List(inner) => format!("builtins.list[{}]", annotation(inner)),
        PTy::Map(inner) => format!("dict[str, {}]", annotation(inner)),
        PTy::Opt(inner) => format!("{} | None", annotation(inner)),
        PTy::Union(tys) => tys.iter().map(annotation).collect::<Vec<_>>().join(" | "),
    }
}

/// The names of the events module that other modules hand on.
pub fn shared(rpc: &Module) -> String {
    let mut out = super::table::banner();
    out.push_str("\"\"\"Names of `session_events` that other modules hand on; for type checkers.\"\"\"\n\n");
    for name in rpc.imported.iter().filter(|name| !fixed::SHAPES.contains(&name.as_str())) {
        let _ = writeln!(out, "from .session_events import {name} as {name}");
    }
    out
}

/// The mark of managed policy; readable on every permission request, whether its schema names it or not.
const MARK: &str = "managed_approval_required";

fn class(out: &mut String, name: &str, ty: &PType, is_reservable: bool) {
    match &ty.kind {
        PKind::Struct { fields, tags } => {
            let _ = writeln!(out, "@dataclass\nclass {name}(_Model):");
            for field in fields {
                let default = if field.has_default() { " = None" } else { "" };
                let _ = writeln!(out, "    {}: {}{default}", field.attr, annotation(&field.annotation()));
            }
            for tag in tags.iter().filter(|tag| !fields.iter().any(|field| field.attr == tag.attr)) {
                let (ty, value) = match &tag.value {
                    Constant::Str(text) => ("str", format!("{text:?}")),
                    Constant::Bool(true) => ("bool", "True".into()),
                    Constant::Bool(false) => ("bool", "False".into()),
                };
                let _ = writeln!(out, "    {}: ClassVar[{ty}] = {value}", tag.attr);
            }
            if is_reservable && !fields.iter().any(|field| field.attr == MARK) {
                let _ = writeln!(out, "    @property\n    def {MARK}(self) -> Any: ...");
            }
            if ty.deprecated {
                out.push_str("    \"\"\"Deprecated.\"\"\"\n");
            } else if fields.is_empty() && tags.is_empty() {
                out.push_str("    pass\n");
            }
        }
        PKind::Enum { members } => {
            let _ = writeln!(out, "class {name}(Enum):");
            for (member, value) in members {
                let _ = writeln!(out, "    {member} = {value:?}");
            }
        }
        PKind::Union { variants, .. } => {
            let union: Vec<String> = variants.iter().map(annotation).collect();
            let _ = writeln!(out, "{name}: TypeAlias = {}", union.join(" | "));
            let _ = writeln!(out, "def _load_{name}(obj: Any) -> {name}: ...");
        }
        PKind::Same { name: target, .. } => {
            let _ = writeln!(out, "{name}: TypeAlias = {target}");
        }
        PKind::Builtin(builtin) => {
            let full = match *builtin {
                "dict" => "dict[str, Any]",
                "list" => "builtins.list[Any]",
                other => other,
            };
            let _ = writeln!(out, "{name}: TypeAlias = {full}");
        }
    }
}

fn all(out: &mut String, names: &BTreeSet<String>) {
    out.push_str("\n__all__ = [\n");
    for name in names {
        let _ = writeln!(out, "    {name:?},");
    }
    out.push_str("]\n");
}

/// Strings are wire values or names in ASCII; Rust and Python quote them alike.
fn classes(out: &mut String, module: &Module) {
    let reservable: Vec<String> = match module.types.get("PermissionRequest").map(|ty| &ty.kind) {
        Some(PKind::Union { variants, .. }) => variants.iter().map(annotation).collect(),
        _ => Vec::new(),
    };
    for (name, ty) in &module.types {
        class(out, name, ty, reservable.contains(name));
    }
}

fn signature(call: &Call) -> String {
    match &call.params {
        None => String::new(),
        Some(params) if call.optional => format!(", params: {} | None = None", annotation(params)),
        Some(params) => format!(", params: {}", annotation(params)),
    }
}

fn group(out: &mut String, group: &Group) {
    let arguments = if group.session { ", session_id: str" } else { "" };
    let _ = writeln!(out, "class {}:", group.class);
    for (attr, class) in &group.children {
        let _ = writeln!(out, "    @property\n    def {attr}(self) -> {class}: ...");
    }
    let _ = writeln!(out, "    def __init__(self, client: _Requester{arguments}) -> None: ...");
    for call in &group.methods {
        let doc = match (call.deprecated, call.experimental) {
            (true, _) => " Deprecated.",
            (false, true) => " Experimental.",
            _ => "",
        };
        let _ = writeln!(
            out,
            "    async def {}(self{}, *, timeout: float | None = None) -> {}:\n        \"\"\"`{}`.{doc}\"\"\"",
            call.name,
            signature(call),
            annotation(&call.result),
            call.wire
        );
    }
}

fn protocol(out: &mut String, protocol: &Protocol) {
    let _ = writeln!(out, "class {}(Protocol):", protocol.class);
    for call in &protocol.methods {
        let params = call.params.as_ref().map_or_else(|| "Any".into(), annotation);
        let _ = writeln!(
            out,
            "    async def {}(self, params: {params}) -> {}:\n        \"\"\"`{}`.\"\"\"",
            call.name,
            annotation(&call.result),
            call.wire
        );
    }
}

const HEAD: &str = "\
import builtins
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, ClassVar, Protocol, TypeAlias
from uuid import UUID

from ._runtime import Model as _Model, Requester as _Requester
";

fn public(module: &Module) -> BTreeSet<String> {
    module.types.iter().filter(|(_, ty)| ty.public).map(|(name, _)| name.clone()).collect()
}

pub fn rpc(module: &Module) -> String {
    let mut out = table::banner();
    out.push_str(&HEAD.replace("datetime, timedelta", "datetime"));
    let mut imported = module.imported.clone();
    for (name, ty) in &module.types {
        if let PKind::Struct { fields, .. } = &ty.kind {
            for field in fields {
                field.ty.visit_names(&mut |n, events| {
                    if events {
                        imported.insert(n.to_owned());
                    }
                });
            }
        }
        if let PKind::Same { name: target, events: true } = &ty.kind {
            imported.insert(target.clone());
        }
        let _ = name;
    }
    let calls =
        module.groups.iter().flat_map(|g| &g.methods).chain(module.protocols.iter().flat_map(|p| &p.methods));
    for call in calls {
        for ty in call.params.iter().chain([&call.result]) {
            ty.visit_names(&mut |n, events| {
                if events {
                    imported.insert(n.to_owned());
                }
            });
        }
    }
    out.push_str("from .session_events import (\n");
    for name in &imported {
        let _ = writeln!(out, "    {name} as {name},");
    }
    out.push_str(")\n");
    let mut names = public(module);
    names.extend(module.groups.iter().filter(|g| !g.internal).map(|g| g.class.clone()));
    names.extend(module.protocols.iter().map(|p| p.class.clone()));
    for extra in
        ["ClientGlobalApiHandlers", "ClientSessionApiHandlers", "RPC", "rpc_from_dict", "rpc_to_dict"]
    {
        names.insert(extra.to_owned());
    }
    all(&mut out, &names);
    out.push('\n');
    classes(&mut out, module);
    out.push_str("class RPC(_Model):\n    def __getattr__(self, name: str) -> Any: ...\n");
    out.push_str("def rpc_from_dict(s: Any) -> RPC: ...\ndef rpc_to_dict(x: RPC) -> Any: ...\n");
    module.groups.iter().for_each(|g| group(&mut out, g));
    module.protocols.iter().for_each(|p| protocol(&mut out, p));
    containers(&mut out, module);
    out
}

fn containers(out: &mut String, module: &Module) {
    for (class, session) in [("ClientSessionApiHandlers", true), ("ClientGlobalApiHandlers", false)] {
        let _ = writeln!(out, "@dataclass\nclass {class}:");
        for protocol in module.protocols.iter().filter(|p| p.session == session) {
            let _ = writeln!(out, "    {}: {} | None = None", protocol.attr, protocol.class);
        }
    }
    out.push_str(
        "def register_client_session_api_handlers(\n    client: Any, get_handlers: Callable[[str], ClientSessionApiHandlers]\n\
         ) -> None: ...\n\
         def register_client_global_api_handlers(client: Any, handlers: ClientGlobalApiHandlers) -> None: ...\n",
    );
}

pub fn events(module: &Module) -> String {
    let mut out = table::banner();
    out.push_str(
        &HEAD
            .replace("from collections.abc import Callable\n", "")
            .replace(", Requester as _Requester", "")
            .replace(" Protocol,", ""),
    );
    out.push_str("from ._events import Data as Data, RawSessionEventData as RawSessionEventData\n");
    let mut names = public(module);
    for extra in [
        "Data",
        "RawSessionEventData",
        "SessionEvent",
        "SessionEventData",
        "SessionEventType",
        "session_event_from_dict",
        "session_event_to_dict",
    ] {
        names.insert(extra.to_owned());
    }
    all(&mut out, &names);
    out.push('\n');
    classes(&mut out, module);
    out.push_str("class SessionEventType(Enum):\n");
    for (wire, member, _) in &module.events {
        let _ = writeln!(out, "    {member} = {wire:?}");
    }
    out.push_str("    UNKNOWN = \"unknown\"\n");
    let data: Vec<&str> = module.events.iter().map(|(_, _, class)| class.as_str()).collect();
    let _ = writeln!(out, "SessionEventData: TypeAlias = {} | RawSessionEventData | Data", data.join(" | "));
    out.push_str(EVENT);
    out
}

const EVENT: &str = "\
@dataclass
class SessionEvent(_Model):
    data: SessionEventData
    id: UUID
    timestamp: datetime
    type: SessionEventType
    agent_id: str | None = None
    ephemeral: bool | None = None
    parent_id: UUID | None = None
    raw_type: str | None = None
    @property
    def raw(self) -> bytes | str | None:
        \"\"\"The text as it was received; `None` for an event that a program made.\"\"\"

def session_event_from_dict(s: Any) -> SessionEvent: ...
def session_event_to_dict(x: SessionEvent) -> Any: ...
";
