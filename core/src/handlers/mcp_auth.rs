//! Tokens for MCP servers.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::CallContext;
use crate::diagnostics::redacted_debug;
use crate::error::Result;

/// An MCP server wants a token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct McpAuthRequest {
    /// Names the pending request.
    pub request_id: String,
    /// `serverName`, `serverUrl`, `reason` and the rest, as received.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

redacted_debug!(McpAuthRequest);

/// Gets OAuth tokens for MCP servers that demand one.
#[async_trait]
pub trait McpAuthHandler: Send + Sync {
    /// Answers `{accessToken, tokenType?, expiresIn?}`; null, or an error, cancels.
    async fn authorize(&self, context: &CallContext, request: McpAuthRequest) -> Result<Value>;
}
