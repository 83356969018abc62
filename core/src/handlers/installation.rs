//! What the runtime may install.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Result;

/// What is about to be installed, as the runtime describes it for review.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallationRequest {
    /// Names the question.
    pub confirmation_id: String,
    /// Names exactly what was reviewed; the answer holds for nothing else.
    pub review_fingerprint: String,
    /// `{resource, review}`: `mcp`, `plugin` or `skill`, and what is to be seen of it.
    pub review: Map<String, Value>,
    /// `operationId`, `expiresAt`, `policySessionId`, and what newer runtimes add.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Decides about installations. There is no default: without a handler nothing is installed.
#[async_trait]
pub trait InstallationHandler: Send + Sync {
    /// `confirm`, `decline` or `cancel`. The future is dropped when the runtime takes the question back.
    async fn confirm(&self, request: InstallationRequest) -> Result<String>;
}
