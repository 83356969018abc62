//! JSON of any shape, and messages with one thing wrong.

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

/// Any id that a message may carry, also what no message may.
pub(super) fn id(dice: &mut Rng) -> Value {
    match dice.usize(..6) {
        0 => dice.u32(..).into(),
        1 => text(dice).into(),
        2 => Value::Null,
        3 => json!(-1.5),
        4 => json!([1]),
        _ => json!({"id": 1}),
    }
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
