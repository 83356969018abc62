//! The C library by any sequence of calls: each byte chooses a function or a handle, valid, freed, of another kind, invented or NULL.
//! What is called is tests/abi/machine.c, whose table is made from the header.
#![no_main]

use copilot as _;
use libfuzzer_sys::fuzz_target;

unsafe extern "C" {
    fn machine_run(bytes: *const u8, len: usize);
}

fuzz_target!(|input: &[u8]| {
    // SAFETY: the machine reads as many bytes as it is told.
    unsafe { machine_run(input.as_ptr(), input.len()) }
});
