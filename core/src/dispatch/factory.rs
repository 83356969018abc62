//! `factory.execute` and `factory.abort`, or `workflow.execute` and `workflow.abort`, as newer runtimes call them.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{guarded, read};
use crate::handlers::FactoryExecution;
use crate::protocol::method;
use crate::rpc::{INVALID_PARAMS, Responder};
use crate::session::{Lasts, SessionCore, WorkId};

/// `family` is what the runtime calls its jobs.
pub(super) fn execute(family: &str, core: Arc<SessionCore>, params: Bytes, responder: Responder) {
    let mut execution: FactoryExecution = match read(method::FACTORY_EXECUTE, &params) {
        Ok(execution) => execution,
        Err(error) => return responder.fail(&error),
    };
    family.clone_into(&mut execution.family);
    let Some(handler) = core.handlers().factories.get(&execution.name).cloned() else {
        let data = json!({"code": format!("{family}_not_found"), "name": execution.name}).to_string();
        let text = format!("no {family} is called {:?}", execution.name);
        return responder.error(INVALID_PARAMS, &text, Some(&data));
    };
    let attempt = WorkId::Factory {
        run_id: execution.run_id.clone(),
        execution_token: execution.execution_token.clone(),
    };
    core.spawn_once(Lasts::Session, attempt, |context| async move {
        match guarded(handler.execute(&context, execution)).await {
            Ok(Some(result)) => responder.ok(&json!({"result": result}).to_string()),
            Ok(None) => responder.ok("{}"),
            Err(error) => responder.fail(&error),
        }
    });
}

/// Cancels every attempt of the run, whichever the runtime names.
pub(super) fn abort(core: Arc<SessionCore>, params: Bytes, responder: Responder) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Abort {
        run_id: String,
    }
    match read::<Abort>(method::FACTORY_ABORT, &params) {
        Ok(abort) => {
            core.end_run(&abort.run_id);
            responder.ok("{}");
        }
        Err(error) => responder.fail(&error),
    }
}
