//! JSON of any shape, and messages with one thing wrong.

use std::collections::HashMap;

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Any JSON, at most so deep.
pub(super) fn any(dice: &mut Rng, depth: usize) -> Value {
    match dice.usize(..if depth == 0 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => dice.bool().into(),
        2 => number(dice),
        3..=5 => text(dice).into(),
        6 | 7 => {
            (0..dice.usize(..4)).map(|_| (text(dice), any(dice, depth - 1))).collect::<Map<_, _>>().into()
        }
        _ => (0..dice.usize(..4)).map(|_| any(dice, depth - 1)).collect::<Vec<_>>().into(),
    }
}

fn number(dice: &mut Rng) -> Value {
    let numbers = [
        json!(0),
        json!(-1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(0.5),
        json!(-0.0),
        json!(1e308),
        json!(4_294_967_296_u64),
        json!(9_007_199_254_740_993_u64),
    ];
    dice.choice(numbers).unwrap_or_default()
}

/// Texts that programs get wrong.
fn text(dice: &mut Rng) -> String {
    match dice.usize(..10) {
        0 => String::new(),
        1 => "\u{0}".to_owned(),
        2 => "ä\u{1F469}\u{200D}\u{1F680}\u{202E}".to_owned(),
        3 => "x".repeat(dice.usize(..5000)),
        4 => "../../../etc/passwd".to_owned(),
        5 => "__proto__".to_owned(),
        6 => "constructor".to_owned(),
        7 => "\\\"\n\r\t\u{2028}".to_owned(),
        8 => dice.u64(..).to_string(),
        _ => (0..dice.usize(1..12)).map(|_| dice.alphanumeric()).collect(),
    }
}

/// Any id that a message may carry, also what no message may, and one of a few that come again.
pub(super) fn id(dice: &mut Rng) -> Value {
    match dice.usize(..9) {
        0 => dice.u32(..).into(),
        1 => text(dice).into(),
        2 => Value::Null,
        3 => number(dice),
        4 => json!(-1.5),
        5 => json!([1]),
        6 => dice.bool().into(),
        7 => dice.u32(..4).into(),
        _ => json!({"id": 1}),
    }
}

/// The params of a question, with its ids in place: `$id` is one of a few, other names are those that were heard.
pub(super) fn filled(dice: &mut Rng, params: &str, heard: &HashMap<&'static str, String>) -> Value {
    let mut params = params.replace("\"$id\"", &format!("\"r{}\"", dice.usize(..4)));
    for (name, text) in heard {
        params = params.replace(&format!("\"${name}\""), &Value::from(text.as_str()).to_string());
    }
    serde_json::from_str(&params).unwrap_or_default()
}

/// Replaces, removes or adds one member, anywhere.
pub(super) fn spoil(dice: &mut Rng, value: &mut Value) {
    let deeper = dice.usize(..4) > 0;
    match value {
        Value::Object(members) if deeper && !members.is_empty() => {
            let names: Vec<_> = members.keys().cloned().collect();
            let Some(name) = dice.choice(names) else { return };
            match dice.usize(..8) {
                0 => drop(members.remove(&name)),
                1 => drop(members.insert(text(dice), any(dice, 2))),
                _ => spoil(dice, &mut members[name.as_str()]),
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = dice.usize(..items.len());
            spoil(dice, &mut items[at]);
        }
        _ => *value = any(dice, 2),
    }
}
