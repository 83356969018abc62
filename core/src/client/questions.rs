//! What a client can ask a runtime, typed. None of these has a time limit of its own, and all need a connected client.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::{Client, Live};
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::protocol::{json, method, time};

/// A sign of life.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Pong {
    /// `pong: <message>`, or `pong`.
    pub message: String,
    /// The runtime's clock in ISO-8601; older runtimes send milliseconds, which are rewritten.
    #[serde(deserialize_with = "moment")]
    pub timestamp: String,
    /// Version of the protocol.
    pub protocol_version: u32,
}

/// What the runtime is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RuntimeStatus {
    /// Version of the runtime.
    pub version: String,
    /// Version of the protocol.
    pub protocol_version: u32,
}

/// Who is logged in.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuthStatus {
    /// Whether anybody is.
    pub is_authenticated: bool,
    /// How, for example `user`, `env`, `gh-cli`.
    pub auth_type: Option<String>,
    /// Where, for example `https://github.com`.
    pub host: Option<String>,
    /// The account's name.
    pub login: Option<String>,
    /// Text to show to people.
    pub status_message: Option<String>,
}

/// A session that the runtime keeps.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionMetadata {
    /// Id of the session.
    pub session_id: String,
    /// ISO-8601.
    pub start_time: String,
    /// ISO-8601.
    pub modified_time: String,
    /// Whether it runs elsewhere.
    pub is_remote: bool,
    /// What it is about.
    pub summary: Option<String>,
    /// Where it works.
    pub context: Option<SessionContext>,
    /// Members this engine does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Where a session works.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionContext {
    /// Working directory.
    pub cwd: String,
    /// Root of the git work tree.
    pub git_root: Option<String>,
    /// `owner/repo`
    pub repository: Option<String>,
    /// Branch that is checked out.
    pub branch: Option<String>,
}

/// Narrows a list of sessions; unset members do not.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionListFilter {
    /// Working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Root of the git work tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_root: Option<String>,
    /// `owner/repo`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    session_id: Option<String>,
}

/// The answer of calls that can be refused politely.
#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    success: bool,
    error: Option<String>,
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<String, D::Error> {
    use serde::de::Error as _;
    use std::time::{Duration, UNIX_EPOCH};
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(millis) => millis
            .as_f64()
            .and_then(|millis| Duration::try_from_secs_f64(millis / 1e3).ok())
            .map(|since| time::iso8601(UNIX_EPOCH + since))
            .ok_or_else(|| D::Error::custom("timestamp is out of range")),
        _ => Err(D::Error::custom("timestamp is neither a text nor a number")),
    }
}

impl Client {
    async fn ask<T: DeserializeOwned>(&self, method: &str, params: &Value) -> Result<T> {
        let answer = self.call(method, &params.to_string()).await?;
        json::parse_answer(method, &answer)
    }

