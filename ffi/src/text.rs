//! Text that goes out: an owned object, readable by pointer and length or as a C string.

use libc::{c_char, size_t};

use crate::boundary::{boundary, code_of};
use crate::code::copilot_code;
use crate::handle;
use crate::opaque::copilot_string;
use crate::text_object::Text;

/// The bytes of a string, followed by a NUL, valid until the string is freed. Any thread. NULL for a handle that is NULL,
/// freed or foreign.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_string_data(string: *const copilot_string) -> *const c_char {
    // The pointer stays valid although the look-up's reference is dropped: the table holds one until it is freed.
    boundary!(std::ptr::null(), {
        handle::get::<Text>(string).map_or(std::ptr::null(), |text| text.as_ptr())
    })
}

/// Number of bytes of a string, without the NUL behind it. 0 for a handle that is NULL, freed or foreign.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_string_len(string: *const copilot_string) -> size_t {
    boundary!(0, { handle::get::<Text>(string).map_or(0, |text| text.len()) })
}

/// Frees a string. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_string_free(string: *mut copilot_string) -> copilot_code {
    boundary!(copilot_code::COPILOT_ERROR_INTERNAL, { code_of(handle::free::<Text>(string).map(drop)) })
}
