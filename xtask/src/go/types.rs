//! Types of the protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{columns, comment, exported, head, methods};
use crate::model::{Additional, Constant, Field, Key, Kind, Model, Origin, Tag, Ty, TypeDef};

pub struct Printer<'a> {
    pub model: &'a Model,
    names: BTreeMap<Key, String>,
    /// Structs by the structs that they hold.
    holds: BTreeMap<Key, BTreeSet<Key>>,
}

impl<'a> Printer<'a> {
    pub fn new(model: &'a Model) -> Self {
        let mut names = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for method in &model.methods {
            taken.insert(format!(
                "{}API",
                methods::class(method.scope, &method.path[..method.path.len() - 1])
            ));
        }
        taken.extend(["Caller", "Server", "Session", "Union"].map(str::to_owned));
        let events_first = model.of(Origin::Events).chain(model.of(Origin::Api));
        for def in events_first {
            let mut name = exported(&def.key.name);
            if taken.contains(&name) {
                name = format!("{name}{}", if def.key.origin == Origin::Api { "Value" } else { "Info" });
            }
            while !taken.insert(name.clone()) {
                name.push('X');
            }
            names.insert(def.key.clone(), name);
        }
        let mut holds: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
        for def in model.types.values() {
            for field in def.fields().iter().filter(|field| field.required) {
                if let Ty::Ref(key) = &field.ty {
                    holds.entry(def.key.clone()).or_default().insert(key.clone());
                }
            }
        }
        Self { model, names, holds }
    }

    fn name(&self, key: &Key) -> &str {
        self.names.get(key).map_or("any", String::as_str)
    }

    fn reaches(&self, from: &Key, to: &Key) -> bool {
        let mut seen = BTreeSet::new();
        let mut queue = vec![from];
        while let Some(key) = queue.pop() {
            if key == to {
                return true;
            }
            if seen.insert(key) {
                queue.extend(self.holds.get(key).into_iter().flatten());
            }
        }
        false
    }

    /// The type of a value that is there.
    pub fn ty(&self, ty: &Ty) -> String {
        match ty {
            Ty::Any | Ty::Json | Ty::Null | Ty::Union(_) => "any".into(),
            Ty::Bool | Ty::ConstBool(_) => "bool".into(),
            Ty::Int | Ty::Duration { float: false } => "int64".into(),
            Ty::Float | Ty::Duration { float: true } => "float64".into(),
            Ty::Str | Ty::DateTime | Ty::Uuid | Ty::ConstStr(_) => "string".into(),
            Ty::Ref(key) => self.name(key).to_owned(),
            Ty::List(inner) | Ty::Filled(inner) => format!("[]{}", self.ty(inner)),
            Ty::Map(inner) => format!("map[string]{}", self.ty(inner)),
            Ty::Nullable(inner) => self.pointer(inner),
        }
    }

    /// The type of a value that may be missing.
    fn pointer(&self, ty: &Ty) -> String {
        let inner = self.ty(ty);
        if self.has_nothing(ty) { inner } else { format!("*{inner}") }
    }

