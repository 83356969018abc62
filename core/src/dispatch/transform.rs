//! `systemMessage.transform`: sections rewritten by the user, one after the other.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{guarded, invalid, noted, read};
use crate::handlers::{CallContext, Handlers};
use crate::protocol::method;
use crate::rpc::Responder;
use crate::session::{Lasts, SessionCore};

pub(super) fn request(core: Arc<SessionCore>, params: Bytes, responder: Responder) {
    #[derive(Deserialize)]
    struct Request {
        #[serde(default)]
        sections: Map<String, Value>,
    }
    let request: Request = match read(method::SYSTEM_MESSAGE_TRANSFORM, &params) {
        Ok(request) => request,
        Err(error) => return responder.fail(&error),
    };
    if request.sections.is_empty() {
        return responder.fail(&invalid(method::SYSTEM_MESSAGE_TRANSFORM, "sections are missing"));
    }
    let (handlers, owner) = (core.handlers(), Arc::clone(&core));
    core.spawn(Lasts::Session, |context| async move {
        let mut sections = Map::new();
        for (id, section) in request.sections {
            let content = section["content"].as_str().unwrap_or_default().to_owned();
            let content = rewritten(&owner, &handlers, &context, &id, content).await;
            sections.insert(id, json!({"content": content}));
        }
        responder.ok(&json!({"sections": sections}).to_string());
    });
}

/// The section as the handler wants it; unchanged when it fails.
async fn rewritten(
    core: &SessionCore,
    handlers: &Handlers,
    context: &CallContext,
    id: &str,
    content: String,
) -> String {
    let Some(handler) = handlers.transforms.get(id) else { return content };
    let outcome = guarded(handler.transform(context, id, &content)).await;
    noted(core, "a system message handler", outcome).unwrap_or(content)
}
