//! `skillProvider.list` and `skillProvider.read`.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{guarded, read};
use crate::error::{Error, ErrorKind};
use crate::handlers::SkillProviderHandler;
use crate::protocol::method;
use crate::rpc::{INTERNAL_ERROR, INVALID_PARAMS, Responder};
use crate::session::{Lasts, SessionCore};

pub(super) fn list(core: Arc<SessionCore>, _: Bytes, responder: Responder) {
    let Some((provider, responder)) = provider(&core, responder) else { return };
    core.spawn(Lasts::Session, |context| async move {
        match guarded(provider.list(&context)).await {
            Ok(Value::Null) => responder.ok(r#"{"skills":[]}"#),
            Ok(skills @ Value::Array(_)) => responder.ok(&json!({"skills": skills}).to_string()),
            Ok(_) => responder.fail(&failed("listSkills", "the skills must be a list")),
            Err(error) => responder.fail(&failed("listSkills", error.message())),
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
    let Some((provider, responder)) = provider(&core, responder) else { return };
    core.spawn(Lasts::Session, |context| async move {
        match guarded(provider.read(&context, &name)).await {
            Ok(markdown) => responder.ok(&json!({"markdown": markdown}).to_string()),
            Err(error) => responder.fail(&failed("readSkill", error.message())),
        }
    });
}

fn provider(core: &SessionCore, responder: Responder) -> Option<(Arc<dyn SkillProviderHandler>, Responder)> {
    match core.handlers().skill_provider.clone() {
        Some(provider) => Some((provider, responder)),
        None => {
            let text = format!("No skill provider for session: {}", core.id());
            responder.error(INTERNAL_ERROR, &text, None);
            None
        }
    }
}

fn failed(what: &str, why: &str) -> Error {
    Error::new(ErrorKind::HandlerFailed, format!("Skill provider {what} failed: {why}"))
}
