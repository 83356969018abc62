//! Requests of the runtime that concern the client as a whole: model requests, extension launches, installations.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::llm::{Exchanges, LlmRequests};
use super::{guarded, installation, read};
use crate::handlers::{ClientCallbacks, ExtensionLaunchHandler, ExtensionLaunchRequest, InstallationHandler};
use crate::protocol::method;
use crate::router::ClientRequests;
use crate::rpc::{Connection, Responder};

/// The handlers of the client, and what ends them.
pub(crate) struct ClientWide {
    llm: Option<LlmRequests>,
    extension_launch: Option<Arc<dyn ExtensionLaunchHandler>>,
    installation: Option<Arc<dyn InstallationHandler>>,
    closed: CancellationToken,
}

impl ClientWide {
    pub(crate) fn new(served: ClientCallbacks) -> Self {
        let llm = served.llm.clone().map(|handler| LlmRequests(Exchanges::new(handler)));
        let ClientCallbacks { extension_launch, installation, .. } = served;
        Self { llm, extension_launch, installation, closed: CancellationToken::new() }
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
        match name {
            method::EXTENSION_LAUNCH_RESOLVE => self.extension_launch.is_some(),
            method::INSTALLATIONS_CONFIRM => self.installation.is_some(),
            _ => self.llm.as_ref().is_some_and(|llm| llm.serves(name)),
        }
    }

    fn request(&self, connection: &Connection, name: &str, params: &Bytes, responder: Responder) {
        match (name, &self.extension_launch, &self.installation, &self.llm) {
            (method::EXTENSION_LAUNCH_RESOLVE, Some(handler), ..) => {
                self.resolve(Arc::clone(handler), params, responder);
            }
            (method::INSTALLATIONS_CONFIRM, _, Some(handler), _) => {
                if let Some(work) = installation::confirm(Arc::clone(handler), params, responder) {
                    tokio::spawn(self.closed.clone().run_until_cancelled_owned(work));
                }
            }
            (_, _, _, Some(llm)) => llm.request(connection, name, params, responder),
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
