//! `permission.requested`: may the agent do this?

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{guarded, member, noted, reply};
use crate::diagnostics::describe;
use crate::error::Result;
use crate::handlers::{PermissionDecision, PermissionRequest};
use crate::protocol::event::Event;
use crate::protocol::method;
use crate::session::{Lasts, SessionCore, WorkId};

pub(super) fn requested(core: &Arc<SessionCore>, event: &Event) {
    let Some(handler) = core.handlers().permission.clone() else { return };
    let Ok(data) = event.data::<Map<String, Value>>() else {
        return tracing::warn!("permission request ignored: its data is no object");
    };
    if data.is_empty() || data.get("resolvedByHook") == Some(&Value::Bool(true)) {
        return;
    }
    let mut request = match PermissionRequest::deserialize(Value::Object(data)) {
        Ok(request) if !request.request_id.is_empty() => request,
        Ok(_) => return,
        Err(error) => return tracing::warn!(error = describe(&error), "permission request ignored"),
    };
    let is_of_sub_agent = event.header().is_ok_and(|header| header.agent_id.is_some());
    let lasts = if is_of_sub_agent { Lasts::Session } else { Lasts::Turn };
    request.managed_settings_enabled = core.is_managed();
    request.needs_human = request.is_reserved();
    let (owner, request_id) = (Arc::clone(core), request.request_id.clone());
    tracing::Span::current().record("request_id", &request_id);
    core.spawn_once(lasts, WorkId::Request(request_id.clone()), |context| async move {
        let outcome = noted(&owner, "a permission handler", guarded(handler.decide(&context, request)).await);
        if let Some(members) = answer(outcome) {
            reply(&owner, method::SESSION_PERMISSIONS_REPLY, &request_id, members).await;
        }
    });
}

/// The members of the reply; none when this client abstains.
fn answer(outcome: Result<PermissionDecision>) -> Option<Map<String, Value>> {
    match outcome {
        Ok(PermissionDecision::NoResult) => None,
        Ok(PermissionDecision::Decision { decision, .. }) if decision["kind"] == "no-result" => None,
        Ok(PermissionDecision::Decision { decision, context }) if decision["kind"].is_string() => {
            let mut members = member("result", decision);
            members.extend(context.map(|context| ("decisionContext".to_owned(), context)));
            Some(members)
        }
        Ok(PermissionDecision::Decision { .. }) => {
            tracing::warn!("a permission handler answered something that is no decision");
            Some(nobody())
        }
        Err(_) => Some(nobody()),
    }
}

fn nobody() -> Map<String, Value> {
    member("result", json!({"kind": "user-not-available"}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    #[test]
    fn outcomes_on_the_wire() {
        let of = |outcome| answer(outcome).map(Value::Object);
        let decided = |decision, context| Ok(PermissionDecision::Decision { decision, context });
        assert_eq!(
            of(Ok(PermissionDecision::approve_once())),
            Some(json!({"result": {"kind": "approve-once"}}))
        );
        let rejected = Some(json!({"result": {"kind": "reject", "feedback": "no"}}));
        assert_eq!(of(Ok(PermissionDecision::reject(Some("no")))), rejected);
        assert_eq!(of(Ok(PermissionDecision::reject(None))), Some(json!({"result": {"kind": "reject"}})));
        assert_eq!(of(Ok(PermissionDecision::NoResult)), None);
        assert_eq!(of(decided(json!({"kind": "no-result"}), None)), None);
        let nobody = Some(json!({"result": {"kind": "user-not-available"}}));
        assert_eq!(of(decided(json!({}), None)), nobody);
        assert_eq!(of(Err(Error::new(ErrorKind::HandlerFailed, "x"))), nobody);
        let attributed = of(decided(json!({"kind": "reject"}), Some(json!({"source": "host_policy"}))));
        assert_eq!(attributed.unwrap()["decisionContext"]["source"], "host_policy");
    }
}
