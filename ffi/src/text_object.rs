//! Text as C holds it.

use bytes::Bytes;
use libc::c_char;

use crate::handle::{self, Handled};
use crate::opaque::copilot_string;

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

impl Handled for Text {
    type Opaque = copilot_string;
    const TAG: usize = 8;
    const NAME: &'static str = "copilot_string";
}
