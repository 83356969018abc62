//! `hooks.invoke`: a hook can change things but never break the session.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{guarded, member, noted, read};
use crate::handlers::HookInput;
use crate::protocol::method;
use crate::rpc::Responder;
use crate::session::{Lasts, SessionCore};

pub(super) fn invoke(core: Arc<SessionCore>, params: Bytes, responder: Responder) {
    let mut request: HookInput = match read(method::HOOKS_INVOKE, &params) {
        Ok(request) => request,
        Err(error) => return responder.fail(&error),
    };
    let Some(handler) = core.handlers().hooks.get(&request.hook_type).cloned() else {
        return responder.ok("{}");
    };
    if let Value::Object(input) = &mut request.input {
        normalise(input);
    }
    tracing::Span::current().record("hook_type", &request.hook_type);
    let owner = Arc::clone(&core);
    core.spawn(Lasts::Turn, |context| async move {
        match noted(&owner, "a hook", guarded(handler.run(&context, request)).await) {
            Ok(Value::Null) => responder.ok("{}"),
            Ok(output) => responder.ok(&Value::Object(member("output", output)).to_string()),
            Err(_) => responder.ok("{}"),
        }
    });
}

/// Gives members their public names.
fn normalise(input: &mut Map<String, Value>) {
    for (wire, public) in [("cwd", "workingDirectory"), ("stop_hook_active", "stopHookActive")] {
        if let Some(value) = input.remove(wire) {
            input.insert(public.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_normalised_and_the_rest_stays() {
        let Value::Object(mut input) =
            json!({"cwd": "/x", "timestamp": 5, "stop_hook_active": true, "_meta": null})
        else {
            unreachable!()
        };
        normalise(&mut input);
        let expected =
            json!({"timestamp": 5, "_meta": null, "workingDirectory": "/x", "stopHookActive": true});
        assert_eq!(Value::Object(input), expected);
    }
}
