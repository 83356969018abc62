//! Hooks into the agent's work.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::CallContext;
use crate::error::Result;

/// What a hook is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HookInput {
    /// `preToolUse`, `postToolUse`, …
    pub hook_type: String,
    /// The input with `cwd` renamed to `workingDirectory`; times are epoch milliseconds.
    pub input: Value,
}

/// Serves one hook type.
#[async_trait]
pub trait HookHandler: Send + Sync {
    /// The output, passed on as given; null changes nothing. An error is logged and changes nothing.
    async fn run(&self, context: &CallContext, input: HookInput) -> Result<Value>;
}
