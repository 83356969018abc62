//! `installations.confirm`: the runtime asks before it installs something.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;

use super::guarded;
use crate::error::{Error, ErrorKind};
use crate::handlers::{InstallationHandler, InstallationRequest};
use crate::protocol::json as text;
use crate::rpc::{INVALID_PARAMS, Responder};

const DECISIONS: &[&str] = &["confirm", "decline", "cancel"];

/// Asks the handler; the answer repeats what it is for. To be called by the reader.
pub(super) fn confirm(
    handler: Arc<dyn InstallationHandler>,
    params: &Bytes,
    responder: Responder,
) -> Option<impl Future<Output = ()> + Send + 'static> {
    let Ok(request) = text::parse::<InstallationRequest>(params) else {
        responder.error(INVALID_PARAMS, "Invalid installation confirmation review", None);
        return None;
    };
    let asked = responder.withdrawable();
    let (id, fingerprint) = (request.confirmation_id.clone(), request.review_fingerprint.clone());
    Some(async move {
        let deciding = guarded(handler.confirm(request));
        let Some((responder, decision)) = asked.unless_withdrawn(deciding).await else { return };
        match decision {
            Ok(decision) if DECISIONS.contains(&decision.as_str()) => responder
                .ok(&json!({"confirmationId": id, "reviewFingerprint": fingerprint, "decision": decision})
                    .to_string()),
            Ok(_) => responder
                .fail(&Error::new(ErrorKind::HandlerFailed, "Invalid installation confirmation decision")),
            Err(error) => responder.fail(&error),
        }
    })
}
