//! `gitHubToken.getToken`: addressed to the registration that a session made when it was created.

use std::sync::Arc;

use bytes::Bytes;

use super::{guarded, read};
use crate::error::{Error, ErrorKind};
use crate::handlers::{GitHubTokenAnswer, GitHubTokenRequest};
use crate::protocol::{json, method};
use crate::rpc::Responder;
use crate::session::{Lasts, SessionCore};

pub(super) fn request(core: Arc<SessionCore>, params: Bytes, responder: Responder) {
    let request: GitHubTokenRequest = match read(method::GITHUB_TOKEN_GET, &params) {
        Ok(request) => request,
        Err(error) => return responder.fail(&error),
    };
    let Some(handler) = core.handlers().github_token.clone() else {
        let text = format!("No GitHub token provider registered for session: {}", core.id());
        return responder.fail(&Error::new(ErrorKind::HandlerFailed, text));
    };
    let owner = Arc::clone(&core);
    core.spawn(Lasts::Session, |context| async move {
        let answer = guarded(handler.token(&context, request)).await.and_then(|answer| match &answer {
            GitHubTokenAnswer::Token { expires_in: 0, .. } => {
                let text = "GitHub token provider: expiresIn must be a positive number of seconds";
                Err(Error::new(ErrorKind::HandlerFailed, text))
            }
            GitHubTokenAnswer::Token { access_token, .. } => {
                owner.connection().watch().secrets.learn(access_token);
                json::to_text(&answer)
            }
            GitHubTokenAnswer::Cancelled => json::to_text(&answer),
        });
        match answer {
            Ok(answer) => responder.ok(&answer),
            Err(error) => responder.fail(&error),
        }
    });
}
