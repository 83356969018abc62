//! `userInput.request`: a question for the person in front of the program.

use std::sync::Arc;

use bytes::Bytes;

use super::{guarded, invalid, read};
use crate::error::{Error, ErrorKind};
use crate::handlers::UserInputRequest;
use crate::protocol::{json, method};
use crate::rpc::Responder;
use crate::session::{Lasts, SessionCore};

pub(super) fn request(core: Arc<SessionCore>, params: Bytes, responder: Responder) {
    let request: UserInputRequest = match read(method::USER_INPUT_REQUEST, &params) {
        Ok(request) => request,
        Err(error) => return responder.fail(&error),
    };
    if request.question.is_empty() {
        return responder.fail(&invalid("user input request", "question is empty"));
    }
    let Some(handler) = core.handlers().user_input.clone() else {
        let text = "User input requested but no handler registered";
        return responder.fail(&Error::new(ErrorKind::HandlerFailed, text));
    };
    core.spawn(Lasts::Turn, |context| async move {
        match guarded(handler.ask(&context, request)).await.and_then(|answer| json::to_text(&answer)) {
            Ok(answer) => responder.ok(&answer),
            Err(error) => responder.fail(&error),
        }
    });
}
