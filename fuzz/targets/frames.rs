//! However a stream is cut into pieces, its frames are the same. The first byte says how many sizes follow it.
#![no_main]

use copilot_core::fuzzing::frames;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((count, rest)) = input.split_first() else { return };
    let (sizes, stream) = rest.split_at(usize::from(*count % 16).min(rest.len()));
    let (whole, broke) = frames(stream, &[]);
    let (pieces, broke_too) = frames(stream, sizes);
    assert_eq!((&whole, broke), (&pieces, broke_too));
});
