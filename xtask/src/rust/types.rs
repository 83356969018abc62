//! One type definition as a macro call.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::model::{Constant, Field, Key, Kind, Model, Origin, Tag, Ty, TypeDef};
use crate::names;

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Identifier of a field, method or namespace.
pub fn ident(wire: &str) -> String {
    let name = names::snake(wire);
    match name.as_str() {
        "extra" | "self" | "super" | "crate" => format!("{name}_"),
        _ if KEYWORDS.contains(&name.as_str()) => format!("r#{name}"),
        _ => name,
    }
}

/// Identifier of an enum variant.
pub fn variant(wire: &str) -> String {
    let name: String = names::words(wire).iter().map(|word| names::capitalised(word)).collect();
    match name.chars().next() {
        None => "Star".into(),
        Some(c) if c.is_ascii_digit() => format!("N{name}"),
        Some(_) if name == "Self" => "SelfValue".into(),
        Some(_) => name,
    }
}

/// `origin` is the file the text stands in.
pub fn ty(model: &Model, origin: Origin, value: &Ty) -> String {
    match value {
        Ty::Any | Ty::Json => "Value".into(),
        Ty::Null => "()".into(),
        Ty::Bool | Ty::ConstBool(_) => "bool".into(),
        Ty::Int | Ty::Duration { float: false } => "i64".into(),
        Ty::Float | Ty::Duration { float: true } => "f64".into(),
        Ty::Str | Ty::DateTime | Ty::Uuid | Ty::ConstStr(_) => "String".into(),
        Ty::Ref(key) => path(model, origin, key),
        Ty::List(inner) | Ty::Filled(inner) => format!("Vec<{}>", ty(model, origin, inner)),
        Ty::Map(inner) => format!("BTreeMap<String, {}>", ty(model, origin, inner)),
        Ty::Nullable(inner) => format!("Option<{}>", ty(model, origin, inner)),
        Ty::Union(_) => "Value".into(),
    }
}

fn path(model: &Model, origin: Origin, key: &Key) -> String {
    if let Kind::Alias(inner) = &model.get(key).kind {
        return ty(model, origin, inner);
    }
    match (origin, key.origin) {
        (Origin::Api, Origin::Events) => format!("ev::{}", key.name),
        (Origin::Events, Origin::Api) => format!("api::{}", key.name),
        _ => key.name.clone(),
    }
}

/// Struct fields that would make a struct contain itself.
pub fn cyclic(model: &Model) -> BTreeSet<(Key, String)> {
    let mut edges: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    for def in model.types.values() {
        for field in def.fields() {
            if let Some(key) = direct(&field.ty) {
                edges.entry(def.key.clone()).or_default().insert(key.clone());
            }
        }
    }
    let reaches = |from: &Key, to: &Key| {
        let mut seen = BTreeSet::new();
        let mut queue = vec![from];
        while let Some(key) = queue.pop() {
            if key == to {
                return true;
            }
            if seen.insert(key) {
                queue.extend(edges.get(key).into_iter().flatten());
            }
        }
        false
    };
    let mut out = BTreeSet::new();
    for def in model.types.values() {
        for field in def.fields() {
            if direct(&field.ty).is_some_and(|key| reaches(key, &def.key)) {
                out.insert((def.key.clone(), field.wire.clone()));
            }
        }
    }
    out
}

fn direct(ty: &Ty) -> Option<&Key> {
    match ty {
        Ty::Ref(key) => Some(key),
        Ty::Nullable(inner) => direct(inner),
        _ => None,
    }
}

pub fn definition(model: &Model, key: &Key, cyclic: &BTreeSet<(Key, String)>) -> String {
    let def = model.get(key);
    match &def.kind {
        Kind::Struct { fields, .. } => structure(model, def, fields, cyclic),
        Kind::Enum { values } => enumeration(def, values),
        Kind::Union { variants, tag: Some(tag) } => tagged(model, def, variants, tag),
        Kind::Union { variants, tag: None } => any_of(model, def, variants),
        Kind::Alias(inner) => {
            let text = ty(model, key.origin, inner);
            format!("{}pub type {} = {text};\n", docs(def, "    ").replace("    ", ""), key.name)
        }
    }
}

