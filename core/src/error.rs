//! The one error type of the engine. Every door maps [`ErrorKind`] and nothing else.

pub(crate) mod reasons;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// What went wrong, as a stable number shared by every door. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum ErrorKind {
    /// An argument has a value that is not allowed.
    InvalidArgument = 1,
    /// An argument has the wrong type.
    InvalidType = 2,
    /// The call does not fit the present state, for example a call on a client that is not started.
    InvalidState = 3,
    /// No runtime was found at the given path or by the usual search.
    RuntimeNotFound = 4,
    /// The operating system refused to start the runtime.
    SpawnFailed = 5,
    /// The runtime did not become ready in time.
    StartTimeout = 6,
    /// A socket connection could not be made.
    ConnectFailed = 7,
    /// The runtime speaks a protocol version this engine does not support.
    ProtocolMismatch = 8,
    /// The runtime answered a call with a JSON-RPC error; see [`Error::rpc_code`].
    Rpc = 9,
    /// The runtime process or its connection ended while a call needed it.
    ProcessExited = 10,
    /// A time limit given by the caller passed.
    Timeout = 11,
    /// The caller cancelled the call.
    Cancelled = 12,
    /// The peer sent bytes that are not the protocol.
    Protocol = 13,
    /// The session reported an error while a turn was awaited.
    SessionError = 14,
    /// The session was disconnected, or its client stopped.
    SessionClosed = 15,
    /// A user callback failed.
    HandlerFailed = 16,
    /// A defect inside the engine.
    Internal = 17,
    /// The engine was used in a process forked from the one that started it.
    Forked = 18,
    /// Stopping went through, but some steps failed; see the message.
    StopFailed = 19,
    /// A handle is null, was freed already or belongs to something else.
    BadHandle = 20,
    /// Text is not valid UTF-8.
    BadText = 21,
    /// A blocking call was made from a callback that the call would have to wait for.
    WouldDeadlock = 22,
    /// The option or method is not available on this connection or platform.
    Unsupported = 23,
    /// The agent's answer does not follow the JSON Schema it was asked for.
    SchemaMismatch = 24,
}

impl ErrorKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 24] = [
        Self::InvalidArgument,
        Self::InvalidType,
        Self::InvalidState,
        Self::RuntimeNotFound,
        Self::SpawnFailed,
        Self::StartTimeout,
        Self::ConnectFailed,
        Self::ProtocolMismatch,
        Self::Rpc,
        Self::ProcessExited,
        Self::Timeout,
        Self::Cancelled,
        Self::Protocol,
        Self::SessionError,
        Self::SessionClosed,
        Self::HandlerFailed,
        Self::Internal,
        Self::Forked,
        Self::StopFailed,
        Self::BadHandle,
        Self::BadText,
        Self::WouldDeadlock,
        Self::Unsupported,
        Self::SchemaMismatch,
    ];

    /// The stable number of this kind.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The language-neutral name, as used in conformance cases and by the doors.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "InvalidArgument",
            Self::InvalidType => "InvalidType",
            Self::InvalidState => "InvalidState",
            Self::RuntimeNotFound => "RuntimeNotFound",
            Self::SpawnFailed => "SpawnFailed",
            Self::StartTimeout => "StartTimeout",
            Self::ConnectFailed => "ConnectFailed",
            Self::ProtocolMismatch => "ProtocolMismatch",
            Self::Rpc => "Rpc",
            Self::ProcessExited => "ProcessExited",
            Self::Timeout => "Timeout",
            Self::Cancelled => "Cancelled",
            Self::Protocol => "Protocol",
            Self::SessionError => "SessionError",
            Self::SessionClosed => "SessionClosed",
            Self::HandlerFailed => "HandlerFailed",
            Self::Internal => "Internal",
            Self::Forked => "Forked",
            Self::StopFailed => "StopFailed",
            Self::BadHandle => "BadHandle",
            Self::BadText => "BadText",
            Self::WouldDeadlock => "WouldDeadlock",
            Self::Unsupported => "Unsupported",
            Self::SchemaMismatch => "SchemaMismatch",
        }
    }
}

