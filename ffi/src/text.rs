//! Text that goes out: an owned object, readable by pointer and length or as a C string.

use bytes::Bytes;
use libc::{c_char, size_t};

use crate::boundary::{boundary, code_of};
use crate::error::copilot_code;
use crate::handle;

/// Text owned by the caller. Free it with `copilot_string_free`, never with `free`.
pub struct copilot_string {
    _opaque: [u8; 0],
}

/// Bytes with a NUL behind them.
pub(crate) struct Text(Box<[u8]>);

impl Text {
    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0[..self.len()]).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len() - 1
    }

    pub(crate) fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
    }
}

impl<T: AsRef<[u8]>> From<T> for Text {
    fn from(text: T) -> Self {
        let text = text.as_ref();
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend_from_slice(text);
        bytes.push(0);
        Self(bytes.into_boxed_slice())
    }
}

/// Hands text to C.
pub(crate) fn owned(text: impl AsRef<[u8]>) -> *mut copilot_string {
    handle::insert(std::sync::Arc::new(Text::from(text)))
}

/// Hands text to C if the caller gave a place for it.
///
/// # Safety
/// `place` is NULL or writable.
pub(crate) unsafe fn offer(place: *mut *mut copilot_string, text: &Bytes) {
    if !place.is_null() {
        // SAFETY: not null, and writable by the contract.
        unsafe { place.write(owned(text)) }
    }
}

/// The bytes of a string, followed by a NUL. Valid until the string is freed. Any thread.
/// Returns NULL for a handle that is NULL, freed or foreign.
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