fn docs(def: &TypeDef, indent: &str) -> String {
    let marks: Vec<&str> =
        [(def.internal, "Internal."), (def.experimental, "Experimental."), (def.deprecated, "Deprecated.")]
            .into_iter()
            .filter_map(|(on, text)| on.then_some(text))
            .collect();
    if marks.is_empty() { String::new() } else { format!("{indent}/// {}\n", marks.join(" ")) }
}

fn structure(model: &Model, def: &TypeDef, fields: &[Field], cyclic: &BTreeSet<(Key, String)>) -> String {
    let mut groups: [String; 4] = Default::default();
    for field in fields {
        if let (Some(constant), true) = (&field.constant, field.required) {
            let literal = match constant {
                Constant::Str(text) => format!("{text:?}"),
                Constant::Bool(value) => value.to_string(),
            };
            let _ = writeln!(groups[3], "            {:?} = {literal},", field.wire);
            continue;
        }
        let (inner, nullable) = match &field.ty {
            Ty::Nullable(inner) => (&**inner, true),
            other => (other, field.null_in_prose),
        };
        let mut text = ty(model, def.key.origin, inner);
        if cyclic.contains(&(def.key.clone(), field.wire.clone())) {
            text = format!("Box<{text}>");
        }
        let group = match (field.required, nullable) {
            (true, false) => 0,
            (true, true) => 1,
            (false, _) => 2,
        };
        let _ = writeln!(groups[group], "            {}: {text} = {:?},", ident(&field.wire), field.wire);
    }
    let mut out = format!("object! {{\n{}    {} {{\n", docs(def, "    "), def.key.name);
    for (name, body) in ["required", "nullable", "optional", "constant"].iter().zip(&groups) {
        if body.is_empty() {
            let _ = writeln!(out, "        {name} {{}}");
        } else {
            let _ = write!(out, "        {name} {{\n{body}        }}\n");
        }
    }
    out.push_str("    }\n}\n");
    out
}

fn unique(names: &mut BTreeSet<String>, mut name: String) -> String {
    while name == "Unrecognized" || !names.insert(name.clone()) {
        name.push('_');
    }
    name
}

fn enumeration(def: &TypeDef, values: &[String]) -> String {
    let mut seen = BTreeSet::new();
    let mut out = format!("open_enum! {{\n{}    {} {{\n", docs(def, "    "), def.key.name);
    for value in values {
        let _ = writeln!(out, "        {} = {value:?},", unique(&mut seen, variant(value)));
    }
    out.push_str("    }\n}\n");
    out
}

fn tagged(model: &Model, def: &TypeDef, variants: &[Ty], tag: &Tag) -> String {
    let mut seen = BTreeSet::new();
    let mut out = format!("tagged! {{\n{}    {} by {:?} {{\n", docs(def, "    "), def.key.name, tag.wire);
    for (target, constant) in variants.iter().zip(&tag.values) {
        let name = match constant {
            Constant::Str(text) => variant(text),
            Constant::Bool(value) => names::capitalised(&value.to_string()),
        };
        let text = ty(model, def.key.origin, target);
        let _ = writeln!(out, "        {}({text}) = {:?},", unique(&mut seen, name), constant.text());
    }
    out.push_str("    }\n}\n");
    out
}

fn any_of(model: &Model, def: &TypeDef, variants: &[Ty]) -> String {
    let mut seen = BTreeSet::new();
    let mut out = format!("any_of! {{\n{}    {} {{\n", docs(def, "    "), def.key.name);
    for target in variants {
        let name = match target {
            Ty::Ref(key) => key.name.clone(),
            Ty::List(_) | Ty::Filled(_) => "List".into(),
            Ty::Map(_) => "Map".into(),
            Ty::Bool => "Flag".into(),
            Ty::Int | Ty::Float => "Number".into(),
            _ => "Text".into(),
        };
        let text = ty(model, def.key.origin, target);
        let _ = writeln!(out, "        {}({text}),", unique(&mut seen, name));
    }
    out.push_str("    }\n}\n");
    out
}
