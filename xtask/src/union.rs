//! Lays the schemas of several runtimes over each other, oldest first: one schema whose types read what any of them sends.
//!
//! Definitions, members, enum values, alternatives and methods of all are there; a member is required only if every
//! source requires it. Where two sources contradict each other the newer one is right: the tests read values of each
//! schema alone, and what does not fit is listed in `schema::relax`. Methods and definitions say from which source on
//! they are there (`x-since`, not for those of the oldest) and which was the last to have them (`x-until`).

use serde_json::{Map, Value, json};

use crate::reader::variant_suffix;

/// First source with a method or definition.
pub const SINCE: &str = "x-since";
/// Last source with it.
pub const UNTIL: &str = "x-until";

/// How many sources came before the one that brought a member to a definition that others have.
pub const ADDED: &str = "x-added";

/// A schema file of one runtime.
pub struct Source<'a> {
    pub runtime: &'a str,
    pub schema: Value,
    /// It has only what others lack, so what is not in it says nothing.
    pub partial: bool,
}

/// The union of all sources; they come oldest first.
pub fn union(sources: Vec<Source<'_>>) -> Value {
    let mut sources = sources.into_iter();
    let Some(first) = sources.next() else { return Value::Null };
    let (mut last, mut all) = (first.runtime, first.schema);
    for (before, Source { runtime, schema, partial }) in (1_u64..).zip(sources) {
        let step = Step { before, since: runtime, until: (!partial).then_some(last) };
        step.root(&mut all, schema);
        last = if partial { last } else { runtime };
    }
    all
}

/// The runtimes of the source that is laid over the others, and of the one before it.
/// Methods that a runtime without schemas answers have been there since then, if nothing older is known of them.
pub fn known_since(node: &mut Value, runtime: &str, names: &[String]) {
    let Value::Object(members) = node else { return };
    if let Some(name) = members.get("rpcMethod").and_then(Value::as_str) {
        let is_newer =
            members.get(SINCE).and_then(Value::as_str).is_some_and(|since| numbers(runtime) < numbers(since));
        if is_newer && names.iter().any(|known| known == name) {
            members.insert(SINCE.to_owned(), runtime.into());
        }
        return;
    }
    members.values_mut().for_each(|member| known_since(member, runtime, names));
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-']).filter_map(|part| part.parse().ok()).collect()
}

struct Step<'a> {
    /// How many sources came before.
    before: u64,
    since: &'a str,
    until: Option<&'a str>,
}

type Lay<'a> = fn(&Step<'a>, &mut Value, Value);

impl<'a> Step<'a> {
    fn root(&self, to: &mut Value, newer: Value) {
        let (Value::Object(to), Value::Object(newer)) = (to, newer) else { return };
        for (key, value) in newer {
            match (to.get_mut(&key), key.as_str()) {
                (Some(there), "definitions") => self.names(there, value, Self::schema),
                (Some(there), "server" | "session" | "clientSession" | "clientGlobal") => {
                    self.names(there, value, Self::namespace);
                }
                _ => drop(to.insert(key, value)),
            }
        }
    }

    /// Two maps from names to definitions, methods or namespaces.
    fn names(&self, to: &mut Value, newer: Value, lay: Lay<'a>) {
        let (Value::Object(to), Value::Object(mut newer)) = (to, newer) else { return };
        for (name, there) in to.iter_mut() {
            match newer.shift_remove(name) {
                Some(value) => lay(self, there, value),
                None => self.until.into_iter().for_each(|runtime| mark(there, UNTIL, runtime)),
            }
        }
        for (name, mut value) in newer {
            mark(&mut value, SINCE, self.since);
            to.insert(name, value);
        }
    }

    fn namespace(&self, to: &mut Value, newer: Value) {
        if newer.get("rpcMethod").is_none() {
            return self.names(to, newer, Self::namespace);
        }
        let old = to.take();
        *to = newer;
        for part in ["params", "result"] {
            let (Some(new), Some(old)) = (to.get_mut(part), old.get(part)) else { continue };
            self.over(old.clone(), new);
        }
        old.get(SINCE).into_iter().for_each(|since| to[SINCE] = since.clone());
    }

    fn schema(&self, to: &mut Value, mut newer: Value) {
        let since = to.get(SINCE).cloned();
        self.over(to.take(), &mut newer);
        since.into_iter().for_each(|since| newer[SINCE] = since);
        *to = newer;
    }

    /// Puts an older node under a newer one.
    fn over(&self, older: Value, newer: &mut Value) {
        let (Value::Object(mut older), Value::Object(new)) = (older, &mut *newer) else { return };
        self.spread_over_alternatives(&mut older, new);
        if form(&older) != form(new) {
            // Facts only add.
            if self.until.is_none() {
                *newer = Value::Object(older);
            }
            return;
        }
        for key in ["enum", "anyOf", "oneOf"] {
            let (Some(Value::Array(new)), Some(Value::Array(old))) = (new.get_mut(key), older.get_mut(key))
            else {
                continue;
            };
            old.retain(|value| !new.iter().any(|there| is_same(there, value)));
            new.append(old);
        }
        for key in ["items", "additionalProperties"] {
            let (Some(new), Some(old)) = (new.get_mut(key), older.shift_remove(key)) else { continue };
            self.over(old, new);
        }
        for key in ["minItems", "maxItems"] {
            if new.get(key) != older.get(key) {
                new.shift_remove(key);
            }
        }
        self.members(&mut older, new);
        if self.until.is_none() {
            for (key, value) in older {
                new.entry(key).or_insert(value);
            }
        }
    }

