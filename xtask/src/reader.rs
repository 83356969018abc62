//! Reads JSON Schema nodes into [`Ty`] and [`TypeDef`].

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::{Additional, Constant, Field, Inline, Key, Kind, Origin, Role, Tag, Ty, TypeDef};
use crate::names;
use crate::union::ADDED;

/// Reads one schema file. Objects without a name of their own are lifted out and named after their place.
pub struct Reader<'a> {
    pub origin: Origin,
    pub definitions: &'a Map<String, Value>,
    pub types: BTreeMap<Key, TypeDef>,
}

/// Where the node being read stands; gives lifted objects their name.
#[derive(Clone)]
struct Place {
    /// Name the lifted object gets.
    name: String,
    inline: Inline,
}

impl Place {
    fn property(parent: &str, prop: &str) -> Self {
        let inline = Inline { parent: parent.into(), prop: prop.into(), role: Role::Property };
        Self { name: format!("{parent}{}", names::pascal(prop)), inline }
    }

    fn below(&self, suffix: &str, role: Role) -> Self {
        let inline = Inline { role, ..self.inline.clone() };
        Self { name: format!("{}{suffix}", self.name), inline }
    }
}

pub fn flag(node: &Map<String, Value>, key: &str, value: &str) -> bool {
    node.get(key).and_then(Value::as_str) == Some(value)
}

fn is_true(node: &Map<String, Value>, key: &str) -> bool {
    node.get(key).and_then(Value::as_bool) == Some(true)
}

fn object(value: &Value) -> &Map<String, Value> {
    static EMPTY: std::sync::OnceLock<Map<String, Value>> = std::sync::OnceLock::new();
    value.as_object().unwrap_or_else(|| EMPTY.get_or_init(Map::new))
}

fn is_absent(value: &Value) -> bool {
    object(value).contains_key("not")
}

fn is_null(value: &Value) -> bool {
    flag(object(value), "type", "null")
}

fn alternatives(node: &Map<String, Value>) -> Option<&Vec<Value>> {
    let list = node.get("anyOf").or_else(|| node.get("oneOf"))?.as_array()?;
    // `anyOf [{required: …}]` beside `properties` only restricts combinations.
    (!node.contains_key("properties")).then_some(list)
}

impl<'a> Reader<'a> {
    pub fn new(origin: Origin, definitions: &'a Map<String, Value>) -> Self {
        Self { origin, definitions, types: BTreeMap::new() }
    }

    pub fn read_all(&mut self) {
        for (name, node) in self.definitions {
            self.read_definition(name, object(node), None);
        }
    }

    /// Reads a named node and stores it. `inline` tells where a lifted object came from.
    pub fn read_definition(&mut self, name: &str, node: &Map<String, Value>, inline: Option<Inline>) {
        let mut def = TypeDef {
            key: Key::new(self.origin, name),
            kind: Kind::Alias(Ty::Any),
            nullable: false,
            optional: false,
            internal: flag(node, "visibility", "internal"),
            deprecated: is_true(node, "deprecated"),
            experimental: flag(node, "stability", "experimental"),
            inline,
        };
        let rest: Vec<&Value> = alternatives(node).map_or_else(Vec::new, |list| {
            def.nullable = list.iter().any(is_null);
            def.optional = list.iter().any(is_absent);
            list.iter().filter(|v| !is_null(v) && !is_absent(v)).collect()
        });
        def.kind = match rest.as_slice() {
            [] => self.kind(name, node),
            [one] if (def.nullable || def.optional) && !object(one).contains_key("$ref") => {
                self.kind(name, object(one))
            }
            [one] if def.nullable || def.optional => {
                Kind::Alias(self.ty(object(one), &Place::property(name, "")))
            }
            many => self.union(name, many),
        };
        self.types.insert(def.key.clone(), def);
    }

    fn kind(&mut self, name: &str, node: &Map<String, Value>) -> Kind {
        if let Some(values) = node.get("enum").and_then(Value::as_array) {
            let values = values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            return Kind::Enum { values };
        }
        if node.get("properties").is_some() {
            return self.structure(name, node);
        }
        Kind::Alias(self.ty(node, &Place::property(name, "")))
    }

