//! Questions about the agent's mode.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::CallContext;
use crate::error::Result;

/// The agent has a plan and wants to act.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExitPlanModeRequest {
    /// What the plan is.
    pub summary: String,
    /// Possible next modes.
    pub actions: Vec<String>,
    /// The proposed one.
    pub recommended_action: String,
    /// The plan's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_content: Option<String>,
}

/// Decides about a plan.
#[async_trait]
pub trait ExitPlanModeHandler: Send + Sync {
    /// Answers `{approved, selectedAction?, feedback?}`, passed on as given.
    async fn decide(&self, context: &CallContext, request: ExitPlanModeRequest) -> Result<Value>;
}

/// The runtime proposes to switch to automatic model choice.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoModeSwitchRequest {
    /// Why the runtime proposes it, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// When the limit is over, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<f64>,
}

/// Decides about the switch.
#[async_trait]
pub trait AutoModeSwitchHandler: Send + Sync {
    /// Answers `yes`, `yes_always` or `no`.
    async fn decide(&self, context: &CallContext, request: AutoModeSwitchRequest) -> Result<String>;
}
