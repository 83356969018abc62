//! `providerToken.getToken`: a model provider needs a bearer token.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{guarded, read};
use crate::error::{Error, ErrorKind};
use crate::protocol::method;
use crate::rpc::Responder;
use crate::session::{Lasts, SessionCore};

pub(super) fn request(core: Arc<SessionCore>, params: Bytes, responder: Responder) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Request {
        provider_name: String,
    }
    let name = match read::<Request>(method::PROVIDER_TOKEN_GET, &params) {
        Ok(request) => request.provider_name,
        Err(error) => return responder.fail(&error),
    };
    let handlers = core.handlers();
    let Some(handler) = handlers.provider_tokens.get(&name).cloned() else {
        let text = if handlers.provider_tokens.is_empty() {
            format!("No provider_token handler registered for session: {}", core.id())
        } else {
            format!("No bearer-token provider registered for provider: '{name}'")
        };
        return responder.fail(&Error::new(ErrorKind::HandlerFailed, text));
    };
    let owner = Arc::clone(&core);
    core.spawn(Lasts::Session, |context| async move {
        match guarded(handler.token(&context, &name)).await {
            Ok(token) => {
                owner.connection().watch().secrets.learn(&token);
                responder.ok(&json!({"token": token}).to_string());
            }
            Err(error) => responder.fail(&error),
        }
    });
}
