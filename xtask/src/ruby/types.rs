//! Views of objects, choices among objects, and enumerations of texts.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{class, constant, member, module, quoted};
use crate::model::{Field, Key, Kind, Model, Origin, Tag, Ty, TypeDef};

pub(super) fn holder(origin: Origin) -> &'static str {
    match origin {
        Origin::Api => "RpcTypes",
        Origin::Events => "EventTypes",
    }
}

/// What a definition is when aliases are looked through.
fn resolved<'a>(model: &'a Model, ty: &'a Ty) -> &'a Ty {
    match ty {
        Ty::Nullable(inner) => resolved(model, inner),
        Ty::Ref(key) => match &model.get(key).kind {
            Kind::Alias(inner) => resolved(model, inner),
            _ => ty,
        },
        _ => ty,
    }
}

/// How a value is read: a class by its name, a list of one, a map of one; nothing for values that are JSON as they are.
pub(super) fn reads(model: &Model, at: Option<Origin>, ty: &Ty) -> Option<String> {
    match resolved(model, ty) {
        Ty::List(inner) | Ty::Filled(inner) => reads(model, at, inner).map(|inner| format!("[{inner}]")),
        Ty::Map(inner) => reads(model, at, inner).map(|inner| format!("{{of: {inner}}}")),
        Ty::Ref(key) => match model.get(key).kind {
            Kind::Enum { .. } => None,
            _ => Some(name_of(at, key)),
        },
        _ => None,
    }
}

pub(super) fn name_of(at: Option<Origin>, key: &Key) -> String {
    let own = class(&key.name);
    if at == Some(key.origin) { format!(":{own}") } else { format!("\"{}::{own}\"", holder(key.origin)) }
}

pub(super) fn all(model: &Model, shown: &BTreeSet<Key>, origin: Origin) -> String {
    let what = match origin {
        Origin::Api => "What methods of the runtime take and give.",
        Origin::Events => "What events hold.",
    };
    let mut out = format!("# {what} Views of JSON: see View.\nmodule {}\n", holder(origin));
    let mut seen = BTreeSet::new();
    for def in model.of(origin).filter(|def| shown.contains(&def.key)) {
        if !seen.insert(class(&def.key.name)) {
            continue;
        }
        match &def.kind {
            Kind::Struct { fields, .. } => structure(&mut out, model, def, fields),
            Kind::Enum { values } => choice(&mut out, def, values),
            Kind::Union { variants, tag } => union(&mut out, model, def, variants, tag.as_ref()),
            Kind::Alias(_) => {}
        }
    }
    module(&(out + "end\n"))
}

fn head(out: &mut String, def: &TypeDef) {
    let mut notes = String::new();
    if def.experimental {
        notes.push_str(" Experimental.");
    }
    if def.deprecated {
        notes.push_str(" Deprecated.");
    }
    let _ = writeln!(out, "  # `{}`.{notes}", def.key.name);
}

fn structure(out: &mut String, model: &Model, def: &TypeDef, fields: &[Field]) {
    head(out, def);
    let name = class(&def.key.name);
    let mut lines = String::new();
    let mut seen = BTreeSet::new();
    for field in fields.iter().filter(|field| !field.internal) {
        let mut accessor = member(&field.wire);
        while !seen.insert(accessor.clone()) {
            accessor.push('_');
        }
        let read = reads(model, Some(def.key.origin), &field.ty)
            .map_or_else(String::new, |read| format!(", {read}"));
        let mut notes = Vec::new();
        if !field.required {
            notes.push("may be absent");
        }
        if field.deprecated {
            notes.push("deprecated");
        }
        let note = if notes.is_empty() { String::new() } else { format!(" # {}", notes.join(", ")) };
        let _ = writeln!(lines, "    member :{accessor}, {}{read}{note}", quoted(&field.wire));
    }
    if lines.is_empty() {
        let _ = writeln!(out, "  class {name} < View; end\n");
    } else {
        let _ = writeln!(out, "  class {name} < View\n{lines}  end\n");
    }
}

fn choice(out: &mut String, def: &TypeDef, values: &[String]) {
    head(out, def);
    let _ = writeln!(out, "  module {}", class(&def.key.name));
    let mut seen = BTreeSet::from(["ALL".to_owned()]);
    let mut known = Vec::new();
    for value in values {
        let mut name = constant(value);
        while !seen.insert(name.clone()) {
            name.push('_');
        }
        let _ = writeln!(out, "    {name} = {}", quoted(value));
        known.push(name);
    }
    let _ = writeln!(out, "    ALL = [{}].freeze\n  end\n", known.join(", "));
}

fn union(out: &mut String, model: &Model, def: &TypeDef, variants: &[Ty], tag: Option<&Tag>) {
    head(out, def);
    let name = class(&def.key.name);
    let Some(tag) = tag else {
        let _ = writeln!(out, "  class {name} < View; end\n");
        return;
    };
    let _ = writeln!(out, "  class {name} < View\n    tag {}", quoted(&tag.wire));
    for (value, variant) in tag.values.iter().zip(variants) {
        if let Some(read) = reads(model, Some(def.key.origin), variant) {
            let _ = writeln!(out, "    variant {}, {read}", quoted(&value.text()));
        }
    }
    out.push_str("  end\n\n");
}
