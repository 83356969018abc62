//! Factories: jobs that an extension offers to the runtime. Runtimes from 1.0.89-7 on call them workflows.

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
    /// `factory` or `workflow`: what the runtime calls its jobs, in `session.factory.*` or `session.workflow.*`.
    #[serde(default)]
    pub family: String,
    /// Names this attempt in those calls.
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
