//! Model requests served by the host: one call per request, answered piece by piece through operations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Value, json};

use super::calls::Calls;
use super::delivery::Delivery;
use super::inbox::Inbox;
use super::kinds::CallKind;
use crate::diagnostics::describe;
use crate::error::{Error, ErrorKind, Result};
use crate::handlers::{LlmBody, LlmHandler, LlmRequest, LlmResponse};

/// Notification that carries one WebSocket message of the runtime: `{requestId, data}`, at the end `{requestId, end}`.
const MESSAGE: &str = "llm.message";

/// The model requests the host works on.
pub(super) struct HostLlm {
    calls: Arc<Calls>,
    inbox: Arc<Inbox>,
    open: Mutex<HashMap<String, Arc<dyn LlmResponse>>>,
}

impl HostLlm {
    pub(super) fn new(calls: Arc<Calls>, inbox: Arc<Inbox>) -> Arc<Self> {
        Arc::new(Self { calls, inbox, open: Mutex::default() })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, Arc<dyn LlmResponse>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, id: &str) -> Result<Arc<dyn LlmResponse>> {
        let gone = || Error::new(ErrorKind::InvalidState, format!("model request {id} is not open"));
        self.open().get(id).cloned().ok_or_else(gone)
    }

    /// Passes on the messages of a WebSocket; fails when the runtime cancels, else never ends.
    async fn pump(&self, id: &str, body: &LlmBody) -> Result<()> {
        let push = |params: Value| {
            let params = Bytes::from(params.to_string());
            self.inbox.push(Delivery::Notification { method: MESSAGE.to_owned(), params });
        };
        while let Some(message) = body.next().await? {
            push(json!({"requestId": id, "data": String::from_utf8_lossy(&message)}));
        }
        push(json!({"requestId": id, "end": true}));
        std::future::pending().await
    }
}

struct Open<'a>(&'a HostLlm, String);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open().remove(&self.1);
    }
}

#[async_trait]
impl LlmHandler for HostLlm {
    async fn serve(&self, request: LlmRequest, body: LlmBody, response: Arc<dyn LlmResponse>) -> Result<()> {
        let id = request.request_id.clone();
        self.open().insert(id.clone(), response);
        let open = Open(self, id);
        let is_socket = request.transport == "websocket";
        let mut args = serde_json::to_value(&request).map_err(|error| {
            Error::new(ErrorKind::Internal, format!("model request: {}", describe(&error)))
        })?;
        args["forwardHeaders"] = Value::Object(request.forwardable_headers());
        if !is_socket {
            args["bodyBase64"] = BASE64.encode(body.collect().await?).into();
        }
        let asked = self.calls.ask(CallKind::LlmRequest, "", 0, args.to_string());
        if is_socket {
            tokio::select! {
                answer = asked => answer.map(drop)?,
                failed = self.pump(&open.1, &body) => failed?,
            }
        } else {
            asked.await?;
        }
        Ok(())
    }
}
