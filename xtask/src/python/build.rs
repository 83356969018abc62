//! The order in which one Python module is made.

use std::collections::BTreeMap;

use super::groups::Groups;
use super::lower::Lower;
use super::{Module, PTy, api, enums, table};
use crate::model::{Key, Model, Origin, Ty};

pub fn module(model: &Model, origin: Origin) -> Module {
    lowered(model, origin).out
}

/// Type of every definition that Python knows by itself.
pub fn specs(model: &Model, origin: Origin) -> BTreeMap<Key, String> {
    let mut lower = lowered(model, origin);
    let reachable = model.closure(model.events.iter().map(|e| &e.data));
    let mut out = BTreeMap::new();
    for def in model.of(origin) {
        if def.inline.is_some() || (origin == Origin::Events && !reachable.contains(&def.key)) {
            continue;
        }
        let ty = if model.events.iter().any(|e| e.data == def.key) {
            PTy::Name { name: lower.class_name(&def.key), events: false }
        } else {
            lower.ty(&Ty::Ref(def.key.clone()))
        };
        let ty = if def.nullable || def.optional { ty.opt() } else { ty };
        out.insert(def.key.clone(), table::spec(&ty));
    }
    out
}

fn lowered(model: &Model, origin: Origin) -> Lower<'_> {
    let mut enum_names = Groups::new();
    if origin == Origin::Api {
        enum_names = enums::groups(model);
        enum_names.append(&mut enums::constant_groups(model, &enum_names));
    }
    let mut lower = Lower::new(model, origin, enum_names);
    lower.find_tagged();
    lower.define_all();
    if origin == Origin::Api {
        lower.add_constant_enums();
        api::build(&mut lower);
        lower.add_fixed();
    } else {
        lower.add_events();
    }
    lower.add_aliases();
    lower
}
