//! Factories: jobs that an extension offers to the runtime.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::CallContext;
use crate::diagnostics::redacted_debug;
use crate::error::Result;

/// One attempt of a run.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FactoryExecution {
    /// The factory's name.
    pub name: String,
    /// The run; the same in every attempt.
    pub run_id: String,
    /// Names this attempt in calls of `session.factory.*`.
    pub execution_token: String,
    /// What the run was started with.
    #[serde(default)]
    pub args: Value,
}

redacted_debug!(FactoryExecution);

/// Runs the body of one factory.
#[async_trait]
pub trait FactoryHandler: Send + Sync {
    /// The result; none for a body without one. The context is cancelled when the runtime aborts the run.
    async fn execute(&self, context: &CallContext, execution: FactoryExecution) -> Result<Option<Value>>;
}