/// An error of the engine: a [kind](ErrorKind), a text that says what was wrong and what to do, and for JSON-RPC
/// errors the code and data the runtime sent. Cloning is cheap.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    rpc_code: Option<i64>,
    data: Option<String>,
    reason: Option<Reason>,
}

/// Why something failed, as data: a stable code and what belongs to it. `docs/errors.md` lists them.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    code: &'static str,
    params: Value,
}

impl Reason {
    /// The stable code, for example `session.disconnected`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What belongs to it, by name.
    #[must_use]
    pub fn params(&self) -> &Value {
        &self.params
    }

    /// JSON text: the parameters and `code` in one object.
    #[must_use]
    pub fn json(&self) -> String {
        let mut members = self.params.clone();
        members["code"] = self.code.into();
        members.to_string()
    }
}

/// Result with the engine's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Makes an error of a kind with a text.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), rpc_code: None, data: None, reason: None }))
    }

    /// Makes a JSON-RPC error. `data` is JSON text.
    pub fn rpc(code: i64, message: impl Into<Cow<'static, str>>, data: Option<String>) -> Self {
        let kind = ErrorKind::Rpc;
        Self(Arc::new(Inner { kind, message: message.into(), rpc_code: Some(code), data, reason: None }))
    }

    /// The same error with its reason.
    fn because(mut self, code: &'static str, params: Value) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.reason = Some(Reason { code, params });
        }
        self
    }

    /// The same error as an answer of the runtime.
    pub(crate) fn answered(mut self, code: i64, data: Option<String>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            (inner.rpc_code, inner.data) = (Some(code), data);
        }
        self
    }

    /// Says first that there is no connection, when that is what the runtime's end means to the caller.
    pub(crate) fn on_closed_connection(self) -> Self {
        if self.kind() != ErrorKind::ProcessExited {
            return self;
        }
        Self::new(self.kind(), format!("Connection is closed: {}", self.message()))
    }

    /// The same error with JSON details attached.
    #[must_use]
    pub fn with_data(self, data: String) -> Self {
        Self(Arc::new(Inner {
            kind: self.0.kind,
            message: self.0.message.clone(),
            rpc_code: self.0.rpc_code,
            data: Some(data),
            reason: self.0.reason.clone(),
        }))
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The text, without the JSON-RPC prefix that [`Display`](fmt::Display) adds.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Why, as data; none for errors that the runtime answered, and for rare ones.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        self.0.reason.as_ref()
    }

    /// The JSON-RPC error code, for kind [`ErrorKind::Rpc`].
    #[must_use]
    pub fn rpc_code(&self) -> Option<i64> {
        self.0.rpc_code
    }

    /// JSON text with details: a JSON-RPC error's `data`, or what was last seen before a time limit passed.
    #[must_use]
    pub fn data(&self) -> Option<&str> {
        self.0.data.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.rpc_code {
            Some(code) => write!(f, "JSON-RPC Error {code}: {}", self.0.message),
            None => f.write_str(&self.0.message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("rpc_code", &self.0.rpc_code)
            .field("data", &self.0.data)
            .field("reason", &self.0.reason.as_ref().map(Reason::code))
            .finish()
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_names_unique() {
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(kind.number() as usize, index + 1, "{}", kind.name());
        }
        let mut names: Vec<_> = ErrorKind::ALL.iter().map(|k| k.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorKind::ALL.len());
    }

    #[test]
    fn rpc_errors_show_their_code() {
        let error = Error::rpc(-32601, "Unhandled method x", None);
        assert_eq!(error.to_string(), "JSON-RPC Error -32601: Unhandled method x");
        assert_eq!(error.message(), "Unhandled method x");
    }

    #[test]
    fn reasons_travel_with_the_error() {
        let error = reasons::timeout_call(1.5, "ping").with_data("{}".to_owned());
        let reason = error.reason().unwrap();
        assert_eq!((reason.code(), &reason.params()["method"]), ("timeout.call", &Value::from("ping")));
        let read: Value = serde_json::from_str(&reason.json()).unwrap();
        assert_eq!(read, serde_json::json!({"code": "timeout.call", "after": 1.5, "method": "ping"}));
    }
}
