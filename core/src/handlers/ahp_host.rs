//! What clients of the Agent Host Protocol ask of a program that hosts sessions for them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::diagnostics::redacted_debug;
use crate::protocol::common::Secret;

/// How clients of a host show who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AhpMode {
    /// They log in to GitHub; the runtime checks it.
    Github,
    /// They need not.
    #[default]
    None,
    /// The program checks their tokens: `authenticate` of the handler.
    Custom,
}

/// Who asks for a session.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AhpSessionAuthentication {
    /// How it was found out.
    pub mode: AhpMode,
    /// The name that the program gave, or that of the GitHub account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

/// A client of the host wants a session of this program.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AhpSessionRequest {
    /// The host that was asked.
    pub host_id: String,
    /// Names this handing over; [`AhpSessionReleased`] repeats it.
    pub handoff_id: String,
    /// What the session must be made with, in wire spelling; `sessionId` is in it.
    pub config: Map<String, Value>,
    /// Whether it is to be resumed rather than created.
    #[serde(default, deserialize_with = "crate::protocol::shape::or_default")]
    pub resume: bool,
    /// Who asks; mode `none` when the runtime does not say.
    #[serde(default, deserialize_with = "crate::protocol::shape::or_default")]
    pub authentication: AhpSessionAuthentication,
}

redacted_debug!(AhpSessionRequest);

impl AhpSessionRequest {
    /// The id that the session must have; empty when the runtime names none.
    #[must_use]
    pub fn session_id(&self) -> &str {
        self.config.get("sessionId").and_then(Value::as_str).unwrap_or_default()
    }
}

/// A client of the host presents a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AhpAuthenticationRequest {
    /// The host that was asked.
    pub host_id: String,
    /// Names the question.
    pub request_id: String,
    /// What the client presented.
    pub token: Secret,
}

/// Whose token it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AhpIdentity {
    /// Must be the identity that the host requires; any other one is turned away.
    pub identity: String,
    /// Until when the answer holds, in RFC 3339. What is over already is turned away.
    pub expires_at: String,
}

/// The clients of the host no longer use a session. It goes on: the program decides what becomes of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AhpSessionReleased {
    /// The host it was handed to.
    pub host_id: String,
    /// The handing over.
    pub handoff_id: String,
    /// The session.
    pub session_id: String,
}

/// A host has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AhpHostExit {
    /// The host.
    pub host_id: String,
    /// `disposed`, `exited`, `ownerDisconnected` or `runtimeShutdown`; kept as the runtime sends it.
    pub reason: String,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// With what code its process ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
}
