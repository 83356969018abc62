//! What serde_json takes for an object, the reader of messages takes too; nothing makes it panic.
#![no_main]

use bytes::Bytes;
use copilot_core::fuzzing::message;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let is_message = message(Bytes::copy_from_slice(input));
    if serde_json::from_slice::<Value>(input).is_ok() {
        assert!(is_message, "refused: {:?}", String::from_utf8_lossy(input));
    }
});
