//! Small help with JSON text, so that a C program can read events and arguments without a library of its own.

use copilot_core::{Error, ErrorKind, Result};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::boundary::boundary;
use crate::input::{Out, copilot_str, invalid};
use crate::opaque::{copilot_error, copilot_string};
use crate::pointer;
use crate::text_object::owned;

/// The text, if it is one JSON value.
pub(crate) fn check_json<'a>(text: &'a str, what: &str) -> Result<&'a str> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => Ok(text),
        Err(error) => Err(invalid(format!("{what} is not valid JSON: {error}"))),
    }
}

/// The members of a JSON object; none for empty text.
pub(crate) fn object(text: &str, what: &str) -> Result<serde_json::Map<String, Value>> {
    if text.trim().is_empty() {
        return Ok(serde_json::Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Error::new(ErrorKind::InvalidType, format!("{what} must be a JSON object"))),
        Err(error) => Err(invalid(format!("{what} is not valid JSON: {error}"))),
    }
}

pub(crate) fn quote(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// # Safety
/// The views must follow the header's contract of text views, and outlive what is found.
unsafe fn find<'a>(json: copilot_str, pointer: copilot_str) -> Result<Option<&'a RawValue>> {
    // SAFETY: the header's contract of text views.
    let (json, pointer) = unsafe { (json.required("json")?, pointer.or_empty("pointer")?) };
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(invalid("pointer must be empty or start with '/'"));
    }
    pointer::find(json, pointer).map_err(|error| invalid(format!("json is not valid JSON: {error}")))
}

/// Finds a value by JSON pointer (RFC 6901), for example `/data/toolCalls/0/name`.
///
/// @param[out] value its JSON text, which the caller frees with `copilot_string_free`; NULL when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_json_get(
    json: copilot_str,
    pointer: copilot_str,
    value: *mut *mut copilot_string,
) -> *mut copilot_error {
    boundary!({
        let out = Out::required(value, "value")?;
        // SAFETY: the header's contract of text views.
        let found = unsafe { find(json, pointer) }?;
        // SAFETY: the place is writable by the contract.
        unsafe { out.set(found.map_or(std::ptr::null_mut(), |value| owned(value.get()))) };
        Ok(())
    })
}

/// As `copilot_json_get`, but the value's own text: a JSON string is decoded, `null` counts as none, other values are
/// given as JSON text.
///
/// @param[out] text the text, which the caller frees with `copilot_string_free`; NULL when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_json_text(
    json: copilot_str,
    pointer: copilot_str,
    text: *mut *mut copilot_string,
) -> *mut copilot_error {
    boundary!({
        let out = Out::required(text, "text")?;
        // SAFETY: the header's contract of text views.
        let found = match unsafe { find(json, pointer) }? {
            None => std::ptr::null_mut(),
            Some(value) if value.get() == "null" => std::ptr::null_mut(),
            Some(value) if value.get().starts_with('"') => owned(
                serde_json::from_str::<String>(value.get())
                    .map_err(|error| invalid(format!("json holds no valid string there: {error}")))?,
            ),
            Some(value) => owned(value.get()),
        };
        // SAFETY: the place is writable by the contract.
        unsafe { out.set(found) };
        Ok(())
    })
}

/// Writes `text` as a JSON string, with quotes and escapes.
///
/// @param[out] json JSON text, which the caller frees with `copilot_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_json_quote(
    text: copilot_str,
    json: *mut *mut copilot_string,
) -> *mut copilot_error {
    boundary!({
        let out = Out::required(json, "json")?;
        // SAFETY: the header's contract of text views, and of output places.
        unsafe { out.set(owned(quote(text.or_empty("text")?))) };
        Ok(())
    })
}
