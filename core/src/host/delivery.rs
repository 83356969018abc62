//! What leaves the engine for a foreign language.

use bytes::Bytes;

use super::kinds::CallKind;
use crate::error::Error;
use crate::protocol::event::Event;

/// Names one submitted operation. Never 0, never reused.
pub type Ticket = u64;
/// Names one question of the engine to the user. Never 0, never reused.
pub type CallId = u64;
/// Names a session within its client, chosen by the door. Never 0; 0 means the client itself.
pub type SessionKey = u32;

/// One entry of the inbox, in the order the user must see it.
#[derive(Clone)]
pub enum Delivery {
    /// A submitted operation ended.
    Completed {
        /// The operation.
        ticket: Ticket,
        /// JSON text of its result, or what went wrong.
        result: Result<Bytes, Error>,
    },
    /// An event of a session.
    Event {
        /// The session.
        session: SessionKey,
        /// The event, sharing the received bytes.
        event: Event,
    },
    /// A session of the runtime was created, deleted, updated, or changed foreground.
    Lifecycle {
        /// JSON text of the notification's params.
        event: Bytes,
    },
    /// A notification the engine has no use for itself.
    Notification {
        /// Its method.
        method: String,
        /// JSON text of its params.
        params: Bytes,
    },
    /// The engine asks the user; to be answered exactly once.
    Call {
        /// To be named in the reply.
        call: CallId,
        /// What is asked.
        kind: CallKind,
        /// Which tool, hook type, section, command, provider or factory; empty for kinds with one handler.
        name: Box<str>,
        /// The session concerned, 0 for the client.
        session: SessionKey,
        /// JSON text of the arguments.
        args: Bytes,
    },
    /// The answer to a call is no longer wanted; a late reply is ignored.
    CallCancelled {
        /// The call.
        call: CallId,
    },
    /// A session is over for this client: nothing more of it follows. `session_state` and `counters` still answer for it
    /// until its key is released.
    Ended {
        /// The session.
        session: SessionKey,
        /// Why: kind `SessionClosed` when somebody wanted it, else what went wrong.
        error: Error,
    },
    /// The connection was lost.
    Closed {
        /// What ended the connection.
        error: Error,
    },
}

impl Delivery {
    /// Bytes of what the runtime sent for it.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Event { event: bytes, .. } => bytes.bytes().len(),
            Self::Completed { result: Ok(bytes), .. }
            | Self::Lifecycle { event: bytes }
            | Self::Notification { params: bytes, .. }
            | Self::Call { args: bytes, .. } => bytes.len(),
            Self::Completed { .. }
            | Self::CallCancelled { .. }
            | Self::Ended { .. }
            | Self::Closed { .. } => 0,
        }
    }
}

/// Shows what it is and how large; the content may hold secrets.
impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Completed { ticket, result: Ok(json) } => {
                f.debug_struct("Completed").field("ticket", ticket).field("bytes", &json.len()).finish()
            }
            Self::Completed { ticket, result: Err(error) } => {
                f.debug_struct("Completed").field("ticket", ticket).field("error", error).finish()
            }
            Self::Event { session, event } => {
                f.debug_struct("Event").field("session", session).field("type", &event.event_type()).finish()
            }
            Self::Lifecycle { event } => f.debug_struct("Lifecycle").field("bytes", &event.len()).finish(),
            Self::Notification { method, params } => {
                f.debug_struct("Notification").field("method", method).field("bytes", &params.len()).finish()
            }
            Self::Call { call, kind, name, session, args } => f
                .debug_struct("Call")
                .field("call", call)
                .field("kind", kind)
                .field("name", name)
                .field("session", session)
                .field("bytes", &args.len())
                .finish(),
            Self::CallCancelled { call } => f.debug_struct("CallCancelled").field("call", call).finish(),
            Self::Ended { session, error } => {
                f.debug_struct("Ended").field("session", session).field("error", error).finish()
            }
            Self::Closed { error } => f.debug_struct("Closed").field("error", error).finish(),
        }
    }
}

/// Why a call could not be answered.
#[derive(Clone, Debug, Default)]
pub struct CallError {
    /// Text for the runtime; may reach the model only where the protocol says so.
    pub message: String,
    /// A JSON-RPC error code, for callbacks that are requests of the runtime.
    pub code: Option<i64>,
    /// JSON text with details.
    pub data: Option<String>,
}

impl CallError {
    /// An error that has only a text.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: None, data: None }
    }
}