    /// Members that facts have of a definition with alternatives: nobody knows to which they belong, so each that is
    /// written out may have them.
    fn spread_over_alternatives(&self, older: &mut Map<String, Value>, newer: &mut Map<String, Value>) {
        if older.contains_key("properties") {
            return;
        }
        let Some(Value::Array(alternatives)) = older.get_mut("anyOf") else { return };
        let Some(members) = newer.shift_remove("properties") else { return };
        newer.shift_remove("required");
        for alternative in alternatives.iter_mut().filter(|each| each.get("properties").is_some()) {
            let required = alternative.get("required").cloned().unwrap_or_default();
            let mut more = json!({"type": "object", "properties": members.clone(), "required": required});
            self.over(alternative.take(), &mut more);
            *alternative = more;
        }
    }

    fn members(&self, older: &mut Map<String, Value>, newer: &mut Map<String, Value>) {
        let Some(Value::Object(old)) = older.shift_remove("properties") else { return };
        let Some(Value::Object(new)) = newer.get_mut("properties") else { return };
        for (name, node) in new.iter_mut().filter(|(name, _)| !old.contains_key(*name)) {
            debug_assert!(node.is_object(), "{name}");
            node[ADDED] = self.before.into();
        }
        for (name, old) in old {
            match new.get_mut(&name) {
                Some(new) => {
                    let added = old.get(ADDED).cloned();
                    self.over(old, new);
                    added.into_iter().for_each(|added| new[ADDED] = added);
                }
                None => drop(new.insert(name, old)),
            }
        }
        let known = older.get("required").and_then(Value::as_array);
        if let Some(Value::Array(required)) = newer.get_mut("required") {
            required.retain(|name| known.is_some_and(|known| known.contains(name)));
        }
    }
}

/// Marks a definition or method, or each method of a namespace, unless it has the mark.
fn mark(node: &mut Value, key: &str, runtime: &str) {
    let Value::Object(map) = node else { return };
    let is_namespace = !map.is_empty() && map.values().all(|v| v.is_object()) && !map.contains_key("type");
    if is_namespace {
        return map.values_mut().for_each(|below| mark(below, key, runtime));
    }
    map.entry(key).or_insert_with(|| runtime.into());
}

/// What two nodes must agree on to be laid over each other.
fn form(node: &Map<String, Value>) -> [Option<&Value>; 3] {
    ["$ref", "type", "const"].map(|key| node.get(key))
}

/// Whether two alternatives or values are the same; what they are told to mean may differ.
fn is_same(newer: &Value, older: &Value) -> bool {
    match (newer.get("$ref"), older.get("$ref")) {
        (None, None) => newer == older,
        // What was written out has got a definition, under the name that such an alternative has.
        (Some(definition), None) => {
            let suffix = older.as_object().and_then(variant_suffix);
            suffix.is_some_and(|suffix| definition.as_str().is_some_and(|name| name.ends_with(&suffix)))
        }
        (newer, older) => newer == older,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(older: Value, newer: Value) -> Value {
        let source =
            |runtime, node| Source { runtime, schema: json!({"definitions": {"A": node}}), partial: false };
        union(vec![source("1", older), source("2", newer)])["definitions"]["A"].take()
    }

    #[test]
    fn a_member_is_required_only_if_every_source_requires_it() {
        let older = json!({"type": "object", "properties": {"a": {}, "b": {}, "gone": {}}, "required": ["a", "b", "gone"]});
        let newer =
            json!({"type": "object", "properties": {"a": {}, "b": {}, "new": {}}, "required": ["a", "new"]});
        let all = of(older, newer);
        assert_eq!(all["required"], json!(["a"]));
        assert_eq!(all["properties"].as_object().unwrap().len(), 4);
    }

    #[test]
    fn values_and_alternatives_of_all_are_kept() {
        let all =
            of(json!({"type": "string", "enum": ["x", "y"]}), json!({"type": "string", "enum": ["y", "z"]}));
        assert_eq!(all["enum"], json!(["y", "z", "x"]));
        let all = of(json!({"anyOf": [{"$ref": "#/1"}]}), json!({"anyOf": [{"$ref": "#/2"}]}));
        assert_eq!(all["anyOf"], json!([{"$ref": "#/2"}, {"$ref": "#/1"}]));
    }

    #[test]
    fn where_they_contradict_each_other_the_newer_is_right() {
        assert_eq!(of(json!({"type": "string"}), json!({"type": "integer"})), json!({"type": "integer"}));
        assert_eq!(
            of(json!({"type": "object", "visibility": "internal"}), json!({"type": "object"})),
            json!({"type": "object"})
        );
    }

    #[test]
    fn methods_say_when_they_came_and_went() {
        let source =
            |runtime, methods, partial| Source { runtime, schema: json!({"session": methods}), partial };
        let method = |wire: &str| json!({"rpcMethod": wire, "params": null});
        let all = union(vec![
            source("1", json!({"old": {"run": method("o")}, "both": method("b")}), false),
            source("2", json!({"both": method("b"), "new": {"run": method("n")}}), false),
            source("3", json!({"newest": method("t")}), true),
        ]);
        assert_eq!(all["session"]["old"]["run"][UNTIL], "1");
        assert_eq!(all["session"]["both"], method("b"));
        assert_eq!(all["session"]["new"]["run"][SINCE], "2");
        assert_eq!(all["session"]["newest"][SINCE], "3");
    }
}
