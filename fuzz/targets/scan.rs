//! The reader that finds members without typing them, and JSON pointers, beside serde_json: what is JSON for it has the same
//! members with the same values; nothing makes it panic. The first line of the input is the pointer, the rest the text.
#![no_main]

use std::str;

use copilot_core::fuzzing::members;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

#[path = "../../ffi/src/pointer.rs"]
mod pointer;

fuzz_target!(|input: &[u8]| {
    let line = input.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (pointer, text) = (&input[..line], input.get(line + 1..).unwrap_or_default());
    look(text, 0);
    let (Ok(pointer), Ok(text)) = (str::from_utf8(pointer), str::from_utf8(text)) else { return };
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return;
    }
    let found = pointer::find(text, pointer);
    if let Ok(whole) = serde_json::from_str::<Value>(text) {
        let found = found.expect("JSON is refused").map(|value| serde_json::from_str(value.get()).unwrap());
        assert_eq!(found.as_ref(), whole.pointer(pointer));
    }
});

/// The members of an object, and of those in it.
fn look(text: &[u8], depth: usize) {
    let found = members(text);
    if let Ok(whole) = serde_json::from_slice::<Map<String, Value>>(text) {
        let typed = found.as_ref().expect("an object is refused").iter().map(|(name, value)| {
            let name = format!("\"{}\"", str::from_utf8(&text[name.clone()]).unwrap());
            let value = serde_json::from_slice::<Value>(&text[value.clone()]).unwrap();
            (serde_json::from_str::<String>(&name).unwrap(), value)
        });
        assert_eq!(typed.collect::<Map<_, _>>(), whole);
    }
    for (_, value) in found.into_iter().flatten() {
        if depth < 20 {
            look(&text[value], depth + 1);
        }
    }
}
