//! Which version this is, for programs that load the library at run time.

use libc::c_char;

use crate::boundary::boundary;
use crate::input::copilot_str;

/// Number of the binary interface. A program built with header `COPILOT_ABI_VERSION` runs with every library whose
/// `copilot_abi_version()` is the same and whose version is not older.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_abi_version() -> u32 {
    ABI_VERSION
}

/// Version of the library as text, which is never freed, for example "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn copilot_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Version of the library as a number: major * 1000000 + minor * 1000 + patch.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_version_number() -> u32 {
    number(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
        + number(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
        + number(env!("CARGO_PKG_VERSION_PATCH"))
}

/// Whether this library can do something that not every build or version can: `"inprocess"` (the runtime inside this process),
/// `"structured"` (answers that follow a schema), `"llm"` (answers to model requests), `"ahp-host"` (hosts for the Agent Host
/// Protocol), `"log"` (`copilot_log_set`), `"event-fields"` (`copilot_event_get_fields`). False for any other word, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_has(feature: *const c_char) -> bool {
    boundary!(false, {
        // SAFETY: NULL, or a text that ends with a NUL, by the contract of texts.
        let known = unsafe { copilot_str { data: feature, len: usize::MAX }.optional("feature") };
        known.ok().flatten().is_some_and(|feature| FEATURES.contains(&feature))
    })
}

const FEATURES: &[&str] = &["inprocess", "structured", "llm", "ahp-host", "log", "event-fields"];

const ABI_VERSION: u32 = 0;

const fn number(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let (mut value, mut index) = (0, 0);
    while index < bytes.len() {
        value = value * 10 + (bytes[index] - b'0') as u32;
        index += 1;
    }
    value
}
