//! Partial matching and `$name` templates, the two small languages that scripts and conformance cases share.

use serde_json::{Map, Value};

/// Whether `actual` satisfies `pattern`.
///
/// An object pattern names the keys it cares about; arrays must have equal length and match element by element; everything
/// else must be equal, numbers by value. Three patterns are special, each an object with this one key:
/// `{"$any": true}` (present, whatever it is), `{"$absent": true}` (the key must be missing),
/// `{"$contains": "text"}` (a string holding that text) and `{"$oneOf": [patterns]}` (at least one of them fits).
pub fn matches(pattern: &Value, actual: &Value) -> bool {
    match pattern {
        Value::Object(wanted) => match special(wanted) {
            Some(("$any", _)) => true,
            Some(("$absent", _)) => false,
            Some(("$contains", text)) => contains(text, actual),
            Some((_, patterns)) => {
                patterns.as_array().is_some_and(|any| any.iter().any(|one| matches(one, actual)))
            }
            None => matches_object(wanted, actual),
        },
        Value::Array(wanted) => actual.as_array().is_some_and(|items| {
            items.len() == wanted.len() && wanted.iter().zip(items).all(|(want, item)| matches(want, item))
        }),
        Value::Number(wanted) => wanted.as_f64() == actual.as_f64(),
        _ => pattern == actual,
    }
}

fn special(wanted: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (key, value) = wanted.iter().next().filter(|_| wanted.len() == 1)?;
    matches!(key.as_str(), "$any" | "$absent" | "$contains" | "$oneOf").then_some((key.as_str(), value))
}

fn contains(text: &Value, actual: &Value) -> bool {
    matches!((text.as_str(), actual.as_str()), (Some(text), Some(actual)) if actual.contains(text))
}

fn matches_object(wanted: &Map<String, Value>, actual: &Value) -> bool {
    let Some(actual) = actual.as_object() else { return false };
    wanted.iter().all(|(key, want)| match actual.get(key) {
        Some(value) => matches(want, value),
        None => want.as_object().and_then(special).is_some_and(|(key, _)| key == "$absent"),
    })
}

/// Replaces every `$name` and `$name.path.to.key` in the strings of `template` by values of `vars`.
///
/// A string that is nothing but one reference becomes the value itself, with its JSON type; inside longer text the value is
/// spelled out. References to unknown names, and paths that lead nowhere, are left as they are.
pub fn expand(template: &Value, vars: &Map<String, Value>) -> Value {
    match template {
        Value::String(text) => expand_string(text, vars),
        Value::Array(items) => items.iter().map(|item| expand(item, vars)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), expand(value, vars))).collect()
        }
        other => other.clone(),
    }
}

/// [`expand`] for text whose result is text whatever the reference.
pub fn expand_text(text: &str, vars: &Map<String, Value>) -> String {
    match expand_string(text, vars) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn expand_string(text: &str, vars: &Map<String, Value>) -> Value {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        let (before, tail) = rest.split_at(start);
        let reference = reference_length(tail);
        let value = lookup(&tail[1..reference], vars);
        if let Some(value) = value.as_ref().filter(|_| reference == text.len()) {
            return value.clone();
        }
        out.push_str(before);
        match value {
            Some(Value::String(value)) => out.push_str(&value),
            Some(value) => out.push_str(&value.to_string()),
            None => out.push_str(&tail[..reference]),
        }
        rest = &tail[reference..];
    }
    out.push_str(rest);
    Value::String(out)
}

/// How many bytes of `text`, which begins with `$`, belong to the reference. A full stop that ends a sentence does not.
fn reference_length(text: &str) -> usize {
    let name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.';
    let length = 1 + text.as_bytes()[1..].iter().take_while(|b| name(b)).count();
    text[..length].trim_end_matches('.').len()
}

fn lookup(reference: &str, vars: &Map<String, Value>) -> Option<Value> {
    if reference == "uuid" {
        return Some(Value::String(crate::text::uuid()));
    }
    let mut parts = reference.split('.');
    let mut value = vars.get(parts.next()?)?;
    for part in parts {
        value = match value {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            other => other.get(part)?,
        };
    }
    Some(value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn partial_match() {
        let actual = json!({"a": 1, "b": {"c": "hello", "d": [1, 2]}});
        assert!(matches(&json!({"a": 1.0, "b": {"d": [1, {"$any": true}]}}), &actual));
        assert!(matches(&json!({"b": {"c": {"$contains": "ell"}, "x": {"$absent": true}}}), &actual));
        assert!(matches(&json!({"a": {"$oneOf": [2, 1]}}), &actual));
        assert!(!matches(&json!({"a": {"$absent": true}}), &actual));
        assert!(!matches(&json!({"b": {"d": [1]}}), &actual));
        assert!(!matches(&json!({"z": {"$any": true}}), &actual));
    }

    #[test]
    fn templates() {
        let vars = json!({"n": 7, "p": {"x": ["a", "b"]}, "s": "id"});
        let vars = vars.as_object().unwrap();
        let expanded = expand(&json!({"n": "$n", "t": "<$n> $p.x.1. costs $5 $s", "o": "$p.x"}), vars);
        assert_eq!(expanded, json!({"n": 7, "t": "<7> b. costs $5 id", "o": ["a", "b"]}));
        assert_eq!(expand_text("$uuid", vars).len(), 36);
    }
}