    /// Whether the type in Go has a value for nothing.
    pub fn has_nothing(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Any
            | Ty::Json
            | Ty::Null
            | Ty::Union(_)
            | Ty::List(_)
            | Ty::Filled(_)
            | Ty::Map(_)
            | Ty::Nullable(_) => true,
            Ty::Ref(key) => match &self.model.get(key).kind {
                Kind::Alias(inner) => self.has_nothing(inner),
                Kind::Struct { fields, additional } => fields.is_empty() && *additional != Additional::Closed,
                Kind::Union { .. } | Kind::Enum { .. } => false,
            },
            _ => false,
        }
    }

    /// Texts that may be missing are empty then.
    fn is_text(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Str | Ty::DateTime | Ty::Uuid | Ty::ConstStr(_) => true,
            Ty::Ref(key) => match &self.model.get(key).kind {
                Kind::Alias(inner) => self.is_text(inner),
                Kind::Enum { .. } => true,
                _ => false,
            },
            _ => false,
        }
    }

    fn field(&self, owner: &TypeDef, field: &Field) -> (String, &'static str) {
        if !field.required {
            let ty = match &field.ty {
                Ty::Nullable(inner) if self.is_text(inner) => format!("*{}", self.ty(inner)),
                ty if self.is_text(ty) => self.ty(ty),
                ty => self.pointer(ty),
            };
            return (ty, ",omitzero");
        }
        let ty = match &field.ty {
            ty @ Ty::Ref(key) if field.null_in_prose || self.reaches(key, &owner.key) => self.pointer(ty),
            ty if field.null_in_prose => self.pointer(ty),
            ty => self.ty(ty),
        };
        (ty, "")
    }

    fn structure(&self, def: &TypeDef, fields: &[Field], additional: &Additional) -> String {
        let name = self.name(&def.key);
        if let (true, Additional::Any) = (fields.is_empty(), additional) {
            return format!("type {name} = map[string]any\n");
        }
        if let (true, Additional::Typed(ty)) = (fields.is_empty(), additional) {
            return format!("type {name} = map[string]{}\n", self.ty(ty));
        }
        if fields.is_empty() {
            return format!("type {name} struct{{}}\n");
        }
        let mut seen = BTreeSet::new();
        let mut constant = Vec::new();
        let lines: Vec<[String; 3]> = fields
            .iter()
            .map(|field| {
                let mut go = exported(&field.wire);
                while !seen.insert(go.clone()) {
                    go.push('X');
                }
                if let (Some(Constant::Str(text)), true) = (&field.constant, field.required) {
                    constant.push((go.clone(), text.clone()));
                }
                let (ty, omit) = self.field(def, field);
                [go, ty, format!("`json:\"{}{omit}\"`", field.wire)]
            })
            .collect();
        let mut out = format!("type {name} struct {{\n{}}}\n", columns(&lines));
        if !constant.is_empty() {
            let _ = write!(
                out,
                "\n// MarshalJSON fills in what the type says.\nfunc (v {name}) MarshalJSON() ([]byte, error) {{\n\ttype plain {name}\n"
            );
            for (field, text) in constant {
                let _ = write!(out, "\tif v.{field} == \"\" {{\n\t\tv.{field} = {text:?}\n\t}}\n");
            }
            out.push_str("\treturn json.Marshal(plain(v))\n}\n");
        }
        out
    }

    fn enumeration(&self, def: &TypeDef, values: &[String]) -> String {
        let name = self.name(&def.key);
        let mut seen = BTreeSet::new();
        let lines: Vec<[String; 3]> = values
            .iter()
            .map(|value| {
                let words = exported(value);
                let mut constant = format!("{name}{}", if words.is_empty() { "Any" } else { &words });
                while !seen.insert(constant.clone()) || self.names.values().any(|known| *known == constant) {
                    constant.push('X');
                }
                [constant, name.to_owned(), format!("= {value:?}")]
            })
            .collect();
        format!(
            "type {name} string\n\n// Values of {name}; a newer runtime may have others.\nconst (\n{})\n",
            columns(&lines)
        )
    }

    fn union(&self, def: &TypeDef, variants: &[Ty], tag: Option<&Tag>) -> String {
        let name = self.name(&def.key);
        let mut out = format!("type {name} struct{{ Union }}\n");
        let Some(tag) = tag else { return out };
        let _ = write!(out, "\n// Kind is the member {} that tells which it is:\n//\n", tag.wire);
        for (variant, value) in variants.iter().zip(&tag.values) {
            let _ = writeln!(out, "//   - {:?}: {}", value.text(), self.ty(variant));
        }
        let _ = write!(out, "func (v {name}) Kind() string {{\n\treturn v.member({:?})\n}}\n", tag.wire);
        out
    }

    fn definition(&self, def: &TypeDef) -> String {
        let name = self.name(&def.key);
        let mut doc = match &def.kind {
            Kind::Union { variants, .. } => {
                let list: Vec<String> = variants.iter().map(|variant| self.ty(variant)).collect();
                format!("{name} is one of: {}.", list.join(", "))
            }
            Kind::Enum { .. } => format!("{name} is a choice of the protocol."),
            _ => format!("{name} is a value of the protocol."),
        };
        for (on, text) in [(def.internal, " Internal."), (def.experimental, " Experimental.")] {
            if on {
                doc.push_str(text);
            }
        }
        let mut out = comment(&doc, "");
        if def.deprecated {
            out.push_str("//\n// Deprecated: the runtime says so.\n");
        }
        out.push_str(&match &def.kind {
            Kind::Struct { fields, additional } => self.structure(def, fields, additional),
            Kind::Enum { values } => self.enumeration(def, values),
            Kind::Union { variants, tag } => self.union(def, variants, tag.as_ref()),
            Kind::Alias(ty) => format!("type {name} = {}\n", self.ty(ty)),
        });
        out
    }
}

pub fn all(printer: &Printer<'_>, origin: Origin) -> String {
    let mut body = String::new();
    for def in printer.model.of(origin) {
        body.push('\n');
        body.push_str(&printer.definition(def));
    }
    if origin == Origin::Events {
        body.push_str(&event_data(printer));
    }
    let mut out = head("rpc", "the schemas of the runtime package");
    if body.contains("json.") {
        out.push_str("\nimport \"encoding/json\"\n");
    }
    out + &body
}

/// What makes the data of an event from its type.
fn event_data(printer: &Printer<'_>) -> String {
    let mut out = "\n// NewEventData is a new value for the data of an event of this type, to be decoded into; nil for types without one.\nfunc NewEventData(eventType string) any {\n\tswitch eventType {\n".to_owned();
    for event in &printer.model.events {
        let _ = write!(out, "\tcase {:?}:\n\t\treturn new({})\n", event.wire, printer.name(&event.data));
    }
    out + "\t}\n\treturn nil\n}\n"
}

/// Every type by the name that the tests of generated code give it.
pub fn registry(printer: &Printer<'_>) -> String {
    let mut out = head("main", "the schemas of the runtime package");
    out.push_str("\nimport \"github.com/copilot-native/copilot-native/bindings/go/rpc\"\n\n// made gives a value of the type with this name, nil when there is none.\nfunc made(name string) any {\n\tswitch name {\n");
    for def in printer.model.types.values() {
        let origin = if def.key.origin == Origin::Api { "api" } else { "events" };
        let _ = write!(
            out,
            "\tcase \"{origin}.{}\":\n\t\treturn new(rpc.{})\n",
            def.key.name,
            printer.name(&def.key)
        );
    }
    out + "\t}\n\treturn nil\n}\n"
}
