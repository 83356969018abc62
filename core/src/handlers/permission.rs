//! May the agent do this?

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::CallContext;
use crate::error::Result;

/// A question for permission.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionRequest {
    /// Names the pending request.
    pub request_id: String,
    /// JSON object with `kind` and what belongs to it.
    pub permission_request: Box<RawValue>,
    /// The display-oriented variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_request: Option<Box<RawValue>>,
}

impl PermissionRequest {
    /// The kind of permission: `shell`, `write`, `custom-tool`, …
    #[must_use]
    pub fn kind(&self) -> String {
        #[derive(Deserialize)]
        struct Kind {
            kind: String,
        }
        serde_json::from_str::<Kind>(self.permission_request.get()).map(|read| read.kind).unwrap_or_default()
    }

    fn needs_a_human(&self) -> bool {
        // Anything but an absent or false mark counts: only a person may answer then.
        serde_json::from_str::<Value>(self.permission_request.get())
            .ok()
            .and_then(|request| request.get("managedApprovalRequired").cloned())
            .is_some_and(|mark| !matches!(mark, Value::Bool(false) | Value::Null))
    }
}

/// The answer.
#[derive(Clone, Debug)]
pub enum PermissionDecision {
    /// A decision object, for example `{"kind": "approve-once"}`; with the context of the decision, if any.
    Decision {
        /// The decision, passed on as given.
        decision: Value,
        /// How it came about, passed on as given.
        context: Option<Value>,
    },
    /// This client abstains; the request stays open for another.
    NoResult,
}

impl PermissionDecision {
    /// Allows this request.
    #[must_use]
    pub fn approve_once() -> Self {
        Self::Decision { decision: json!({"kind": "approve-once"}), context: None }
    }

    /// Denies this request; the feedback goes to the model.
    #[must_use]
    pub fn reject(feedback: Option<&str>) -> Self {
        let decision = match feedback {
            Some(feedback) => json!({"kind": "reject", "feedback": feedback}),
            None => json!({"kind": "reject"}),
        };
        Self::Decision { decision, context: None }
    }
}

/// Decides.
#[async_trait]
pub trait PermissionHandler: Send + Sync {
    /// An error is answered with `user-not-available`.
    async fn decide(&self, context: &CallContext, request: PermissionRequest) -> Result<PermissionDecision>;
}

/// Allows everything, except what only a person may answer: there it abstains.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApproveAll;

#[async_trait]
impl PermissionHandler for ApproveAll {
    async fn decide(&self, _context: &CallContext, request: PermissionRequest) -> Result<PermissionDecision> {
        if request.needs_a_human() {
            return Ok(PermissionDecision::NoResult);
        }
        Ok(PermissionDecision::approve_once())
    }
}
