//! Events of any JSON: what is read of them never panics, and a copy reads the same.
#![no_main]

use bytes::Bytes;
use copilot_core::fuzzing::event;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = event(Bytes::copy_from_slice(input));
});
