//! The codes of errors, and of functions that return nothing else.

use copilot_core::ErrorKind;

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
