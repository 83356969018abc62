//! Requests of the runtime that concern the client as a whole: model requests, extension launches, installations.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::llm::{Exchanges, LlmRequests};
use super::{guarded, installation, read, ui_thread};
use crate::handlers::{
    ClientCallbacks, ExtensionLaunchHandler, ExtensionLaunchRequest, InstallationHandler, UiThreadHandler,
};
use crate::protocol::method;
use crate::router::ClientRequests;
use crate::rpc::{Connection, Responder};
use crate::runtime::Hosted;

/// The handlers of the client, and what ends them.
pub(crate) struct ClientWide {
    llm: Option<LlmRequests>,
    extension_launch: Option<Arc<dyn ExtensionLaunchHandler>>,
    installation: Option<Arc<dyn InstallationHandler>>,
    ui_thread: Option<(Arc<dyn UiThreadHandler>, Hosted)>,
    hosts: Arc<dyn ClientRequests>,
    closed: CancellationToken,
}

impl ClientWide {
    /// `hosted` is the runtime inside this process, `hosts` what is asked of Agent Host Protocol hosts.
    pub(crate) fn new(
        served: ClientCallbacks,
        hosted: Option<Hosted>,
        hosts: Arc<dyn ClientRequests>,
    ) -> Self {
        let llm = served.llm.clone().map(|handler| LlmRequests(Exchanges::new(handler)));
        let ClientCallbacks { extension_launch, installation, ui_thread, .. } = served;
        let ui_thread = ui_thread.zip(hosted);
        Self { llm, extension_launch, installation, ui_thread, hosts, closed: CancellationToken::new() }
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
            method::UI_THREAD_RUN => self.ui_thread.is_some(),
            _ => self.hosts.serves(name) || self.llm.as_ref().is_some_and(|llm| llm.serves(name)),
        }
    }

    fn request(&self, connection: &Connection, name: &str, params: &Bytes, responder: Responder) {
        if self.hosts.serves(name) {
            return self.hosts.request(connection, name, params, responder);
        }
        if let (method::UI_THREAD_RUN, Some((handler, hosted))) = (name, &self.ui_thread) {
            return ui_thread::run(Arc::clone(handler), hosted, &self.closed, params, responder);
        }
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

    fn notification(&self, name: &str, params: &Bytes) -> bool {
        self.hosts.notification(name, params)
    }

    fn close(&self) {
        self.closed.cancel();
        self.hosts.close();
        if let Some(llm) = &self.llm {
            llm.close();
        }
    }
}
