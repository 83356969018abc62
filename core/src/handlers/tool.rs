//! Tools of the user.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::CallContext;
use crate::error::Result;

/// One call of a tool by the model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolInvocation {
    /// Names the pending request.
    pub request_id: String,
    /// Names the call in the conversation.
    #[serde(default)]
    pub tool_call_id: String,
    /// The name under which the tool was declared.
    pub tool_name: String,
    /// JSON text of the arguments, as received.
    #[serde(default = "empty_object")]
    pub arguments: Box<RawValue>,
    /// Trace context of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Trace context of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
    /// The sub-agent that calls; none for the root agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// JSON text of what the session's tools are now: only in calls of a tool that takes the place of
    /// `tool_search_tool`, and absent when the runtime did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_tools: Option<Box<RawValue>>,
}

fn empty_object() -> Box<RawValue> {
    serde_json::value::to_raw_value(&Map::new()).unwrap_or_default()
}

/// What a tool answers.
#[derive(Clone, Debug)]
pub enum ToolResult {
    /// A text for the model.
    Text(String),
    /// The full result object: `textResultForLlm`, `resultType`, …; passed on as given.
    Object(Value),
    /// JSON text of a full result object or a string, passed on as given.
    Raw(String),
    /// The handler had nothing to say: reported as a failure.
    None,
}

impl From<&str> for ToolResult {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ToolResult {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Serves the calls of one tool. Calls may overlap.
#[async_trait]
pub trait ToolHandler: Send + Sync {
    /// Runs the tool. An error's message reaches the runtime, which words the text for the model itself.
    async fn call(&self, context: &CallContext, invocation: ToolInvocation) -> Result<ToolResult>;
}
