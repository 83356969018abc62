//! Errors as C sees them: an owned object with a stable code, NULL for success, and no hidden "last error".

use std::sync::Arc;

use copilot_core::{Error, ErrorKind};
use libc::c_char;

use crate::boundary::{boundary, code_of};
use crate::handle;
use crate::text::Text;

/// An error owned by the caller. Free it with `copilot_error_free`. NULL means success.
pub struct copilot_error {
    _opaque: [u8; 0],
}

/// What went wrong. The numbers are stable and the same in every language; new ones may be added.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum copilot_code {
    /// Nothing went wrong.
    COPILOT_OK = 0,
    /// An argument has a value that is not allowed.
    COPILOT_ERROR_INVALID_ARGUMENT = 1,
    /// An argument has the wrong type, for example JSON that should be an object.
    COPILOT_ERROR_INVALID_TYPE = 2,
    /// The call does not fit the present state, for example on a client that is not started.
    COPILOT_ERROR_INVALID_STATE = 3,
    /// No runtime was found at the given path or by the usual search.
    COPILOT_ERROR_RUNTIME_NOT_FOUND = 4,
    /// The operating system refused to start the runtime.
    COPILOT_ERROR_SPAWN_FAILED = 5,
    /// The runtime did not become ready in time.
    COPILOT_ERROR_START_TIMEOUT = 6,
    /// A socket connection could not be made.
    COPILOT_ERROR_CONNECT_FAILED = 7,
    /// The runtime speaks a protocol version this library does not support.
    COPILOT_ERROR_PROTOCOL_MISMATCH = 8,
    /// The runtime answered with a JSON-RPC error; see `copilot_error_rpc_code`.
    COPILOT_ERROR_RPC = 9,
    /// The runtime process or its connection ended while a call needed it.
    COPILOT_ERROR_PROCESS_EXITED = 10,
    /// A time limit given by the caller passed.
    COPILOT_ERROR_TIMEOUT = 11,
    /// The caller cancelled the call.
    COPILOT_ERROR_CANCELLED = 12,
    /// The peer sent bytes that are not the protocol.
    COPILOT_ERROR_PROTOCOL = 13,
    /// The session reported an error while a turn was awaited.
    COPILOT_ERROR_SESSION_ERROR = 14,
    /// The session was disconnected, or its client stopped or freed.
    COPILOT_ERROR_SESSION_CLOSED = 15,
    /// A callback of the user failed.
    COPILOT_ERROR_HANDLER_FAILED = 16,
    /// A defect inside the library.
    COPILOT_ERROR_INTERNAL = 17,
    /// The client was made before fork() in another process.
    COPILOT_ERROR_FORKED = 18,
    /// Stopping went through, but some steps failed; the data lists them.
    COPILOT_ERROR_STOP_FAILED = 19,
    /// A handle is NULL, was freed already or belongs to something else.
    COPILOT_ERROR_BAD_HANDLE = 20,
    /// Text is not valid UTF-8.
    COPILOT_ERROR_BAD_TEXT = 21,
    /// A blocking call was made from a callback that the call would have to wait for.
    COPILOT_ERROR_WOULD_DEADLOCK = 22,
    /// The option or method is not available on this connection or platform.
    COPILOT_ERROR_UNSUPPORTED = 23,
    /// The agent's answer does not follow the JSON Schema it was asked for.
    COPILOT_ERROR_SCHEMA_MISMATCH = 24,
}

