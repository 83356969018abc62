//! May the agent do this?

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::CallContext;
use crate::error::{Error, ErrorKind, Result};

/// A question for permission.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionRequest {
    /// Names the pending request.
    pub request_id: String,
    /// JSON object with `kind` and what belongs to it.
    pub permission_request: Box<RawValue>,
    /// The same request worded for a person, when the runtime sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_request: Option<Box<RawValue>>,
    /// Whether the session was made with managed settings: then a policy that allows everything must not answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub managed_settings_enabled: bool,
    /// Whether managed policy reserves the request for a person: then a policy that allows everything must leave it alone.
    /// Found by the engine: any `managedApprovalRequired` but absent, null and false counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_human: bool,
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

    /// Whether the mark of managed policy is set in what is asked.
    pub(crate) fn is_reserved(&self) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Mark {
            #[serde(default)]
            managed_approval_required: Value,
        }
        crate::protocol::json::parse::<Mark>(self.permission_request.get().as_bytes())
            .is_ok_and(|mark| !matches!(mark.managed_approval_required, Value::Bool(false) | Value::Null))
    }
}

/// What is decided about a request for permission.
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

/// Decides what the agent may do. Requests may overlap.
#[async_trait]
pub trait PermissionHandler: Send + Sync {
    /// Called for each request that no rule of the runtime settles. An error is answered with `user-not-available`.
    async fn decide(&self, context: &CallContext, request: PermissionRequest) -> Result<PermissionDecision>;
}

/// Allows everything, except what only a person may answer: there it abstains. In a session with managed settings it fails,
/// so that nothing is allowed.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApproveAll;

#[async_trait]
impl PermissionHandler for ApproveAll {
    async fn decide(&self, _context: &CallContext, request: PermissionRequest) -> Result<PermissionDecision> {
        if request.managed_settings_enabled {
            let text = "ApproveAll cannot be used in a session with managed settings";
            return Err(Error::new(ErrorKind::HandlerFailed, text));
        }
        Ok(approved(&request))
    }
}

fn approved(request: &PermissionRequest) -> PermissionDecision {
    if request.needs_human { PermissionDecision::NoResult } else { PermissionDecision::approve_once() }
}

/// Denies everything, without feedback.
#[derive(Clone, Copy, Debug, Default)]
pub struct DenyAll;

#[async_trait]
impl PermissionHandler for DenyAll {
    async fn decide(
        &self,
        _context: &CallContext,
        _request: PermissionRequest,
    ) -> Result<PermissionDecision> {
        Ok(PermissionDecision::reject(None))
    }
}

/// Allows what the function says yes to, except what only a person may answer: there it abstains. Denies the rest.
#[derive(Clone, Copy)]
pub struct ApproveIf<F>(pub F);

#[async_trait]
impl<F: Fn(&PermissionRequest) -> bool + Send + Sync> PermissionHandler for ApproveIf<F> {
    async fn decide(&self, _context: &CallContext, request: PermissionRequest) -> Result<PermissionDecision> {
        Ok(if (self.0)(&request) { approved(&request) } else { PermissionDecision::reject(None) })
    }
}
