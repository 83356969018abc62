//! The arguments of operations, as doors write them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::delivery::SessionKey;
use super::served::Served;
use crate::error::{Result, reasons};
use crate::protocol::json as text;
use crate::protocol::options::{SessionConfig, ToolSpec};
use crate::protocol::session_spec::TraceContext;

/// `client.call`, `client.notify` and `session.call`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invoke<'a> {
    #[serde(default)]
    pub(super) key: SessionKey,
    pub(super) method: String,
    #[serde(borrow, default)]
    pub(super) params: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) timeout_ms: Option<f64>,
}

/// `session.create` and `session.resume`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Make {
    pub(super) key: SessionKey,
    #[serde(default)]
    pub(super) session_id: Option<String>,
    #[serde(default)]
    pub(super) config: SessionConfig,
    #[serde(default)]
    pub(super) handlers: Served,
    #[serde(default)]
    pub(super) trace_context: TraceContext,
}

/// An operation on a session that has no further arguments.
#[derive(Deserialize)]
pub(super) struct Keyed {
    pub(super) key: SessionKey,
}

/// An operation on a session that the client may have no object for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Named {
    pub(super) session_id: String,
}

/// `client.setEnv`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetEnv {
    pub(super) env: BTreeMap<String, String>,
}

/// `session.setTools`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetTools {
    pub(super) key: SessionKey,
    pub(super) tools: Vec<ToolSpec>,
    /// The tools that the host serves from now on; none: as before.
    #[serde(default)]
    pub(super) handlers: Option<Vec<String>>,
}

/// `session.ui`
#[derive(Deserialize)]
pub(super) struct Ui {
    pub(super) key: SessionKey,
    pub(super) message: String,
    #[serde(flatten)]
    pub(super) form: Form,
}

/// What is asked for.
#[derive(Deserialize)]
#[serde(tag = "form", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(super) enum Form {
    Elicitation {
        requested_schema: serde_json::Value,
    },
    Confirm {},
    Select {
        options: Vec<String>,
    },
    Input {
        #[serde(default)]
        options: serde_json::Map<String, serde_json::Value>,
    },
}

/// Types the arguments of an operation.
pub(super) fn read<T: DeserializeOwned>(args: &str) -> Result<T> {
    text::parse_as("arguments", args.as_bytes())
}

/// A limit in milliseconds.
pub(super) fn duration(name: &str, millis: Option<f64>) -> Result<Option<Duration>> {
    let Some(millis) = millis else { return Ok(None) };
    Duration::try_from_secs_f64(millis / 1e3)
        .map(Some)
        .map_err(|_| reasons::option_invalid(name, "must be a number, 0 or more"))
}

/// JSON text of a result.
pub(super) fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}