    fn structure(&mut self, name: &str, node: &Map<String, Value>) -> Kind {
        let required: Vec<&str> = node
            .get("required")
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |list| list.iter().filter_map(Value::as_str).collect());
        let mut fields = Vec::new();
        for (wire, prop) in object(&node["properties"]) {
            fields.push(self.field(name, wire, object(prop), required.contains(&wire.as_str())));
        }
        let additional = match node.get("additionalProperties") {
            Some(Value::Object(inner)) => {
                let place = Place::property(name, "").below("Value", Role::Value);
                Additional::Typed(self.ty(inner, &place))
            }
            Some(Value::Bool(true)) => Additional::Any,
            _ => Additional::Closed,
        };
        Kind::Struct { fields, additional }
    }

    fn field(&mut self, parent: &str, wire: &str, prop: &Map<String, Value>, required: bool) -> Field {
        let constant = match prop.get("const") {
            Some(Value::String(s)) => Some(Constant::Str(s.clone())),
            Some(Value::Bool(b)) => Some(Constant::Bool(*b)),
            _ => None,
        };
        let prose = prop.get("description").and_then(Value::as_str).unwrap_or_default();
        let target = self.target_of(prop);
        Field {
            wire: wire.to_owned(),
            ty: self.ty(prop, &Place::property(parent, wire)),
            required,
            constant,
            internal: flag(prop, "visibility", "internal")
                || target.is_some_and(|t| flag(t, "visibility", "internal")),
            deprecated: is_true(prop, "deprecated"),
            added: prop.get(ADDED).and_then(Value::as_u64).unwrap_or_default(),
            null_in_prose: required && prop.contains_key("$ref") && prose.contains("null"),
        }
    }

    fn target_of(&self, prop: &Map<String, Value>) -> Option<&'a Map<String, Value>> {
        let target = prop.get("$ref")?.as_str()?.strip_prefix("#/definitions/")?;
        self.definitions.get(target)?.as_object()
    }

    fn union(&mut self, name: &str, variants: &[&Value]) -> Kind {
        let place = Place::property(name, "");
        let mut out = Vec::new();
        for (index, variant) in variants.iter().enumerate() {
            let node = object(variant);
            let suffix = variant_suffix(node).unwrap_or_else(|| format!("Variant{}", index + 1));
            out.push(self.ty(node, &place.below(&suffix, Role::Variant)));
        }
        Kind::Union { variants: out, tag: None }
    }

    fn ty(&mut self, node: &Map<String, Value>, place: &Place) -> Ty {
        if let Some(target) = node.get("$ref").and_then(Value::as_str) {
            return Ty::Ref(self.resolve(target));
        }
        if let Some(list) = alternatives(node) {
            return self.inline_union(list, place);
        }
        if node.contains_key("enum") || node.contains_key("properties") {
            return self.lift(node, place);
        }
        match node.get("type") {
            Some(Value::Array(list)) => self.nullable_type(node, list, place),
            Some(Value::String(kind)) => self.plain(kind, node, place),
            _ if is_true(node, "x-opaque-json") => Ty::Json,
            _ => Ty::Any,
        }
    }

    fn nullable_type(&mut self, node: &Map<String, Value>, list: &[Value], place: &Place) -> Ty {
        let mut kinds = list.iter().filter_map(Value::as_str).filter(|k| *k != "null");
        let kind = kinds.next().unwrap_or("null").to_owned();
        assert!(kinds.next().is_none(), "more than one type beside null at {}", place.name);
        self.plain(&kind, node, place).nullable()
    }

    fn inline_union(&mut self, list: &[Value], place: &Place) -> Ty {
        let optional = list.iter().any(|v| is_null(v) || is_absent(v));
        let rest: Vec<&Value> = list.iter().filter(|v| !is_null(v) && !is_absent(v)).collect();
        if rest.iter().any(|v| object(v).is_empty()) {
            return Ty::Any;
        }
        let ty = match rest.as_slice() {
            [one] => self.ty(object(one), place),
            many => {
                let mut tys = Vec::new();
                for (index, node) in many.iter().enumerate() {
                    tys.push(
                        self.ty(object(node), &place.below(&format!("Variant{}", index + 1), Role::Variant)),
                    );
                }
                Ty::Union(tys)
            }
        };
        if optional { ty.nullable() } else { ty }
    }

    fn plain(&mut self, kind: &str, node: &Map<String, Value>, place: &Place) -> Ty {
        let format = node.get("format").and_then(Value::as_str).unwrap_or_default();
        match (kind, format) {
            ("string", _) if node.contains_key("const") => {
                Ty::ConstStr(node["const"].as_str().unwrap_or_default().to_owned())
            }
            ("string", "date-time") => Ty::DateTime,
            ("string", "uuid") => Ty::Uuid,
            ("string", _) => Ty::Str,
            ("boolean", _) => node.get("const").and_then(Value::as_bool).map_or(Ty::Bool, Ty::ConstBool),
            ("integer", "duration") => Ty::Duration { float: false },
            ("number", "duration") => Ty::Duration { float: true },
            ("integer", _) => Ty::Int,
            ("number", _) => Ty::Float,
            ("null", _) => Ty::Null,
            ("array", _) => {
                let place = place.below("Item", Role::Item);
                let item = node.get("items").map_or(Ty::Any, |items| self.ty(object(items), &place));
                // Short lists that have a limit too are left as they are: tuples of every length would be needed.
                let is_short = node.get("maxItems").and_then(Value::as_u64).is_some_and(|most| most <= 20);
                let is_filled = !is_short && node.get("minItems").is_some_and(|least| *least != 0);
                if is_filled { Ty::Filled(Box::new(item)) } else { Ty::List(Box::new(item)) }
            }
            ("object", _) => {
                let place = place.below("Value", Role::Value);
                let value = match node.get("additionalProperties") {
                    Some(Value::Object(inner)) => self.ty(inner, &place),
                    _ => Ty::Any,
                };
                Ty::Map(Box::new(value))
            }
            _ => panic!("unknown type {kind:?} at {}", place.name),
        }
    }

    /// Gives an object or enum without a name one, and refers to it.
    fn lift(&mut self, node: &Map<String, Value>, place: &Place) -> Ty {
        if node.get("properties").is_some_and(|p| object(p).is_empty()) {
            return Ty::Map(Box::new(Ty::Any));
        }
        let mut name = place.name.clone();
        while self.definitions.contains_key(&name) {
            name.push_str("Inline");
        }
        self.read_definition(&name, node, Some(place.inline.clone()));
        Ty::Ref(Key::new(self.origin, name))
    }

    fn resolve(&self, target: &str) -> Key {
        if let Some(name) = target.strip_prefix("#/definitions/") {
            return Key::new(self.origin, name);
        }
        let name = target
            .strip_prefix("session-events.schema.json#/definitions/")
            .unwrap_or_else(|| panic!("reference to an unknown file: {target}"));
        Key::new(Origin::Events, name)
    }

    /// Type of the result of a method.
    pub fn result(&mut self, name: &str, node: &Map<String, Value>) -> Ty {
        let inline = Inline { parent: name.into(), prop: String::new(), role: Role::Property };
        self.ty(node, &Place { name: name.to_owned(), inline })
    }
}

