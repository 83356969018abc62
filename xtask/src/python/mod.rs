//! Python: compact tables read by `_runtime.py`, and complete stubs for type checkers.

mod api;
mod build;
mod enums;
mod fixed;
mod groups;
mod lower;
mod merge;
mod stub;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Constant, Key, Model, Origin};
use crate::output::Tree;

pub use api::{Group, Protocol};

/// A type as Python sees it.
#[derive(Clone, Debug, PartialEq, PartialOrd, Eq, Ord)]
pub enum PTy {
    Any,
    None,
    Bool,
    Int,
    Float,
    Str,
    DateTime,
    Uuid,
    Delta {
        float: bool,
    },
    /// A name of this module, or of the events module when `events` is set.
    Name {
        name: String,
        events: bool,
    },
    List(Box<PTy>),
    Map(Box<PTy>),
    Opt(Box<PTy>),
    Union(Vec<PTy>),
}

impl PTy {
    pub fn opt(self) -> Self {
        match self {
            Self::Opt(_) | Self::Any | Self::None => self,
            other => Self::Opt(Box::new(other)),
        }
    }

    pub fn visit_names(&self, f: &mut dyn FnMut(&str, bool)) {
        match self {
            Self::Name { name, events } => f(name, *events),
            Self::List(t) | Self::Map(t) | Self::Opt(t) => t.visit_names(f),
            Self::Union(ts) => ts.iter().for_each(|t| t.visit_names(f)),
            _ => {}
        }
    }
}

/// Whether a constructor demands the field, and what `None` means on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    Required,
    /// Required on the wire, but null is a value.
    RequiredNullable,
    /// The same, but the constructor demands it.
    NullableNoDefault,
    Optional,
    /// May be left out, and null is a value of its own.
    OptionalNullable,
}

#[derive(Clone, Debug)]
pub struct PField {
    pub attr: String,
    pub wire: String,
    pub ty: PTy,
    pub presence: Presence,
}

impl PField {
    pub fn has_default(&self) -> bool {
        !matches!(self.presence, Presence::Required | Presence::NullableNoDefault)
    }

    /// Annotation of the attribute: anything with a default may be `None`.
    pub fn annotation(&self) -> PTy {
        if self.presence != Presence::Required { self.ty.clone().opt() } else { self.ty.clone() }
    }
}

#[derive(Clone, Debug)]
pub struct PTag {
    pub attr: String,
    pub wire: String,
    pub value: Constant,
}

#[derive(Clone, Debug)]
pub enum PKind {
    Struct {
        fields: Vec<PField>,
        tags: Vec<PTag>,
    },
    Enum {
        members: Vec<(String, String)>,
    },
    /// `tag` is the wire name of the telling property, empty when the variants are tried in order.
    Union {
        variants: Vec<PTy>,
        tag: String,
    },
    /// Another name for a class of this module (or of the events module).
    Same {
        name: String,
        events: bool,
    },
    /// Stands for a builtin type: `dict`, `list`, `str`, `bool`, `int`, `Any`.
    Builtin(&'static str),
}

#[derive(Clone, Debug)]
pub struct PType {
    pub kind: PKind,
    pub public: bool,
    pub deprecated: bool,
}

/// One generated Python module.
#[derive(Default)]
pub struct Module {
    pub types: BTreeMap<String, PType>,
    pub groups: Vec<Group>,
    pub protocols: Vec<Protocol>,
    /// `(wire type, enum member, data class)` of every event.
    pub events: Vec<(String, String, String)>,
    /// Names of the events module that are attributes of this one.
    pub imported: BTreeSet<String>,
}

/// How each definition is read in Python: its schema name and its type in the table's spelling.
pub fn specs(model: &Model) -> BTreeMap<Key, String> {
    let mut out = build::specs(model, Origin::Events);
    out.append(&mut build::specs(model, Origin::Api));
    out
}

/// Writes both modules with their stubs.
pub fn write(model: &Model, tree: &mut Tree) {
    let events = build::module(model, Origin::Events);
    let rpc = build::module(model, Origin::Api);
    let dir = "bindings/python/copilot/generated";
    tree.add(format!("{dir}/_events_table.py"), table::render(&events));
    tree.add(format!("{dir}/_rpc_table.py"), table::render(&rpc));
    tree.add(format!("{dir}/session_events.pyi"), stub::events(&events));
    tree.add(format!("{dir}/rpc.pyi"), stub::rpc(&rpc));
    tree.add(format!("{dir}/_shared.pyi"), stub::shared(&rpc));
    for (name, text) in fixed::FILES {
        tree.add(format!("{dir}/{name}"), table::banner() + text);
    }
}
