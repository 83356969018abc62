//! Small types that options and session configuration share.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Text that must not show in logs or debug output.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What the runtime may do by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// The abilities of the command-line tool.
    #[default]
    #[serde(rename = "copilot-cli")]
    CopilotCli,
    /// Nothing that is not asked for: for hosts with many users.
    #[serde(rename = "empty")]
    Empty,
}

/// A slash command; its handler is kept apart.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandSpec {
    /// Without the slash.
    pub name: String,
    /// Sent as an empty text when unset.
    #[serde(deserialize_with = "null_as_empty")]
    pub description: String,
}

fn null_as_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether a value says nothing: null, false, 0, or an empty text, list or object.
pub(crate) fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_f64() == Some(0.0),
        Value::String(value) => value.is_empty(),
        Value::Array(value) => value.is_empty(),
        Value::Object(value) => value.is_empty(),
    }
}

/// [`is_falsy`], also for what is not there.
pub(crate) fn is_falsy_option(value: &Option<Value>) -> bool {
    value.as_ref().is_none_or(is_falsy)
}

/// For members that are written only when they are true.
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}
