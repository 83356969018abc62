//! What leaves the engine for a foreign language.

use bytes::Bytes;

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
        /// Why.
        error: Error,
    },
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
            Self::Call { call, kind, session, args } => f
                .debug_struct("Call")
                .field("call", call)
                .field("kind", kind)
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

macro_rules! call_kinds {
    ($($variant:ident = $number:literal $name:literal $doc:literal;)*) => {
        /// What the engine asks of the user. Names and numbers are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum CallKind {
            $(#[doc = $doc] $variant = $number,)*
        }
        impl CallKind {
            /// Every kind, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The stable number.
            #[must_use]
            pub const fn number(self) -> u32 { self as u32 }
            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

call_kinds! {
    Tool = 1 "tool" "A tool of the user is called by the model.";
    Permission = 2 "permission" "May the agent do this?";
    UserInput = 3 "userInput" "A question for the person in front of the program.";
    ExitPlanMode = 4 "exitPlanMode" "The agent wants to leave plan mode.";
    AutoModeSwitch = 5 "autoModeSwitch" "The runtime proposes to switch to automatic model choice.";
    Hook = 6 "hook" "A hook of the user.";
    SystemMessageTransform = 7 "systemMessageTransform" "A section of the system message to rewrite.";
    Elicitation = 8 "elicitation" "A form to fill in.";
    McpAuth = 9 "mcpAuth" "An MCP server needs a token.";
    Command = 10 "command" "A slash command of the user.";
    ProviderToken = 11 "providerToken" "A model provider needs a bearer token.";
    Canvas = 12 "canvas" "A canvas is opened, closed or acted upon.";
    SessionFs = 13 "sessionFs" "A file operation of the session's file system.";
    LlmRequest = 14 "llmRequest" "A model request to be served by the user.";
    ListModels = 15 "listModels" "The list of models.";
    SkillProvider = 16 "skillProvider" "The skills of the user, or the text of one.";
    GitHubToken = 17 "gitHubToken" "The runtime needs a GitHub token for a session.";
    ExtensionLaunch = 18 "extensionLaunch" "Which program runs an extension?";
    Factory = 19 "factory" "The body of a factory is to be run.";
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
