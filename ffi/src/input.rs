//! What comes in from C: borrowed text, sized structs, output places.

use std::ffi::CStr;
use std::mem::size_of;
use std::ptr;
use std::slice;

use copilot_core::{Error, ErrorKind, Result};
use libc::{c_char, size_t};

/// A borrowed piece of UTF-8 text: a pointer and a length in bytes. It may contain NUL characters. A length of
/// `COPILOT_NUL` says that the text ends at its first NUL, as C strings do; `copilot_s("…")` makes such a view.
/// NULL data means that the text is absent. The library copies what it keeps.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct copilot_str {
    /// First byte, or NULL for no text.
    pub data: *const c_char,
    /// Number of bytes, or `COPILOT_NUL`.
    pub len: size_t,
}

impl copilot_str {
    pub(crate) const ABSENT: Self = Self { data: ptr::null(), len: 0 };

    /// A view of Rust text; valid as long as that is.
    pub(crate) fn of(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), len: text.len() }
    }

    /// The text, `None` when it is absent. `what` names the argument in errors.
    ///
    /// # Safety
    /// The caller's view must point to `len` readable bytes (or a NUL-terminated text) that stay unchanged for `'a`.
    pub(crate) unsafe fn optional<'a>(self, what: &str) -> Result<Option<&'a str>> {
        // SAFETY: same contract.
        let Some(bytes) = (unsafe { self.bytes(what) })? else { return Ok(None) };
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(error) => Err(Error::new(
                ErrorKind::BadText,
                format!("{what} is not valid UTF-8 (first bad byte at offset {})", error.valid_up_to()),
            )),
        }
    }

    /// The bytes, which need not be a text; `None` when they are absent.
    ///
    /// # Safety
    /// See `optional`.
    pub(crate) unsafe fn bytes<'a>(self, what: &str) -> Result<Option<&'a [u8]>> {
        if self.data.is_null() {
            if self.len == 0 || self.len == usize::MAX {
                return Ok(None);
            }
            return Err(invalid(format!("{what}: data is NULL but len is {}", self.len)));
        }
        let bytes = if self.len == usize::MAX {
            // SAFETY: the caller says that the text ends with a NUL.
            unsafe { CStr::from_ptr(self.data) }.to_bytes()
        } else if self.len > isize::MAX as usize {
            return Err(invalid(format!("{what}: len {} is too large", self.len)));
        } else {
            // SAFETY: the caller says that `len` bytes are readable; the length was checked above.
            unsafe { slice::from_raw_parts(self.data.cast(), self.len) }
        };
        Ok(Some(bytes))
    }

    /// The text, empty when it is absent.
    ///
    /// # Safety
    /// As [`optional`](Self::optional).
    pub(crate) unsafe fn or_empty<'a>(self, what: &str) -> Result<&'a str> {
        // SAFETY: same contract.
        Ok(unsafe { self.optional(what) }?.unwrap_or_default())
    }

    /// The text, which must be there and not be empty.
    ///
    /// # Safety
    /// As [`optional`](Self::optional).
    pub(crate) unsafe fn required<'a>(self, what: &str) -> Result<&'a str> {
        // SAFETY: same contract.
        match unsafe { self.optional(what) }? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(invalid(format!("{what} must not be empty"))),
        }
    }
}

pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message.into())
}

/// A struct that starts with its own size, so that it can grow.
///
/// # Safety
/// All-zero bytes must be a valid value of the type, and its first field must be the `size_t` size.
pub(crate) unsafe trait CStruct: Copy {
    const NAME: &'static str;
    /// Size of the first released version.
    const LEAST: usize;
}

/// Copies a sized struct in. Fields that an older caller does not have are zero; a newer caller's additional fields
/// must be zero, as this library does not know them. NULL gives the defaults.
///
/// # Safety
/// `from` is NULL or points to as many readable bytes as its first field says.
pub(crate) unsafe fn sized<T: CStruct>(from: *const T) -> Result<T> {
    // SAFETY: the trait promises that zero is a valid value.
    let mut value: T = unsafe { std::mem::zeroed() };
    if from.is_null() {
        return Ok(value);
    }
    // SAFETY: the first field of every such struct is its size; read without assuming alignment.
    let size = unsafe { from.cast::<size_t>().read_unaligned() };
    if size < T::LEAST || size > 1 << 16 {
        return Err(invalid(format!("{}: size {size} was not set by the INIT macro", T::NAME)));
    }
    // SAFETY: the caller owns `size` readable bytes; no more than our own size is copied.
    unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), (&raw mut value).cast(), size.min(size_of::<T>())) };
    if size > size_of::<T>() {
        // SAFETY: these bytes are part of the caller's struct.
        let tail =
            unsafe { slice::from_raw_parts(from.cast::<u8>().add(size_of::<T>()), size - size_of::<T>()) };
        if tail.iter().any(|&byte| byte != 0) {
            let name = T::NAME;
            return Err(invalid(format!(
                "{name}: a field is set that this version of the library does not know"
            )));
        }
    }
    Ok(value)
}

/// Writes an output; the place was checked to be there.
pub(crate) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// The place for a result that the caller must take.
    pub(crate) fn required(place: *mut T, what: &str) -> Result<Self> {
        if place.is_null() {
            return Err(invalid(format!("{what} is NULL: there is no place for the result")));
        }
        Ok(Self(place))
    }

    /// # Safety
    /// The place must be writable for a `T`, as the header demands.
    pub(crate) unsafe fn set(self, value: T) {
        // SAFETY: not null, and writable by the contract.
        unsafe { self.0.write(value) }
    }
}
