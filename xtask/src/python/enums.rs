//! Enums of the RPC module: definitions with the same values share one class, and constants get one too.

use std::collections::BTreeMap;

use super::groups::{Groups, common_name};
use super::lower::Lower;
use super::{PKind, PTy, PType, fixed};
use crate::model::{Constant, Key, Kind, Model, Origin, Ty};
use crate::names;

fn sorted(values: &[String]) -> Vec<String> {
    let mut values = values.to_vec();
    values.sort();
    values.dedup();
    values
}

fn established(values: &[String], name: String) -> String {
    let by_values = fixed::ENUM_NAMES.iter().find(|(set, _)| set.split(' ').eq(values.iter()));
    let by_name = fixed::RENAMED_ENUMS.iter().find(|(given, _)| *given == name);
    by_values.or(by_name).map_or(name, |(_, name)| (*name).to_owned())
}

/// Class name of every value set that a definition of the API schema has.
pub fn groups(model: &Model) -> Groups {
    let mut sets: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for def in model.of(Origin::Api) {
        if let Kind::Enum { values } = &def.kind
            && def.inline.is_none()
        {
            sets.entry(sorted(values)).or_default().push(def.key.name.clone());
        }
    }
    sets.into_iter()
        .map(|(values, mut definitions)| {
            definitions.sort();
            let name = if definitions.len() == 1 {
                names::acronym_style(&definitions[0])
            } else {
                common_name(&definitions).unwrap_or_else(|| names::acronym_style(&definitions[0]))
            };
            let internal = definitions.iter().all(|d| model.get(&Key::new(Origin::Api, d.clone())).internal);
            let name = established(&values, name);
            (values, if internal { format!("_{name}") } else { name })
        })
        .collect()
}

/// Names for value sets that only constants and inline enums have: `<Class><Property>` of the first class.
pub fn constant_groups(model: &Model, known: &Groups) -> Groups {
    let mut sets: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    let mut note = |values: Vec<String>, class: &str, wire: &str| {
        let name = format!("{}{}", names::acronym_style(class), names::acronym_style(wire));
        sets.entry(sorted(&values)).or_default().push(name);
    };
    for def in model.of(Origin::Api) {
        match &def.kind {
            Kind::Struct { fields, .. } if def.inline.is_none() => {
                for field in fields {
                    if let Some(Constant::Str(value)) = &field.constant {
                        note(vec![value.clone()], &def.key.name, &field.wire);
                    }
                }
            }
            Kind::Union { tag: Some(tag), .. } => {
                let values = tag.values.iter().map(Constant::text).collect();
                if matches!(tag.values[0], Constant::Str(_)) {
                    note(values, &def.key.name, &tag.wire);
                }
            }
            Kind::Enum { values } => {
                if let Some(inline) = &def.inline {
                    note(values.clone(), &inline.prop, "");
                }
            }
            _ => {}
        }
    }
    sets.retain(|values, _| !known.contains_key(values));
    sets.into_iter()
        .map(|(values, mut names)| {
            names.sort();
            let name = established(&values, names.remove(0));
            (values, name)
        })
        .collect()
}

impl Lower<'_> {
    /// The enum class with exactly these values, made when nothing has them yet.
    pub fn enum_for(&mut self, class: &str, wire: &str, values: &[String]) -> String {
        let set = sorted(values);
        let api = self.origin == Origin::Api;
        let name = self.enum_names.get(&set).filter(|_| api).cloned().unwrap_or_else(|| {
            let prop = if api { names::acronym_style(wire) } else { names::pascal(wire) };
            established(&set, format!("{class}{prop}"))
        });
        if api {
            self.enum_names.insert(set.clone(), name.clone());
        }
        self.add_enum(&name, if api { &set } else { values });
        name
    }

    pub fn add_enum(&mut self, name: &str, values: &[String]) {
        let mut members: Vec<(String, String)> = values.iter().map(|v| (self.member(v), v.clone())).collect();
        if self.origin == Origin::Api {
            members.sort();
        }
        let public = !name.starts_with('_');
        self.out.types.entry(name.to_owned()).or_insert(PType {
            kind: PKind::Enum { members },
            public,
            deprecated: false,
        });
    }

    fn member(&self, value: &str) -> String {
        if self.origin == Origin::Api {
            let name = names::upper_snake(value);
            return match name.chars().next() {
                None => "EMPTY".into(),
                Some(c) if c.is_ascii_digit() => format!("THE_{name}"),
                Some(_) => name,
            };
        }
        let spaced = names::simple_snake(value);
        let parts: Vec<&str> =
            spaced.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
        let name = parts.join("_").to_ascii_uppercase();
        match name.chars().next() {
            None => "VALUE".into(),
            Some(c) if c.is_ascii_digit() => format!("VALUE_{name}"),
            Some(_) => name,
        }
    }

    /// Definition of an enum, merged with its equals; every original name stays importable.
    pub fn define_enum(&mut self, key: &Key, values: &[String], inline: bool) {
        if self.origin == Origin::Events {
            let name = self.class_name(key);
            self.add_enum(&name, values);
            return;
        }
        if self.model.shared.contains(&self.ref_name(key)) {
            // The events module has an enum of this very name; it stands for both.
            return;
        }
        let name = self.enum_for(&key.name, "", values);
        if !inline && !name.starts_with('_') {
            self.alias(&key.name, &name);
        }
    }

    /// An extra name for a class, unless a class of that spelling exists already.
    pub fn alias(&mut self, alias: &str, name: &str) {
        self.aliases.push((alias.to_owned(), PTy::Name { name: name.to_owned(), events: false }));
    }

    /// Constants of variants have one-value enums in the established names, although no variant uses them.
    pub fn add_constant_enums(&mut self) {
        for (values, name) in constant_groups(self.model, &groups(self.model)) {
            self.add_enum(&name, &values);
        }
        for (class, value) in fixed::OLD_ENUMS {
            self.add_enum(class, &[(*value).to_owned()]);
        }
        for (union, wire, class) in fixed::JOINED_ENUMS {
            let values = self.values_over_variants(union, wire);
            self.add_enum(class, &values);
        }
        for def in self.model.of(Origin::Api) {
            if let Kind::Union { variants, .. } = &def.kind
                && let Some(Ty::ConstStr(value)) = variants.iter().find(|v| matches!(v, Ty::ConstStr(_)))
            {
                let name = names::acronym_style(&def.key.name);
                self.add_enum(&name, std::slice::from_ref(value));
            }
        }
    }

    fn values_over_variants(&self, union: &str, wire: &str) -> Vec<String> {
        let Some(def) = self.model.types.get(&Key::new(Origin::Api, union)) else { return Vec::new() };
        let mut values = Vec::new();
        def.visit_refs(&mut |variant| {
            for field in self.model.get(variant).fields().iter().filter(|f| f.wire == wire) {
                values.extend(field.constant.as_ref().map(Constant::text));
                if let (Ty::Ref(key), None) = (&field.ty, &field.constant)
                    && let Kind::Enum { values: more } = &self.model.get(key).kind
                {
                    values.extend(more.iter().cloned());
                }
            }
        });
        sorted(&values)
    }
}
