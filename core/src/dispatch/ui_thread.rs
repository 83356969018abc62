//! `uiThread.run`: the runtime's library wants something done on the application's main thread.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{guarded, read};
use crate::handlers::{UiAction, UiThreadHandler};
use crate::protocol::method;
use crate::rpc::Responder;
use crate::runtime::Hosted;

/// Hands the action to the handler; the runtime hears when it was run.
pub(super) fn run(
    handler: Arc<dyn UiThreadHandler>,
    hosted: &Hosted,
    closed: &CancellationToken,
    params: &Bytes,
    responder: Responder,
) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Run {
        action_id: u32,
    }
    let id = match read::<Run>(method::UI_THREAD_RUN, params) {
        Ok(run) => run.action_id,
        Err(error) => return responder.fail(&error),
    };
    let action = UiAction::new(id, hosted.clone());
    tokio::spawn(closed.clone().run_until_cancelled_owned(async move {
        match guarded(handler.run(action)).await {
            Ok(()) => responder.ok("null"),
            Err(error) => responder.fail(&error),
        }
    }));
}
