//! Forms to fill in.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::CallContext;
use crate::error::Result;

/// A form that an MCP server or the agent wants filled in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ElicitationRequest {
    /// Names the pending request.
    pub request_id: String,
    /// What is asked.
    #[serde(default)]
    pub message: String,
    /// `requestedSchema`, `mode`, `elicitationSource`, `url` and what newer runtimes add, as received.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Fills in forms.
#[async_trait]
pub trait ElicitationHandler: Send + Sync {
    /// Answers `{action: "accept"|"decline"|"cancel", content?}`; anything else, or an error, cancels.
    async fn fill(&self, context: &CallContext, request: ElicitationRequest) -> Result<Value>;
}
