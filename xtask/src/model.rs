//! What the two schemas say, free of JSON Schema and of any target language.
//!
//! Everything the writers need is here; nothing in a writer looks at a schema again.

use std::collections::{BTreeMap, BTreeSet};

/// Which schema file a definition comes from. Both files have their own name space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    Api,
    Events,
}

/// Identity of a type: its schema file and its definition name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub origin: Origin,
    pub name: String,
}

impl Key {
    pub fn new(origin: Origin, name: impl Into<String>) -> Self {
        Self { origin, name: name.into() }
    }
}

/// How a value of a property, item or result looks on the wire.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    Any,
    /// Any JSON, said to be so: `x-opaque-json`.
    Json,
    Null,
    Bool,
    Int,
    Float,
    Str,
    DateTime,
    Uuid,
    /// A span of time as a number; `float` when the schema allows fractions.
    Duration {
        float: bool,
    },
    ConstStr(String),
    ConstBool(bool),
    Ref(Key),
    List(Box<Ty>),
    /// A list that is never empty.
    Filled(Box<Ty>),
    Map(Box<Ty>),
    Nullable(Box<Ty>),
    Union(Vec<Ty>),
}

impl Ty {
    pub fn nullable(self) -> Self {
        match self {
            Self::Nullable(_) | Self::Any | Self::Json | Self::Null => self,
            other => Self::Nullable(Box::new(other)),
        }
    }

    /// Calls `f` with every definition this type mentions.
    pub fn visit_refs(&self, f: &mut dyn FnMut(&Key)) {
        match self {
            Self::Ref(key) => f(key),
            Self::List(t) | Self::Filled(t) | Self::Map(t) | Self::Nullable(t) => t.visit_refs(f),
            Self::Union(ts) => ts.iter().for_each(|t| t.visit_refs(f)),
            _ => {}
        }
    }