    async fn ask_politely(&self, call: Polite) -> Result<()> {
        let live = self.0.live()?;
        let answer = live.connection.call(call.method, &call.params).await?;
        call.done(&live, &answer)
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// `InvalidState` when the client is not connected, `ProcessExited` when the connection ends first, `Rpc` when the runtime
    /// refuses, `Protocol` when its answer cannot be read.
    pub async fn ping(&self, message: Option<&str>) -> Result<Pong> {
        self.ask(method::PING, &json!({"message": message})).await
    }

    /// The runtime's version.
    ///
    /// # Errors
    /// As for [`ping`](Self::ping).
    pub async fn get_status(&self) -> Result<RuntimeStatus> {
        self.ask(method::STATUS_GET, &json!({})).await
    }

    /// Who is logged in.
    ///
    /// # Errors
    /// As for [`ping`](Self::ping).
    pub async fn get_auth_status(&self) -> Result<AuthStatus> {
        self.ask(method::AUTH_GET_STATUS, &json!({})).await
    }

    /// The sessions that the runtime keeps. A session without any turn is not among them.
    ///
    /// # Errors
    /// As for [`ping`](Self::ping).
    pub async fn list_sessions(&self, filter: Option<&SessionListFilter>) -> Result<Vec<SessionMetadata>> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            sessions: Vec<SessionMetadata>,
        }
        let params = filter.map_or_else(|| json!({}), |filter| json!({"filter": filter}));
        Ok(self.ask::<Answer>(method::SESSION_LIST, &params).await?.sessions)
    }

    /// What the runtime knows of a session; none when it keeps no such session.
    ///
    /// # Errors
    /// As for [`ping`](Self::ping).
    pub async fn get_session_metadata(&self, id: &str) -> Result<Option<SessionMetadata>> {
        #[derive(Deserialize)]
        struct Answer {
            session: Option<SessionMetadata>,
        }
        Ok(self.ask::<Answer>(method::SESSION_GET_METADATA, &json!({"sessionId": id})).await?.session)
    }

    /// The session used last, if there is one.
    ///
    /// # Errors
    /// As for [`ping`](Self::ping).
    pub async fn get_last_session_id(&self) -> Result<Option<String>> {
        Ok(self.ask::<Named>(method::SESSION_GET_LAST_ID, &json!({})).await?.session_id)
    }

    /// The session that the runtime's own interface shows; none without an interface.
    ///
    /// # Errors
    /// As for [`ping`](Self::ping).
    pub async fn get_foreground_session_id(&self) -> Result<Option<String>> {
        Ok(self.ask::<Named>(method::SESSION_GET_FOREGROUND, &json!({})).await?.session_id)
    }

    /// Changes the session that the runtime's own interface shows.
    ///
    /// # Errors
    /// As for [`ping`](Self::ping), and `InvalidState` with the runtime's words when it says no.
    pub async fn set_foreground_session_id(&self, id: &str) -> Result<()> {
        self.ask_politely(Polite::set_foreground(id)).await
    }

    /// Deletes a session and what is kept of it. Its object in this client is closed.
    ///
    /// # Errors
    /// As for [`ping`](Self::ping), and `InvalidState` with the runtime's words when it says no.
    pub async fn delete_session(&self, id: &str) -> Result<()> {
        self.ask_politely(Polite::delete(id)).await
    }
}

/// A call that the runtime can refuse politely, in its result.
pub(crate) struct Polite {
    pub(crate) method: &'static str,
    pub(crate) params: String,
    /// What failed, for the error.
    what: String,
    /// The session that is gone when the runtime did it.
    ends: Option<String>,
}

impl Polite {
    pub(crate) fn set_foreground(id: &str) -> Self {
        Self {
            method: method::SESSION_SET_FOREGROUND,
            params: json!({"sessionId": id}).to_string(),
            what: "Failed to set foreground session".to_owned(),
            ends: None,
        }
    }

    pub(crate) fn delete(id: &str) -> Self {
        Self {
            method: method::SESSION_DELETE,
            params: json!({"sessionId": id}).to_string(),
            what: format!("Failed to delete session {id}"),
            ends: Some(id.to_owned()),
        }
    }

    /// Looks at the answer, and closes the session that is gone.
    pub(crate) fn done(&self, live: &Live, answer: &[u8]) -> Result<()> {
        let outcome: Outcome = json::parse_answer(self.method, answer)?;
        if !outcome.success {
            let why = outcome.error.as_deref().unwrap_or("Unknown error");
            return Err(Error::new(ErrorKind::InvalidState, format!("{}: {why}", self.what)));
        }
        if let Some(id) = &self.ends
            && let Some(core) = live.router.remove_id(id)
        {
            core.close(&reasons::session_deleted(id));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_timestamps() {
        let read = |time: Value| {
            serde_json::from_value::<Pong>(
                json!({"message": "pong", "timestamp": time, "protocolVersion": 3}),
            )
        };
        assert_eq!(
            read(json!("2026-11-22T10:00:00.123456789Z")).unwrap().timestamp,
            "2026-11-22T10:00:00.123456789Z"
        );
        assert_eq!(read(json!(1_000)).unwrap().timestamp, "1970-01-01T00:00:01.000Z");
        assert!(read(json!(-1)).is_err() && read(json!(null)).is_err());
    }
}
