//! `exitPlanMode.request` and `autoModeSwitch.request`.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{guarded, read};
use crate::error::{Error, ErrorKind};
use crate::handlers::{AutoModeSwitchRequest, ExitPlanModeRequest};
use crate::protocol::method;
use crate::rpc::Responder;
use crate::session::{Lasts, SessionCore};

pub(super) fn exit_plan_request(core: Arc<SessionCore>, params: Bytes, responder: Responder) {
    let request: ExitPlanModeRequest = match read(method::EXIT_PLAN_MODE_REQUEST, &params) {
        Ok(request) => request,
        Err(error) => return responder.fail(&error),
    };
    let Some(handler) = core.handlers().exit_plan_mode.clone() else {
        return responder.ok(r#"{"approved":true}"#);
    };
    core.spawn(Lasts::Turn, |context| async move {
        match guarded(handler.decide(&context, request)).await {
            Ok(answer) if answer.is_object() => responder.ok(&answer.to_string()),
            Ok(answer) => {
                let text =
                    format!("exit plan mode: the answer must be an object with `approved`, not {answer}");
                responder.fail(&Error::new(ErrorKind::HandlerFailed, text));
            }
            Err(error) => responder.fail(&error),
        }
    });
}

pub(super) fn auto_switch_request(core: Arc<SessionCore>, params: Bytes, responder: Responder) {
    let request: AutoModeSwitchRequest = match read(method::AUTO_MODE_SWITCH_REQUEST, &params) {
        Ok(request) => request,
        Err(error) => return responder.fail(&error),
    };
    let Some(handler) = core.handlers().auto_mode_switch.clone() else {
        return responder.ok(&response("no".to_owned()).to_string());
    };
    core.spawn(Lasts::Turn, |context| async move {
        match guarded(handler.decide(&context, request)).await {
            Ok(answer) if matches!(answer.as_str(), "yes" | "yes_always" | "no") => {
                responder.ok(&response(answer).to_string());
            }
            Ok(answer) => {
                let text = format!("auto mode switch: {answer:?} is none of yes, yes_always, no");
                responder.fail(&Error::new(ErrorKind::HandlerFailed, text));
            }
            Err(error) => responder.fail(&error),
        }
    });
}

fn response(answer: String) -> Value {
    json!({"response": answer})
}
