//! Unions whose variants have no class of their own become one class with the fields of all variants.

use super::groups::common_name;
use super::lower::Lower;
use super::{PField, PKind, PTy, PType, Presence};
use crate::model::{Field, Key, Kind, Ty};

struct Merged {
    wire: String,
    tys: Vec<PTy>,
    refs: Vec<Key>,
    constants: Vec<String>,
    required_in: usize,
    nullable: bool,
}

impl Lower<'_> {
    /// The merged class of `variants`, registered under `class`.
    pub fn merge(&mut self, class: &str, variants: &[Key]) {
        let mut order: Vec<Merged> = Vec::new();
        for key in variants {
            let mut fields: Vec<Field> = self.model.get(key).fields().to_vec();
            fields.sort_by_key(|f| f.wire.to_lowercase());
            for field in fields {
                self.merge_field(&mut order, &field);
            }
        }
        let mut fields: Vec<PField> = Vec::new();
        for merged in order {
            let presence = match (merged.required_in == variants.len(), merged.nullable) {
                (true, false) => Presence::Required,
                (true, true) => Presence::RequiredNullable,
                (false, false) => Presence::Optional,
                (false, true) => Presence::OptionalNullable,
            };
            let ty = self.merged_type(class, &merged);
            fields.push(PField {
                attr: self.attr(&merged.wire, false, false),
                wire: merged.wire,
                ty,
                presence,
            });
        }
        let (mut needed, rest): (Vec<PField>, Vec<PField>) =
            fields.into_iter().partition(|f| !f.has_default());
        needed.sort_by_key(|f| f.wire.to_lowercase());
        needed.extend(rest);
        let kind = PKind::Struct { fields: needed, tags: Vec::new() };
        let public = !class.starts_with('_');
        self.out.types.insert(class.to_owned(), PType { kind, public, deprecated: false });
    }

    fn merge_field(&mut self, order: &mut Vec<Merged>, field: &Field) {
        let (inner, nullable) = match &field.ty {
            Ty::Nullable(inner) => ((**inner).clone(), true),
            other => (other.clone(), false),
        };
        let position = order.iter().position(|m| m.wire == field.wire).unwrap_or_else(|| {
            order.push(Merged {
                wire: field.wire.clone(),
                tys: Vec::new(),
                refs: Vec::new(),
                constants: Vec::new(),
                required_in: 0,
                nullable: false,
            });
            order.len() - 1
        });
        let string_constant = matches!(&field.constant, Some(crate::model::Constant::Str(_)));
        let ty = if string_constant { None } else { Some(self.ty(&inner)) };
        let merged = &mut order[position];
        merged.nullable |= nullable;
        merged.required_in += usize::from(field.required);
        if let Some(constant) = field.constant.as_ref().filter(|_| string_constant) {
            merged.constants.push(constant.text());
        }
        if let Some(ty) = ty.filter(|ty| !merged.tys.contains(ty)) {
            merged.tys.push(ty);
        }
        if let Ty::Ref(key) = inner
            && !string_constant
            && !merged.refs.contains(&key)
        {
            merged.refs.push(key);
        }
    }

    fn merged_type(&mut self, class: &str, merged: &Merged) -> PTy {
        let mut tys = merged.tys.clone();
        if !merged.constants.is_empty() {
            let values: Vec<String> = self.with_enum_values(&merged.constants, &merged.refs);
            let name = self.enum_for(class, &merged.wire, &values);
            return PTy::Name { name, events: false };
        }
        if merged.refs.len() > 1
            && merged.refs.len() == tys.len()
            && let Some(joined) = self.join_refs(class, &merged.wire, &merged.refs)
        {
            tys = vec![joined];
        }
        match tys.len() {
            0 => PTy::Any,
            1 => tys.remove(0),
            _ => PTy::Union(tys),
        }
    }

    fn with_enum_values(&self, constants: &[String], refs: &[Key]) -> Vec<String> {
        let mut values = constants.to_vec();
        for key in refs {
            if let Kind::Enum { values: more } = &self.model.get(key).kind {
                values.extend(more.iter().cloned());
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        values.retain(|v| seen.insert(v.clone()));
        values
    }

    /// Several classes under one property: structs are merged again, enums joined.
    fn join_refs(&mut self, class: &str, wire: &str, refs: &[Key]) -> Option<PTy> {
        let names: Vec<String> = refs.iter().map(|k| k.name.clone()).collect();
        let name = common_name(&names)?;
        if refs.iter().all(|k| matches!(self.model.get(k).kind, Kind::Struct { .. })) {
            self.merge(&name, refs);
            return Some(PTy::Name { name, events: false });
        }
        if refs.iter().all(|k| matches!(self.model.get(k).kind, Kind::Enum { .. })) {
            let values = self.with_enum_values(&[], refs);
            let name = self.enum_for(class, wire, &values);
            return Some(PTy::Name { name, events: false });
        }
        None
    }
}
