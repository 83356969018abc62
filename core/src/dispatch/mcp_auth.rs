//! `mcp.oauth_required`: an MCP server needs a token.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{guarded, member, noted, reply};
use crate::error::Result;
use crate::handlers::McpAuthRequest;
use crate::protocol::event::Event;
use crate::protocol::method;
use crate::session::{Lasts, SessionCore, WorkId};

pub(super) fn required(core: &Arc<SessionCore>, event: &Event) {
    let request = match event.data::<McpAuthRequest>() {
        Ok(request) if !request.request_id.is_empty() => request,
        Ok(_) => return,
        Err(error) => return tracing::warn!(%error, "MCP token request ignored"),
    };
    let Some(handler) = core.handlers().mcp_auth.clone() else {
        tracing::warn!(session_id = %core.id(), request_id = request.request_id, "an MCP server needs a token, but there is no handler");
        return;
    };
    let (owner, request_id) = (Arc::clone(core), request.request_id.clone());
    tracing::Span::current().record("request_id", &request_id);
    core.spawn_once(Lasts::Session, WorkId::Request(request_id.clone()), |context| async move {
        let outcome = guarded(handler.authorize(&context, request)).await;
        let answer = answer(noted(&owner, "an MCP token handler", outcome));
        if let Some(token) = answer["accessToken"].as_str() {
            owner.connection().watch().secrets.learn(token);
        }
        reply(&owner, method::SESSION_MCP_OAUTH_REPLY, &request_id, member("result", answer)).await;
    });
}

fn answer(outcome: Result<Value>) -> Value {
    let cancelled = json!({"kind": "cancelled"});
    let Ok(answer) = outcome else { return cancelled };
    let is_token = answer.get("kind").is_none_or(|kind| kind.is_null() || kind == "token");
    if !is_token || !answer["accessToken"].is_string() {
        return cancelled;
    }
    let mut token = Map::new();
    token.insert("kind".to_owned(), "token".into());
    for name in ["accessToken", "tokenType", "expiresIn"] {
        if let Some(value) = answer.get(name).filter(|value| !value.is_null()) {
            token.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_counts() {
        assert_eq!(answer(Ok(json!({"accessToken": "t"}))), json!({"kind": "token", "accessToken": "t"}));
        for other in [
            json!({"kind": "token"}),
            json!({"kind": "zz", "accessToken": "x"}),
            json!(null),
            json!({"kind": "cancelled"}),
        ] {
            assert_eq!(answer(Ok(other)), json!({"kind": "cancelled"}));
        }
    }
}
