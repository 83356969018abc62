//! Errors as C sees them: an owned object with a stable code, NULL for success, and no hidden "last error".

use libc::c_char;

use crate::boundary::{boundary, code_of};
use crate::code::copilot_code;
use crate::error_object::ErrorObject;
use crate::handle;
use crate::opaque::copilot_error;
use crate::text_object::Text;

/// The code of an error; `COPILOT_OK` for NULL, `COPILOT_ERROR_BAD_HANDLE` for a freed or foreign handle.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_error_code(error: *const copilot_error) -> copilot_code {
    boundary!(copilot_code::COPILOT_ERROR_INTERNAL, {
        if error.is_null() {
            return copilot_code::COPILOT_OK;
        }
        match handle::get::<ErrorObject>(error) {
            Ok(object) => copilot_code::from(object.kind),
            Err(_) => copilot_code::COPILOT_ERROR_BAD_HANDLE,
        }
    })
}

fn text_of(error: *const copilot_error, pick: impl FnOnce(&ErrorObject) -> *const c_char) -> *const c_char {
    let empty = c"".as_ptr();
    boundary!(empty, { handle::get::<ErrorObject>(error).map_or(empty, |object| pick(&object)) })
}

/// The name of the code, valid until the error is freed. It is the same in every language, for example "RuntimeNotFound";
/// "" for a handle that is NULL, freed or foreign.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_error_name(error: *const copilot_error) -> *const c_char {
    text_of(error, |object| object.name.as_ptr())
}

/// What was wrong and what to do about it, in UTF-8, valid until the error is freed; "" for a handle that is NULL, freed or
/// foreign.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_error_message(error: *const copilot_error) -> *const c_char {
    text_of(error, |object| object.message.as_ptr())
}

/// Details as JSON text, valid until the error is freed; NULL when there are none. They are the `data` of a JSON-RPC error,
/// or what was last seen before a time limit passed.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_error_data(error: *const copilot_error) -> *const c_char {
    boundary!(std::ptr::null(), {
        handle::get::<ErrorObject>(error)
            .ok()
            .and_then(|object| object.data.as_ref().map(Text::as_ptr))
            .unwrap_or(std::ptr::null())
    })
}

/// Why, as JSON text, valid until the error is freed; NULL when the error has no reason. For example
/// `{"code":"session.disconnected","session":"…"}`; codes are stable, and `docs/errors.md` lists them.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_error_reason(error: *const copilot_error) -> *const c_char {
    boundary!(std::ptr::null(), {
        handle::get::<ErrorObject>(error)
            .ok()
            .and_then(|object| object.reason.as_ref().map(Text::as_ptr))
            .unwrap_or(std::ptr::null())
    })
}

/// Writes the JSON-RPC code of a `COPILOT_ERROR_RPC` to `code` and returns true; false when the error has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_error_rpc_code(error: *const copilot_error, code: *mut i64) -> bool {
    boundary!(false, {
        let found = handle::get::<ErrorObject>(error).ok().and_then(|object| object.rpc_code);
        match found {
            Some(number) if !code.is_null() => {
                // SAFETY: not null, and writable by the contract of output places.
                unsafe { code.write(number) };
                true
            }
            _ => false,
        }
    })
}

/// Frees an error. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_error_free(error: *mut copilot_error) -> copilot_code {
    boundary!(copilot_code::COPILOT_ERROR_INTERNAL, { code_of(handle::free::<ErrorObject>(error).map(drop)) })
}
