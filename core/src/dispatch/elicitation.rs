//! `elicitation.requested`: a form to fill in.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{guarded, member, noted, reply};
use crate::error::Result;
use crate::handlers::ElicitationRequest;
use crate::protocol::event::Event;
use crate::protocol::method;
use crate::session::{Lasts, SessionCore, WorkId};

pub(super) fn requested(core: &Arc<SessionCore>, event: &Event) {
    let Some(handler) = core.handlers().elicitation.clone() else { return };
    let request = match event.data::<ElicitationRequest>() {
        Ok(request) if !request.request_id.is_empty() => request,
        Ok(_) => return,
        Err(error) => return tracing::warn!(%error, "elicitation ignored"),
    };
    let (owner, request_id) = (Arc::clone(core), request.request_id.clone());
    tracing::Span::current().record("request_id", &request_id);
    core.spawn_once(Lasts::Session, WorkId::Request(request_id.clone()), |context| async move {
        let outcome = noted(&owner, "an elicitation handler", guarded(handler.fill(&context, request)).await);
        reply(&owner, method::SESSION_ELICITATION_REPLY, &request_id, answer(outcome)).await;
    });
}

fn answer(outcome: Result<Value>) -> Map<String, Value> {
    let result = match outcome {
        Ok(answer) => match answer["action"].as_str() {
            Some(action @ ("accept" | "decline" | "cancel")) => match answer.get("content") {
                Some(content) if !content.is_null() => json!({"action": action, "content": content}),
                _ => json!({"action": action}),
            },
            _ => json!({"action": "cancel"}),
        },
        Err(_) => json!({"action": "cancel"}),
    };
    member("result", result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_unclear_cancels() {
        let of = |value: Value| answer(Ok(value))["result"].clone();
        for unclear in [json!({}), json!(null), json!({"action": "zzz"}), json!(1)] {
            assert_eq!(of(unclear), json!({"action": "cancel"}));
        }
        let accepted = json!({"action": "accept", "content": {"a": 1}});
        assert_eq!(of(accepted.clone()), accepted);
        assert_eq!(of(json!({"action": "decline", "content": null})), json!({"action": "decline"}));
    }
}
