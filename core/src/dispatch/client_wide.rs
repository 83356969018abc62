//! Requests of the runtime that concern the client as a whole: model requests and extension launches.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::llm::{Exchanges, LlmRequests};
use super::{guarded, read};
use crate::handlers::{ClientCallbacks, ExtensionLaunchHandler, ExtensionLaunchRequest};
use crate::protocol::method;
use crate::router::ClientRequests;
use crate::rpc::{Connection, Responder};

/// Who serves what.
pub(crate) struct ClientWide {
    llm: Option<LlmRequests>,
    extension_launch: Option<Arc<dyn ExtensionLaunchHandler>>,
    closed: CancellationToken,
}

impl ClientWide {
    pub(crate) fn new(served: ClientCallbacks) -> Self {
        let llm = served.llm.map(|handler| LlmRequests(Exchanges::new(handler)));
        Self { llm, extension_launch: served.extension_launch, closed: CancellationToken::new() }
    }

    fn resolve(&self, handler: Arc<dyn ExtensionLaunchHandler>, params: &Bytes, responder: Responder) {
        let request: ExtensionLaunchRequest = match read(method::EXTENSION_LAUNCH_RESOLVE, params) {
            Ok(request) => request,
            Err(error) => return responder.fail(&error),
        };
        let closed = self.closed.clone();
        tokio::spawn(closed.run_until_cancelled_owned(async move {
            match guarded(handler.resolve(request)).await {
                Ok(Value::Null) => responder.ok("{}"),
                Ok(launch) => responder.ok(&json!({"launch": launch}).to_string()),
                Err(error) => responder.fail(&error),
            }
        }));
    }
}

impl ClientRequests for ClientWide {
    fn serves(&self, name: &str) -> bool {
        self.llm.as_ref().is_some_and(|llm| llm.serves(name))
            || (name == method::EXTENSION_LAUNCH_RESOLVE && self.extension_launch.is_some())
    }

    fn request(&self, connection: &Connection, name: &str, params: &Bytes, responder: Responder) {
        match (&self.llm, &self.extension_launch) {
            (Some(llm), _) if llm.serves(name) => llm.request(connection, name, params, responder),
            (_, Some(handler)) => self.resolve(Arc::clone(handler), params, responder),
            _ => {}
        }
    }

    fn close(&self) {
        self.closed.cancel();
        if let Some(llm) = &self.llm {
            llm.close();
        }
    }
}
