//! From the neutral model to the classes of one Python module: names, field order, unions.

use std::collections::BTreeSet;

use super::groups::Groups;
use super::{Module, PField, PKind, PTag, PTy, PType, Presence, fixed};
use crate::model::{Additional, Constant, Field, Key, Kind, Model, Origin, Role, Ty, TypeDef};
use crate::names;

pub struct Lower<'a> {
    pub model: &'a Model,
    pub origin: Origin,
    pub out: Module,
    pub enum_names: Groups,
    pub aliases: Vec<(String, PTy)>,
    /// Structs whose constant property is a class variable, with that property.
    tagged: BTreeSet<(Key, String)>,
}

fn plain(name: &str, list: &[&str]) -> bool {
    list.contains(&name)
}

/// How a union of the schema looks in Python.
enum Shape {
    Alias,
    Merged(Vec<Key>),
    Mixed,
}

impl<'a> Lower<'a> {
    pub fn new(model: &'a Model, origin: Origin, enum_names: Groups) -> Self {
        let (out, aliases, tagged) = (Module::default(), Vec::new(), BTreeSet::new());
        Self { model, origin, out, enum_names, aliases, tagged }
    }
}

impl Lower<'_> {
    pub fn find_tagged(&mut self) {
        for def in self.model.types.values() {
            let Kind::Union { variants, tag: Some(tag) } = &def.kind else { continue };
            if matches!(self.shape(def), Shape::Alias) {
                for variant in variants {
                    if let Ty::Ref(key) = variant {
                        self.tagged.insert((key.clone(), tag.wire.clone()));
                    }
                }
            }
        }
    }

    /// Definitions of this module; of the events only what event data reaches.
    pub fn define_all(&mut self) {
        let reachable = self.model.closure(self.model.events.iter().map(|e| &e.data));
        let defs: Vec<&TypeDef> = self.model.of(self.origin).collect();
        for def in defs {
            let variant = def.inline.as_ref().is_some_and(|i| i.role == Role::Variant);
            if variant || (self.origin == Origin::Events && !reachable.contains(&def.key)) {
                continue;
            }
            if self.origin == Origin::Events && matches!(def.kind, Kind::Alias(_)) {
                continue;
            }
            if !self.class_name(&def.key).is_empty() {
                self.define(def);
            }
        }
    }

    fn define(&mut self, def: &TypeDef) {
        if fixed::NOT_EXPORTED.contains(&def.key.name.as_str()) {
            return;
        }
        match &def.kind {
            Kind::Enum { values } => self.define_enum(&def.key, values, def.inline.is_some()),
            Kind::Struct { fields, additional } => self.define_struct(def, fields, additional),
            Kind::Union { variants, .. } => self.define_union(def, variants),
            Kind::Alias(ty) => {
                let ty = self.ty(ty);
                self.aliases.push((def.key.name.clone(), ty));
            }
        }
    }

    pub fn class_name(&self, key: &Key) -> String {
        let def = self.model.get(key);
        let base = if key.origin == Origin::Api {
            match &def.inline {
                Some(inline) if inline.role != Role::MethodParams => {
                    fixed::inline_name(&inline.prop, inline.role)
                        .unwrap_or_else(|| names::acronym_style(&inline.prop))
                }
                _ => names::acronym_style(&key.name),
            }
        } else {
            match self.model.events.iter().find(|e| e.data == *key) {
                Some(event) => format!("{}Data", names::pascal(&event.wire)),
                None => key.name.clone(),
            }
        };
        if def.internal { format!("_{base}") } else { base }
    }

    /// Event data keeps its definition name where something else refers to it.
    fn define_nested_data(&mut self, def: &TypeDef, fields: &[Field]) {
        let nested = self.model.types.values().any(|other| {
            let mut used = false;
            let event = self.model.events.iter().any(|e| e.key == other.key);
            other.visit_refs(&mut |key| used |= *key == def.key);
            used && !event
        });
        if nested {
            self.insert_struct(&def.key.name, def, fields);
        }
    }

    pub fn attr(&self, wire: &str, internal: bool, duration: bool) -> String {
        if self.origin == Origin::Api {
            return names::snake(wire);
        }
        let kept = wire.strip_suffix("Ms").filter(|_| duration).unwrap_or(wire);
        let name = names::simple_snake(kept).replace(['.', '-'], "_");
        if internal && !name.starts_with('_') { format!("_{name}") } else { name }
    }

    fn define_struct(&mut self, def: &TypeDef, fields: &[Field], additional: &Additional) {
        if self.origin == Origin::Api && plain(&def.key.name, fixed::PLAIN_VALUES) {
            self.aliases.push((def.key.name.clone(), PTy::Any));
            return;
        }
        if self.origin == Origin::Api && plain(&def.key.name, fixed::PLAIN_DICTS) {
            self.aliases.push((def.key.name.clone(), PTy::Map(Box::new(PTy::Any))));
            return;
        }
        let name = self.class_name(&def.key);
        if def.internal && self.origin == Origin::Api && def.key.name != names::acronym_style(&def.key.name) {
            // Released without the underscore once; older programs import it so.
            let public = names::acronym_style(&def.key.name);
            self.alias(&public, &name);
        }
        if let (Additional::Typed(ty), true) =
            (additional, fixed::READ_AS_MAP.contains(&def.key.name.as_str()))
        {
            // The established class is that of the values, see the table in `fixed`.
            let value = match ty {
                Ty::Nullable(inner) => (**inner).clone(),
                other => other.clone(),
            };
            if let Ty::Ref(key) = value {
                let inner = self.model.get(&key).fields().to_vec();
                self.insert_struct(&name, def, &inner);
            }
            return;
        }
        self.insert_struct(&name, def, fields);
        if name != def.key.name && self.origin == Origin::Events && !def.internal {
            self.define_nested_data(def, fields);
        }
    }

    fn insert_struct(&mut self, name: &str, def: &TypeDef, fields: &[Field]) {
        let mut tags = Vec::new();
        let mut out = Vec::new();
        for field in fields {
            match &field.constant {
                Some(value) if self.tagged.contains(&(def.key.clone(), field.wire.clone())) => {
                    let attr = self.attr(&field.wire, false, false);
                    tags.push(PTag { attr, wire: field.wire.clone(), value: value.clone() });
                    if fixed::GIVEN.contains(&(name, field.wire.as_str())) {
                        out.push(self.field(name, field));
                    }
                }
                _ => {
                    let field = self.field(name, field);
                    out.push(field);
                }
            }
        }
        // What came later follows, so that arguments without names keep their places.
        let added = |wire: &str| fields.iter().find(|f| f.wire == wire).map_or(0, |f| f.added);
        let is_last = |wire: &str| fixed::LAST.contains(&(name, wire));
        out.sort_by_key(|f| (f.has_default(), added(&f.wire), is_last(&f.wire), f.wire.to_lowercase()));
        let kind = PKind::Struct { fields: out, tags };
        self.out
            .types
            .insert(name.to_owned(), PType { kind, public: !def.internal, deprecated: def.deprecated });
    }

    fn field(&mut self, class: &str, field: &Field) -> PField {
        let seconds = field.wire.to_lowercase().ends_with("seconds");
        let mut ty = match (&field.constant, self.origin) {
            (Some(Constant::Str(value)), Origin::Api) => {
                let values = std::slice::from_ref(value);
                let name = match &field.ty {
                    Ty::Ref(key) => self.ref_name(key),
                    _ => self.enum_for(class, &field.wire, values),
                };
                PTy::Name { name, events: false }
            }
            (Some(Constant::Str(_)), Origin::Events) if !matches!(field.ty, Ty::Ref(_)) => PTy::Str,
            _ if fixed::TEXT_FIELDS.contains(&(class, field.wire.as_str())) => PTy::Str,
            _ if fixed::PLAIN_FIELDS.contains(&(class, field.wire.as_str())) => PTy::Any,
            _ => self.ty(&field.ty),
        };
        let duration = matches!(&ty, PTy::Delta { .. }) && !seconds;
        if let (PTy::Delta { float }, true) = (&ty, seconds) {
            ty = if *float { PTy::Float } else { PTy::Int };
        }
        let (nullable, inner) = match ty {
            PTy::Opt(inner) => (true, *inner),
            other => (field.null_in_prose && self.origin == Origin::Api, other),
        };
        let presence = match (field.required, nullable) {
            (true, false) => Presence::Required,
            (true, true) if self.origin == Origin::Events => Presence::NullableNoDefault,
            (true, true) => Presence::RequiredNullable,
            (false, false) => Presence::Optional,
            (false, true) => Presence::OptionalNullable,
        };
        let attr = self.attr(&field.wire, field.internal, duration);
        PField { attr, wire: field.wire.clone(), ty: inner, presence }
    }

    fn shape(&self, def: &TypeDef) -> Shape {
        let Kind::Union { variants, tag } = &def.kind else { return Shape::Mixed };
        let keys: Vec<Key> = variants
            .iter()
            .filter_map(|v| match v {
                Ty::Ref(key) => Some(key.clone()),
                _ => None,
            })
            .collect();
        let inline = keys.iter().any(|k| self.model.types.get(k).is_some_and(|d| d.inline.is_some()));
        let forced = fixed::MERGED.contains(&def.key.name.as_str());
        if keys.len() == variants.len() {
            let foreign = keys.iter().all(|k| k.origin == Origin::Events);
            if !forced && !inline && (tag.is_some() || foreign) {
                return Shape::Alias;
            }
            return Shape::Merged(keys);
        }
        let structs = keys.iter().filter(|k| matches!(self.model.get(k).kind, Kind::Struct { .. })).count();
        if structs >= 2 { Shape::Merged(keys) } else { Shape::Mixed }
    }

    fn define_union(&mut self, def: &TypeDef, variants: &[Ty]) {
        let name = self.class_name(&def.key);
        match self.shape(def) {
            Shape::Alias => {
                let tag = match &def.kind {
                    Kind::Union { tag: Some(tag), .. } => tag.wire.clone(),
                    _ => String::new(),
                };
                let variants = variants.iter().map(|v| self.ty(v)).collect();
                let kind = PKind::Union { variants, tag };
                self.out.types.insert(name.clone(), PType { kind, public: !def.internal, deprecated: false });
                if name != def.key.name && self.origin == Origin::Api && !def.internal {
                    self.alias(&def.key.name, &name);
                }
            }
            Shape::Merged(keys) => {
                // Variants that are unions themselves contribute their own variants.
                let flat: Vec<Key> = keys.iter().flat_map(|k| self.flatten(k)).collect();
                self.merge(&name, &flat);
            }
            Shape::Mixed => {
                let class = variants.iter().find(|v| matches!(v, Ty::Ref(_)));
                let ty = class.or_else(|| variants.first()).map_or(PTy::Any, |ty| self.ty(ty));
                if !variants.iter().any(|v| matches!(v, Ty::ConstStr(_))) {
                    let filter = matches!(variants.first(), Some(Ty::Map(_) | Ty::Bool));
                    let ty = if filter { self.ty(&variants[0]) } else { ty };
                    self.aliases.push((def.key.name.clone(), ty));
                }
            }
        }
    }

    fn flatten(&self, key: &Key) -> Vec<Key> {
        match &self.model.get(key).kind {
            Kind::Union { variants, .. } => variants
                .iter()
                .flat_map(|v| match v {
                    Ty::Ref(key) => self.flatten(key),
                    _ => Vec::new(),
                })
                .collect(),
            _ => vec![key.clone()],
        }
    }

    /// Name of an events class where another class refers to it.
    fn nested_name(&self, key: &Key) -> String {
        if self.model.get(key).internal { self.class_name(key) } else { key.name.clone() }
    }

    pub fn ref_name(&self, key: &Key) -> String {
        if let Kind::Enum { values } = &self.model.get(key).kind
            && key.origin == Origin::Api
        {
            let mut values = values.clone();
            values.sort();
            values.dedup();
            if let Some(name) = self.enum_names.get(&values) {
                return name.clone();
            }
        }
        self.class_name(key)
    }

    fn reference(&mut self, key: &Key) -> PTy {
        let def = self.model.get(key);
        let events = self.origin == Origin::Api && key.origin == Origin::Events;
        let named = |name: String| PTy::Name { name, events };
        match &def.kind {
            Kind::Alias(ty) => self.ty(ty),
            Kind::Struct { additional: Additional::Typed(ty), .. }
                if fixed::READ_AS_MAP.contains(&key.name.as_str()) =>
            {
                let value = named(self.class_name(key));
                PTy::Map(Box::new(if matches!(ty, Ty::Nullable(_)) { value.opt() } else { value }))
            }
            Kind::Union { variants, .. } => match self.shape(def) {
                Shape::Alias => {
                    if events {
                        self.out.imported.insert(self.class_name(key));
                    }
                    named(self.class_name(key))
                }
                Shape::Merged(keys) => {
                    let class = named(self.class_name(key));
                    if keys.len() == variants.len() {
                        return class;
                    }
                    let scalars = variants.iter().filter(|v| !matches!(v, Ty::Ref(_)));
                    let rest: Vec<PTy> = scalars.map(|v| self.ty(v)).collect();
                    PTy::Union(std::iter::once(class).chain(rest).collect())
                }
                Shape::Mixed => self.mixed(key, variants),
            },
            Kind::Struct { .. } if key.origin == Origin::Api && plain(&key.name, fixed::PLAIN_VALUES) => {
                PTy::Any
            }
            Kind::Struct { .. }
                if key.origin == Origin::Api
                    && (plain(&key.name, fixed::PLAIN_DICTS) || plain(&key.name, fixed::NOT_EXPORTED)) =>
            {
                PTy::Map(Box::new(PTy::Any))
            }
            _ => {
                let name = if events || self.origin == Origin::Events {
                    self.nested_name(key)
                } else {
                    self.ref_name(key)
                };
                let shared_enum = matches!(def.kind, Kind::Enum { .. }) && self.model.shared.contains(&name);
                let events = events || (self.origin == Origin::Api && shared_enum);
                let named = |name: String| PTy::Name { name, events };
                if events {
                    self.out.imported.insert(name.clone());
                }
                named(name)
            }
        }
    }

    /// Objects first, then lists and maps, scalars last: the order in which they are tried.
    fn mixed(&mut self, key: &Key, variants: &[Ty]) -> PTy {
        let mut tys: Vec<PTy> = Vec::new();
        for variant in variants {
            let ty = match variant {
                Ty::ConstStr(_) => PTy::Name { name: names::acronym_style(&key.name), events: false },
                other => self.ty(other),
            };
            tys.push(ty);
        }
        tys.sort_by_key(|ty| match ty {
            PTy::Map(_) | PTy::List(_) => 0,
            PTy::Name { .. } => 1,
            PTy::Bool => 2,
            PTy::Int => 3,
            PTy::Float => 4,
            _ => 5,
        });
        PTy::Union(tys)
    }

    pub fn ty(&mut self, ty: &Ty) -> PTy {
        match ty {
            Ty::Any | Ty::Json => PTy::Any,
            Ty::Null => PTy::None,
            Ty::Bool | Ty::ConstBool(_) => PTy::Bool,
            Ty::Int => PTy::Int,
            Ty::Float => PTy::Float,
            Ty::Str | Ty::ConstStr(_) => PTy::Str,
            Ty::DateTime => PTy::DateTime,
            Ty::Uuid => PTy::Uuid,
            Ty::Duration { float } if self.origin == Origin::Events => PTy::Delta { float: *float },
            Ty::Duration { float } => {
                if *float {
                    PTy::Float
                } else {
                    PTy::Int
                }
            }
            Ty::Ref(key) => self.reference(key),
            Ty::List(inner) | Ty::Filled(inner) => PTy::List(Box::new(self.ty(inner))),
            Ty::Map(inner) => PTy::Map(Box::new(self.ty(inner))),
            Ty::Nullable(inner) => self.ty(inner).opt(),
            Ty::Union(tys) => PTy::Union(tys.iter().map(|t| self.ty(t)).collect()),
        }
    }

    pub fn add_events(&mut self) {
        for event in &self.model.events {
            let member = event.wire.replace('.', "_");
            let member = names::simple_snake(&member).to_ascii_uppercase();
            let mut class = format!("{}Data", names::pascal(&event.wire));
            if self.model.get(&event.data).internal {
                class.insert(0, '_');
            }
            let twin = self.out.types[&self.class_name(&event.data)].clone();
            self.out.types.entry(class.clone()).or_insert(twin);
            self.out.events.push((event.wire.clone(), member, class));
        }
    }

    pub fn add_fixed(&mut self) {
        for (alias, target) in fixed::ALIASES {
            let here = self.out.types.contains_key(*target);
            let events = !here && self.model.types.contains_key(&Key::new(Origin::Events, *target));
            if !here && !events {
                continue;
            }
            self.aliases.push(((*alias).to_owned(), PTy::Name { name: (*target).to_owned(), events }));
        }
        for (alias, key) in &self.model.param_aliases {
            let name = self.class_name(key);
            self.aliases.push((names::acronym_style(alias), PTy::Name { name, events: false }));
        }
        for method in &self.model.methods {
            let Some(alias) = &method.result_name else { continue };
            let ty = self.ty(&method.result);
            self.aliases.push((alias.clone(), ty));
        }
        for name in &self.model.shared {
            let key = Key::new(Origin::Events, name.clone());
            self.out.imported.insert(self.class_name(&key));
        }
    }

    pub fn add_aliases(&mut self) {
        let taken: BTreeSet<String> = self.out.types.keys().map(|n| n.to_lowercase()).collect();
        for (alias, ty) in std::mem::take(&mut self.aliases) {
            if taken.contains(&alias.to_lowercase()) && !self.allowed_twin(&alias) {
                continue;
            }
            let kind = match ty {
                PTy::Name { name, events } => PKind::Same { name, events },
                PTy::Map(_) => PKind::Builtin("dict"),
                PTy::List(_) => PKind::Builtin("list"),
                PTy::Str => PKind::Builtin("str"),
                PTy::Bool => PKind::Builtin("bool"),
                PTy::Int => PKind::Builtin("int"),
                _ => PKind::Builtin("Any"),
            };
            self.out.types.entry(alias).or_insert(PType { kind, public: true, deprecated: false });
        }
    }

    /// A union keeps its definition name beside the styled one.
    fn allowed_twin(&self, alias: &str) -> bool {
        if fixed::ALIASES.iter().any(|(name, _)| *name == alias) {
            return !self.out.types.contains_key(alias);
        }
        let styled = names::acronym_style(alias);
        styled != alias
            && matches!(self.out.types.get(&styled), Some(PType { kind: PKind::Union { .. }, .. }))
    }
}
