//! Every generated type: what it reads of any JSON and writes again, it reads as the same. The first line of the input is the name
//! of the type, or its number; the rest is the text.
#![no_main]

extern crate copilot_core as generated_check;

use std::str;

use copilot_core::generated::surrogates;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../tests/generated/rust/src/registry.rs"]
mod registry;

/// Whether all that `value` has is in `written`, where a member that is always the same may have come along.
fn holds(written: &Value, value: &Value) -> bool {
    match (written, value) {
        (Value::Object(written), Value::Object(value)) => {
            value.iter().all(|(name, member)| written.get(name).is_some_and(|other| holds(other, member)))
        }
        (Value::Array(written), Value::Array(value)) => {
            written.len() == value.len() && written.iter().zip(value).all(|(one, other)| holds(one, other))
        }
        _ => written == value,
    }
}

fuzz_target!(|input: &[u8]| {
    let Some(line) = input.iter().position(|byte| *byte == b'\n') else { return };
    let Ok(name) = str::from_utf8(&input[..line]) else { return };
    let found = match name.parse::<usize>() {
        Ok(number) => registry::TYPES.get(number % registry::TYPES.len()),
        Err(_) => registry::TYPES.iter().find(|(known, _)| *known == name),
    };
    let Some((name, again)) = found else { return };
    let Ok(value) = surrogates::parse(&input[line + 1..]) else { return };
    let Ok(written) = again(value.clone()) else { return };
    assert!(holds(&written, &value), "{name} has lost something of {value}: {written}");
    let text = surrogates::print(&written);
    let back =
        surrogates::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name} wrote {text}: {error}"));
    let twice = again(back).unwrap_or_else(|error| panic!("{name} refuses what it wrote: {text}: {error}"));
    assert_eq!(twice, written, "{name}");
});
