//! Every generated type: what it reads of any JSON and writes again, it reads as the same. The first line of the input is the name
//! of the type, or its number; the rest is the text.
#![no_main]

extern crate copilot_core as generated_check;

use std::str;

use copilot_core::generated::surrogates;
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/generated/rust/src/registry.rs"]
mod registry;

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
    assert_eq!(written, value, "{name} has lost something");
    let text = surrogates::print(&written);
    let back =
        surrogates::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name} wrote {text}: {error}"));
    let twice = again(back).unwrap_or_else(|error| panic!("{name} refuses what it wrote: {text}: {error}"));
    assert_eq!(twice, written, "{name}");
});
