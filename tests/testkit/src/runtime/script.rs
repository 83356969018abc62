//! The script format, as types. `README.md` describes every field with examples.

use std::io;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the fake runtime does differently from a healthy one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RuntimeScript {
    /// Done once when the process starts, before it announces a port or reads anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_start: Vec<Action>,
    /// Done for every connection before its first frame is read; stdio counts as one connection.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_connect: Vec<Action>,
    /// Answers that replace the built-in ones; the first rule that fits a message is used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// `false`: never print the port in TCP mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announce: Option<bool>,
    /// Exit with this code after `onStart`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_at_start: Option<i32>,
}

/// Actions for the messages that fit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which messages.
    pub on: On,
    /// What to do, in order.
    #[serde(rename = "do")]
    pub actions: Vec<Action>,
}

/// Conditions on a request or notification of the SDK.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct On {
    /// The method; `*` for any.
    pub method: String,
    /// Partial match on the params, see [`matches`](crate::matching::matches).
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// Only the n-th message that fits the other conditions, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
}

/// One thing to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Answers the request at hand.
    Reply(Reply),
    /// Does what the built-in behaviour would do, events included.
    Builtin(bool),
    /// Ends the rule without an answer.
    NoReply(bool),
    /// Sends a `session.event`.
    Event(Event),
    /// Sends any notification.
    Notify(Notify),
    /// Sends a request to the SDK.
    Request(Request),
    /// Waits until the SDK sends a message.
    Expect(Expect),
    /// Waits so many milliseconds.
    Sleep(u64),
    /// Sends many events at once.
    Flood(Flood),
    /// Has the SDK's tools called many times; waits until all calls are answered.
    ToolRoundtrips(ToolRoundtrips),
    /// Puts bytes on the wire.
    Raw(Raw),
    /// Writes text to standard error.
    Stderr(String),
    /// Ends the process with this code.
    Exit(i32),
    /// Reads and answers nothing any more on this connection.
    Hang(bool),
    /// Closes the connection; the process stays alive.
    Close(bool),
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reply {
    /// A result, which may be null.
    Result {
        /// The result.
        result: Value,
    },
    /// An error.
    Error {
        /// The error.
        error: WireError,
    },
    /// Any text, `"default"` by convention: the built-in answer without its events.
    Default(String),
}

/// An error object of JSON-RPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WireError {
    /// The code.
    pub code: i64,
    /// The text.
    pub message: String,
    /// Anything more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// A session event; identifier, time and parent are added.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// The event type, which need not exist.
    #[serde(rename = "type")]
    pub kind: String,
    /// The payload; an empty object by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Not stored and not a parent of later events.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ephemeral: bool,
    /// The sub-agent that the event comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The session, when it is not the one of the message at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
}

/// A notification.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// The method.
    pub method: String,
    /// The params; left out when missing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
}

/// A request to the SDK.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The params; left out when missing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// Name under which later templates see the answer: `$name.result`, `$name.error`.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `false`: go on without waiting for the answer.
    #[serde(default = "yes")]
    pub wait: bool,
    /// How long to wait before it counts as a failure.
    #[serde(default = "patience")]
    pub timeout_ms: u64,
}

/// A message that the SDK has to send.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// The method.
    pub method: String,
    /// Partial match on the params.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// Name under which later templates see the message: `$name.params`.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How long to wait before it counts as a failure.
    #[serde(default = "patience")]
    pub timeout_ms: u64,
}

/// A burst of events whose `data.n` counts from 0.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flood {
    /// How many.
    pub count: u64,
    /// Length of the text in each, in bytes of UTF-8.
    #[serde(default = "flood_bytes")]
    pub bytes: usize,
    /// The event type.
    #[serde(rename = "type", default = "flood_type")]
    pub kind: String,
    /// The session, when it is not the one of the message at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Events per second; as fast as the pipe takes them when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u64>,
    /// Only the members that the schema names: without `n` and `t`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
    /// What the text repeats; the letter x when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Many calls of one tool in the session of the message at hand.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolRoundtrips {
    /// The tool.
    pub tool_name: String,
    /// How many calls.
    pub count: u64,
    /// How many are open at a time.
    #[serde(default = "one")]
    pub in_flight: u64,
    /// Name under which later templates see `$name.count`, `$name.failed` and `$name.micros`.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How long to wait before it counts as a failure.
    #[serde(default = "long_patience")]
    pub timeout_ms: u64,
}

/// Bytes for the wire, given in one of four ways.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Raw {
    /// Text as it is, header included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Bytes as they are, in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// A body as text, which need not be JSON; a correct header is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// A body as JSON, which need not be JSON-RPC; a correct header is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<Value>,
    /// Write in pieces of so many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk: Option<usize>,
    /// Milliseconds between the pieces.
    pub chunk_delay_ms: u64,
}

fn yes() -> bool {
    true
}

fn patience() -> u64 {
    5000
}

fn long_patience() -> u64 {
    60_000
}

fn one() -> u64 {
    1
}

pub(super) fn flood_bytes() -> usize {
    64
}

pub(super) fn flood_type() -> String {
    "assistant.message_delta".to_owned()
}

impl RuntimeScript {
    /// A script of these rules.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { rules: rules.into_iter().collect(), ..Self::default() }
    }

    /// Reads a script from JSON text: a list of rules, or an object with `rules`, `onStart` and the rest.
    ///
    /// # Errors
    /// `InvalidData` when the text is not JSON or not a script.
    pub fn parse(text: &str) -> io::Result<Self> {
        Self::from_value(serde_json::from_str(text)?)
    }

    /// Reads a script from JSON.
    ///
    /// # Errors
    /// `InvalidData` when the value has another shape or unknown fields.
    pub fn from_value(value: Value) -> io::Result<Self> {
        let value = if value.is_array() { json!({ "rules": value }) } else { value };
        serde_json::from_value(value)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("runtime script: {e}")))
    }
}

impl Rule {
    /// A rule for every message of this method.
    pub fn on(method: impl Into<String>, actions: impl IntoIterator<Item = Action>) -> Self {
        Self { on: On { method: method.into(), ..On::default() }, actions: actions.into_iter().collect() }
    }
}

impl Action {
    /// An answer with this result.
    pub fn result(result: Value) -> Self {
        Self::Reply(Reply::Result { result })
    }

    /// An answer with this error.
    pub fn error(code: i64, message: impl Into<String>) -> Self {
        Self::Reply(Reply::Error { error: WireError { code, message: message.into(), data: None } })
    }

    /// An event in the session of the message at hand.
    pub fn event(kind: impl Into<String>, data: Value) -> Self {
        Self::Event(Event { kind: kind.into(), data: Some(data), ..Event::default() })
    }

    /// Whether the action may take long, so that it must not run on the thread that reads.
    pub(super) fn blocks(&self) -> bool {
        match self {
            Self::Sleep(_) | Self::Expect(_) | Self::Flood(_) | Self::ToolRoundtrips(_) => true,
            Self::Request(request) => request.wait,
            Self::Raw(raw) => raw.chunk_delay_ms > 0,
            _ => false,
        }
    }
}