    pub fn map_refs(&mut self, f: &dyn Fn(&Key) -> Ty) {
        match self {
            Self::Ref(key) => *self = f(key),
            Self::List(t) | Self::Filled(t) | Self::Map(t) | Self::Nullable(t) => t.map_refs(f),
            Self::Union(ts) => ts.iter_mut().for_each(|t| t.map_refs(f)),
            _ => {}
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub wire: String,
    pub ty: Ty,
    pub required: bool,
    /// The one value the schema allows, for a property that names its variant.
    pub constant: Option<Constant>,
    pub internal: bool,
    pub deprecated: bool,
    /// How many sources of the union came before the one that brought it; 0 for those of the first.
    pub added: u64,
    /// The schema re-reads this required reference as "may be null" (only its prose says so).
    pub null_in_prose: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Constant {
    Str(String),
    Bool(bool),
}

impl Constant {
    pub fn text(&self) -> String {
        match self {
            Self::Str(s) => s.clone(),
            Self::Bool(b) => b.to_string(),
        }
    }
}

/// What an object may hold beside its named properties.
#[derive(Clone, Debug, PartialEq)]
pub enum Additional {
    Closed,
    Any,
    Typed(Ty),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Struct {
        fields: Vec<Field>,
        additional: Additional,
    },
    Enum {
        values: Vec<String>,
    },
    /// Alternatives. `tag` is set when one property with distinct constants tells them apart.
    Union {
        variants: Vec<Ty>,
        tag: Option<Tag>,
    },
    Alias(Ty),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    pub wire: String,
    /// One constant per variant, in the order of the variants.
    pub values: Vec<Constant>,
}

/// Where an object without a name of its own stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Inline {
    pub parent: String,
    pub prop: String,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Property,
    Item,
    Value,
    Variant,
    MethodParams,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TypeDef {
    pub key: Key,
    pub kind: Kind,
    /// The definition itself allows null (`anyOf [T, null]`).
    pub nullable: bool,
    /// The definition is `anyOf [absent, T]`: parameters that may be left out.
    pub optional: bool,
    pub internal: bool,
    pub deprecated: bool,
    pub experimental: bool,
    pub inline: Option<Inline>,
}

impl TypeDef {
    /// An object that may be empty, so that it may as well be left out.
    pub fn may_be_empty(&self) -> bool {
        matches!(self.kind, Kind::Struct { .. }) && self.fields().iter().all(|field| !field.required)
    }

    pub fn fields(&self) -> &[Field] {
        match &self.kind {
            Kind::Struct { fields, .. } => fields,
            _ => &[],
        }
    }

    pub fn visit_refs(&self, f: &mut dyn FnMut(&Key)) {
        match &self.kind {
            Kind::Struct { fields, additional } => {
                fields.iter().for_each(|field| field.ty.visit_refs(f));
                if let Additional::Typed(ty) = additional {
                    ty.visit_refs(f);
                }
            }
            Kind::Union { variants, .. } => variants.iter().for_each(|t| t.visit_refs(f)),
            Kind::Alias(ty) => ty.visit_refs(f),
            Kind::Enum { .. } => {}
        }
    }

    pub fn map_refs(&mut self, f: &dyn Fn(&Key) -> Ty) {
        match &mut self.kind {
            Kind::Struct { fields, additional } => {
                fields.iter_mut().for_each(|field| field.ty.map_refs(f));
                if let Additional::Typed(ty) = additional {
                    ty.map_refs(f);
                }
            }
            Kind::Union { variants, .. } => variants.iter_mut().for_each(|t| t.map_refs(f)),
            Kind::Alias(ty) => ty.map_refs(f),
            Kind::Enum { .. } => {}
        }
    }
}

/// Who calls a method, and whether it belongs to one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Server,
    Session,
    ClientSession,
    ClientGlobal,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::Server, Self::Session, Self::ClientSession, Self::ClientGlobal];

    pub fn schema_key(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Session => "session",
            Self::ClientSession => "clientSession",
            Self::ClientGlobal => "clientGlobal",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Method {
    pub scope: Scope,
    /// Name on the wire.
    pub wire: String,
    /// Path below the scope; the last part is the method itself.
    pub path: Vec<String>,
    /// `None` when there is nothing to send.
    pub params: Option<Key>,
    pub params_optional: bool,
    pub result: Ty,
    /// A result that has no definition of its own gets this name in languages that name it.
    pub result_name: Option<String>,
    pub notification: bool,
    pub internal: bool,
    pub deprecated: bool,
    pub experimental: bool,
    /// The first runtime that has it, unless the oldest does; empty if only some releases knew it.
    pub since: Option<String>,
    /// The last runtime that had it.
    pub until: Option<String>,
}

impl Method {
    pub fn age(&self) -> String {
        age(self.since.as_deref(), self.until.as_deref())
    }

    /// Whether a call says enough without params.
    pub fn may_omit_params(&self, model: &Model) -> bool {
        let may_be_empty = |key| model.types.get(key).is_some_and(TypeDef::may_be_empty);
        self.params_optional || self.params.as_ref().is_some_and(may_be_empty)
    }
}

/// " (from runtime 1.2 on, up to 1.3)", or nothing.
fn age(since: Option<&str>, until: Option<&str>) -> String {
    let parts: Vec<String> = since
        .map(|since| match since {
            "" => "only in runtimes of some releases".to_owned(),
            since => format!("from runtime {since} on"),
        })
        .into_iter()
        .chain(until.map(|until| format!("up to runtime {until}")))
        .collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

impl Event {
    pub fn age(&self) -> String {
        age(self.since.as_deref(), self.until.as_deref())
    }
}

#[derive(Clone, Debug)]
pub struct Event {
    pub wire: String,
    /// Definition of the whole event.
    pub key: Key,
    pub data: Key,
    /// As for a method.
    pub since: Option<String>,
    pub until: Option<String>,
}

#[derive(Default, Debug)]
pub struct Model {
    pub types: BTreeMap<Key, TypeDef>,
    pub methods: Vec<Method>,
    pub events: Vec<Event>,
    /// Names the API schema defines although the events schema owns the type.
    pub shared: BTreeSet<String>,
    /// Other names under which a parameter class is known: alias to definition.
    pub param_aliases: BTreeMap<String, Key>,
}

impl Model {
    pub fn get(&self, key: &Key) -> &TypeDef {
        self.types.get(key).unwrap_or_else(|| panic!("no definition {key:?}"))
    }

    pub fn of(&self, origin: Origin) -> impl Iterator<Item = &TypeDef> {
        self.types.values().filter(move |t| t.key.origin == origin)
    }

    /// Everything reachable from `roots`, the roots included.
    pub fn closure<'a>(&self, roots: impl IntoIterator<Item = &'a Key>) -> BTreeSet<Key> {
        let mut seen = BTreeSet::new();
        let mut queue: Vec<Key> = roots.into_iter().cloned().collect();
        while let Some(key) = queue.pop() {
            if seen.insert(key.clone()) {
                self.get(&key).visit_refs(&mut |k| queue.push(k.clone()));
            }
        }
        seen
    }
}