/// How an alternative without a name is called behind the name of its union.
pub fn variant_suffix(node: &Map<String, Value>) -> Option<String> {
    let consts: Vec<&str> = object(node.get("properties")?)
        .values()
        .filter_map(|p| object(p).get("const").and_then(Value::as_str))
        .collect();
    match consts.as_slice() {
        [] => None,
        many => Some(many.iter().map(|c| names::pascal(c)).collect()),
    }
}

/// Finds the property that tells the variants of each union apart.
pub fn find_tags(types: &mut BTreeMap<Key, TypeDef>) {
    let keys: Vec<Key> = types.keys().cloned().collect();
    for key in keys {
        let Kind::Union { variants, .. } = &types[&key].kind else { continue };
        let tag = tag_of(types, variants);
        if let Some(TypeDef { kind: Kind::Union { tag: slot, .. }, .. }) = types.get_mut(&key) {
            *slot = tag;
        }
    }
}

fn tag_of(types: &BTreeMap<Key, TypeDef>, variants: &[Ty]) -> Option<Tag> {
    let mut found: Vec<(String, Vec<Constant>)> = Vec::new();
    for (index, variant) in variants.iter().enumerate() {
        let Ty::Ref(key) = variant else { return None };
        for field in types.get(key)?.fields() {
            let Some(constant) = &field.constant else { continue };
            if index == 0 {
                found.push((field.wire.clone(), vec![constant.clone()]));
            } else if let Some((_, values)) = found.iter_mut().find(|(wire, _)| *wire == field.wire) {
                values.push(constant.clone());
            }
        }
    }
    found.into_iter().find_map(|(wire, values)| {
        let mut distinct = values.clone();
        distinct.sort();
        distinct.dedup();
        (values.len() == variants.len() && distinct.len() == values.len()).then_some(Tag { wire, values })
    })
}
