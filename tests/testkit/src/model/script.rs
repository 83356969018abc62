//! What the model shall say, and to which request.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// An ordered list of replies. Each request takes the first reply that fits it and is not used up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ModelScript {
    /// The replies, in the order in which they are considered.
    pub replies: Vec<ModelReply>,
    /// Answer a request that no reply fits with status 500 instead of the built-in answer.
    pub strict: bool,
    /// Whether the built-in answer calls `get_weather` when that tool is offered.
    pub demo: bool,
}

/// One reply: text, tool calls, or a fault.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ModelReply {
    /// Which requests this reply fits. Without it: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Keep the reply after its first use.
    pub repeat: bool,
    /// The whole text; streamed as one delta.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The text in the deltas in which it is streamed. Takes precedence over `text`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chunks: Vec<String>,
    /// Tool calls that the model asks for, after the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ModelToolCall>,
    /// Token counts of the final chunk. Without it: 10 in, 5 out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Map<String, Value>>,
    /// Answer with an HTTP error instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ModelError>,
    /// Milliseconds to wait before the first byte.
    pub delay_ms: u64,
    /// Milliseconds to wait before every delta but the first.
    pub chunk_delay_ms: u64,
    /// Cut the connection in the middle of the stream.
    pub drop: bool,
    /// Accept the request and never answer.
    pub hang: bool,
}

/// Conditions on a request; all that are given must hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct When {
    /// Role of the last message: `user`, `tool`, `system`, `assistant`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_role: Option<String>,
    /// Text that the last message contains. The runtime wraps what the user wrote, so equality would never hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Name of a tool that the request offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_tool: Option<String>,
    /// Number of the request since the start or the last reset, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<usize>,
}

/// A tool call of the model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ModelToolCall {
    /// Identifier of the call; minted when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name of the tool.
    pub name: String,
    /// Arguments: an object, or a string that is sent as it is, even when it is not JSON.
    pub arguments: Value,
}

/// An HTTP error answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ModelError {
    /// HTTP status.
    pub status: u16,
    /// JSON body.
    pub body: Value,
}

impl ModelScript {
    /// The built-in behaviour alone: calls `get_weather` when offered, tells tool results, otherwise echoes.
    pub fn demo() -> Self {
        Self { demo: true, ..Self::default() }
    }

    /// A script of these replies.
    pub fn new(replies: impl IntoIterator<Item = ModelReply>) -> Self {
        Self { replies: replies.into_iter().collect(), ..Self::default() }
    }

    /// Reads a script: a list of replies, or an object with `replies`, `strict` and `demo`.
    ///
    /// # Errors
    /// `InvalidData` when the value has another shape or unknown fields.
    pub fn from_value(value: Value) -> io::Result<Self> {
        let value = if value.is_array() { json!({ "replies": value }) } else { value };
        serde_json::from_value(value)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("model script: {e}")))
    }

    /// Reads a script from JSON text.
    ///
    /// # Errors
    /// `InvalidData` when the text is not JSON or not a script.
    pub fn parse(text: &str) -> io::Result<Self> {
        Self::from_value(serde_json::from_str(text)?)
    }

    /// Reads a script from a file.
    ///
    /// # Errors
    /// When the file cannot be read or is not a script.
    pub fn load(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::parse(&fs::read_to_string(path)?)
    }
}

impl ModelReply {
    /// A text, streamed in one delta per item.
    pub fn text<S: Into<String>>(chunks: impl IntoIterator<Item = S>) -> Self {
        Self { chunks: chunks.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// One tool call.
    pub fn tool_call(name: impl Into<String>, arguments: Value) -> Self {
        Self { tool_calls: vec![ModelToolCall { id: None, name: name.into(), arguments }], ..Self::default() }
    }

    /// Limits the reply to requests whose last message contains `text`.
    #[must_use]
    pub fn when_contains(mut self, text: impl Into<String>) -> Self {
        self.when.get_or_insert_default().contains = Some(text.into());
        self
    }

    /// The deltas in which the text is streamed.
    pub(super) fn deltas(&self) -> Vec<&str> {
        if self.chunks.is_empty() {
            self.text.iter().map(String::as_str).collect()
        } else {
            self.chunks.iter().map(String::as_str).collect()
        }
    }
}

impl When {
    /// Whether request number `nth` fits.
    pub(super) fn fits(&self, request: &Value, nth: usize) -> bool {
        let (role, text) = last_message(request);
        self.nth.is_none_or(|wanted| wanted == nth)
            && self.last_role.as_ref().is_none_or(|wanted| wanted == role)
            && self.contains.as_ref().is_none_or(|wanted| text.contains(wanted.as_str()))
            && self.has_tool.as_ref().is_none_or(|wanted| offers_tool(request, wanted))
    }
}

/// Role and text of the last message; text parts are joined.
pub(super) fn last_message(request: &Value) -> (&str, String) {
    let Some(message) = request["messages"].as_array().and_then(|m| m.last()) else {
        return ("", String::new());
    };
    let text = match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    };
    (message["role"].as_str().unwrap_or_default(), text)
}

pub(super) fn offers_tool(request: &Value, name: &str) -> bool {
    request["tools"].as_array().is_some_and(|tools| tools.iter().any(|tool| tool["function"]["name"] == name))
}
