//! `canvas.*`: canvases of the host.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{guarded, read};
use crate::error::{Error, ErrorKind};
use crate::rpc::{INTERNAL_ERROR, Responder};
use crate::session::{Lasts, SessionCore};

/// How the names of these methods begin.
pub(super) const PREFIX: &str = "canvas.";
const METHODS: [&str; 3] = ["open", "close", "action.invoke"];

pub(super) fn is_known(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|method| METHODS.contains(&method))
}

pub(super) fn request(core: Arc<SessionCore>, name: &str, params: Bytes, responder: Responder) {
    let method = name.strip_prefix(PREFIX).unwrap_or_default().to_owned();
    let params: Map<String, Value> = match read(name, &params) {
        Ok(params) => params,
        Err(error) => return responder.fail(&error),
    };
    let Some(handler) = core.handlers().canvas.clone() else {
        let text = format!("No canvas handler registered for session: {}", core.id());
        return refuse(responder, "canvas_handler_unset", &text);
    };
    core.spawn(Lasts::Session, |context| async move {
        match guarded(handler.call(&context, &method, params)).await {
            Ok(_) if method == "close" => responder.ok("null"),
            Ok(Value::Null) if method == "open" => responder.ok("{}"),
            Ok(result) => responder.ok(&result.to_string()),
            Err(error) if error.kind() == ErrorKind::Rpc => responder.fail(&error),
            Err(error) => refuse(responder, &code(&error), error.message()),
        }
    });
}

fn code(error: &Error) -> String {
    let details: Value = error.data().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    details["code"].as_str().unwrap_or("canvas_handler_error").to_owned()
}

fn refuse(responder: Responder, code: &str, message: &str) {
    let data = json!({"code": code, "message": message}).to_string();
    responder.error(INTERNAL_ERROR, message, Some(&data));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kept() {
        let plain = Error::new(ErrorKind::HandlerFailed, "x");
        assert_eq!(code(&plain), "canvas_handler_error");
        assert_eq!(code(&plain.with_data(r#"{"code":"no_such_board"}"#.to_owned())), "no_such_board");
        assert!(is_known("canvas.action.invoke") && !is_known("canvas.zz"));
    }
}