impl From<ErrorKind> for copilot_code {
    fn from(kind: ErrorKind) -> Self {
        use copilot_code as C;
        match kind {
            ErrorKind::InvalidArgument => C::COPILOT_ERROR_INVALID_ARGUMENT,
            ErrorKind::InvalidType => C::COPILOT_ERROR_INVALID_TYPE,
            ErrorKind::InvalidState => C::COPILOT_ERROR_INVALID_STATE,
            ErrorKind::RuntimeNotFound => C::COPILOT_ERROR_RUNTIME_NOT_FOUND,
            ErrorKind::SpawnFailed => C::COPILOT_ERROR_SPAWN_FAILED,
            ErrorKind::StartTimeout => C::COPILOT_ERROR_START_TIMEOUT,
            ErrorKind::ConnectFailed => C::COPILOT_ERROR_CONNECT_FAILED,
            ErrorKind::ProtocolMismatch => C::COPILOT_ERROR_PROTOCOL_MISMATCH,
            ErrorKind::Rpc => C::COPILOT_ERROR_RPC,
            ErrorKind::ProcessExited => C::COPILOT_ERROR_PROCESS_EXITED,
            ErrorKind::Timeout => C::COPILOT_ERROR_TIMEOUT,
            ErrorKind::Cancelled => C::COPILOT_ERROR_CANCELLED,
            ErrorKind::Protocol => C::COPILOT_ERROR_PROTOCOL,
            ErrorKind::SessionError => C::COPILOT_ERROR_SESSION_ERROR,
            ErrorKind::SessionClosed => C::COPILOT_ERROR_SESSION_CLOSED,
            ErrorKind::HandlerFailed => C::COPILOT_ERROR_HANDLER_FAILED,
            ErrorKind::Forked => C::COPILOT_ERROR_FORKED,
            ErrorKind::StopFailed => C::COPILOT_ERROR_STOP_FAILED,
            ErrorKind::BadHandle => C::COPILOT_ERROR_BAD_HANDLE,
            ErrorKind::BadText => C::COPILOT_ERROR_BAD_TEXT,
            ErrorKind::WouldDeadlock => C::COPILOT_ERROR_WOULD_DEADLOCK,
            ErrorKind::Unsupported => C::COPILOT_ERROR_UNSUPPORTED,
            ErrorKind::SchemaMismatch => C::COPILOT_ERROR_SCHEMA_MISMATCH,
            // `Internal`, and kinds that are newer than this mapping; the test below finds the latter.
            _ => C::COPILOT_ERROR_INTERNAL,
        }
    }
}

/// An error with its texts ready to be read by C.
pub(crate) struct ErrorObject {
    kind: ErrorKind,
    name: Text,
    message: Text,
    rpc_code: Option<i64>,
    data: Option<Text>,
    reason: Option<Text>,
}

/// Hands an error to C.
pub(crate) fn owned(error: Error) -> *mut copilot_error {
    handle::insert(Arc::new(ErrorObject {
        kind: error.kind(),
        name: Text::from(error.kind().name()),
        // A NUL inside would hide the rest of the text from C.
        message: Text::from(error.message().replace('\0', "\u{fffd}")),
        rpc_code: error.rpc_code(),
        data: error.data().map(Text::from),
        reason: error.reason().map(|reason| Text::from(reason.json())),
    }))
}

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

/// The name of the code, the same in every language, for example "RuntimeNotFound". Valid until the error is freed;
/// "" for a handle that is NULL, freed or foreign.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_error_name(error: *const copilot_error) -> *const c_char {
    text_of(error, |object| object.name.as_ptr())
}

/// What was wrong and what to do about it, in UTF-8. Valid until the error is freed; "" for a handle that is NULL,
/// freed or foreign.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_error_message(error: *const copilot_error) -> *const c_char {
    text_of(error, |object| object.message.as_ptr())
}

/// Details as JSON text, or NULL when there are none: the `data` of a JSON-RPC error, or what was last seen before a
/// time limit passed. Valid until the error is freed.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_error_data(error: *const copilot_error) -> *const c_char {
    boundary!(std::ptr::null(), {
        handle::get::<ErrorObject>(error)
            .ok()
            .and_then(|object| object.data.as_ref().map(Text::as_ptr))
            .unwrap_or(std::ptr::null())
    })
}

/// Why, as JSON text `{"code":"session.disconnected","session":"…"}`, or NULL when the error has no reason. Codes are
/// stable; `docs/errors.md` lists them. Valid until the error is freed.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_engine_has_the_code_of_its_number() {
        for kind in ErrorKind::ALL {
            assert_eq!(copilot_code::from(kind) as u32, kind.number(), "{}", kind.name());
        }
    }
}
