//! `skillProvider.list` and `skillProvider.read`.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{guarded, noted, read};
use crate::handlers::SkillProviderHandler;
use crate::protocol::method;
use crate::rpc::{INTERNAL_ERROR, INVALID_PARAMS, Responder, Withdrawable};
use crate::session::{Lasts, SessionCore};

pub(super) fn list(core: Arc<SessionCore>, _: Bytes, responder: Responder) {
    let Some((provider, asked)) = provider(&core, responder) else { return };
    let inner = Arc::clone(&core);
    core.spawn(Lasts::Session, |context| async move {
        let listing = guarded(provider.list(&context));
        let Some((responder, listed)) = asked.unless_withdrawn(listing).await else { return };
        match noted(&inner, "listing skills", listed) {
            Ok(Value::Null) => responder.ok(r#"{"skills":[]}"#),
            Ok(skills @ Value::Array(_)) => responder.ok(&json!({"skills": skills}).to_string()),
            Ok(_) => {
                tracing::warn!("the skills of a skill provider must be a list");
                failed(responder, "listSkills");
            }
            Err(_) => failed(responder, "listSkills"),
        }
    });
}

pub(super) fn read_skill(core: Arc<SessionCore>, params: Bytes, responder: Responder) {
    #[derive(Deserialize)]
    struct Request {
        name: String,
    }
    let Ok(Request { name }) = read::<Request>(method::SKILL_PROVIDER_READ, &params) else {
        return responder.error(INVALID_PARAMS, "Invalid params: name must be a text", None);
    };
    let Some((provider, asked)) = provider(&core, responder) else { return };
    let inner = Arc::clone(&core);
    core.spawn(Lasts::Session, |context| async move {
        let reading = guarded(provider.read(&context, &name));
        let Some((responder, read)) = asked.unless_withdrawn(reading).await else { return };
        match noted(&inner, "reading a skill", read) {
            Ok(markdown) => responder.ok(&json!({"markdown": markdown}).to_string()),
            Err(_) => failed(responder, "readSkill"),
        }
    });
}

fn provider(
    core: &SessionCore,
    responder: Responder,
) -> Option<(Arc<dyn SkillProviderHandler>, Withdrawable)> {
    match core.handlers().skill_provider.clone() {
        Some(provider) => Some((provider, responder.withdrawable())),
        None => {
            let text = format!("No skill provider for session: {}", core.id());
            responder.error(INTERNAL_ERROR, &text, None);
            None
        }
    }
}

/// The runtime is told that it failed, the log why.
fn failed(responder: Responder, what: &str) {
    responder.error(INTERNAL_ERROR, &format!("Skill provider {what} failed"), None);
}
