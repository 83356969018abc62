//! Model requests of the runtime, served by the host: every call to a model provider on this connection is delegated.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::diagnostics::redacted_debug;
use crate::error::{Error, ErrorKind, Result};

/// One model request.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LlmRequest {
    /// Names the exchange.
    pub request_id: String,
    /// The session it is for; none for requests outside any session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Full URL.
    pub url: String,
    /// Header names and values, as the runtime would send them.
    pub headers: Map<String, Value>,
    /// `http` or `websocket`.
    #[serde(default = "http")]
    pub transport: String,
    /// `agentId`, `parentAgentId`, `interactionType` and what newer runtimes add.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

redacted_debug!(LlmRequest);

fn http() -> String {
    "http".to_owned()
}

/// Headers of the runtime's own connection: not to be passed on.
pub const HOP_HEADERS: [&str; 9] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "upgrade",
    "proxy-connection",
    "te",
    "trailer",
];

impl LlmRequest {
    /// The headers that may be passed on to a server. Those of the handshake of a WebSocket are made anew by whoever opens
    /// one.
    #[must_use]
    pub fn forwardable_headers(&self) -> Map<String, Value> {
        let is_of_handshake = |name: &str| name.to_ascii_lowercase().starts_with("sec-websocket");
        let kept = |name: &str| {
            !HOP_HEADERS.iter().any(|hop| name.eq_ignore_ascii_case(hop)) && !is_of_handshake(name)
        };
        self.headers
            .iter()
            .filter(|(name, _)| kept(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

enum Item {
    Data(Bytes),
    End,
}

/// What the runtime sends: the body of an HTTP request, or the messages of a WebSocket.
#[derive(Clone, Default)]
pub struct LlmBody(Arc<Feed>);

#[derive(Default)]
struct Feed {
    items: Mutex<VecDeque<Item>>,
    cancelled: Mutex<Option<String>>,
    more: Notify,
    cancel: CancellationToken,
}

impl LlmBody {
    pub(crate) fn data(&self, data: Bytes) {
        if !data.is_empty() {
            self.push(Item::Data(data));
        }
    }

    pub(crate) fn end(&self) {
        self.push(Item::End);
    }

    fn push(&self, item: Item) {
        self.0.items.lock().unwrap_or_else(PoisonError::into_inner).push_back(item);
        self.0.more.notify_one();
    }

    pub(crate) fn cancel(&self, reason: Option<&str>) {
        let text = match reason {
            Some(reason) => format!("Request cancelled by runtime: {reason}"),
            None => "Request cancelled by runtime".to_owned(),
        };
        *self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        self.0.cancel.cancel();
        self.0.more.notify_one();
    }

    /// Cancelled when the runtime no longer wants the answer.
    #[must_use]
    pub fn cancellation(&self) -> &CancellationToken {
        &self.0.cancel
    }

    /// The next piece, none after the end. Fails when the runtime cancelled the request.
    ///
    /// # Errors
    /// `Cancelled` when the runtime no longer wants the answer, `ProcessExited` when the connection ended.
    pub async fn next(&self) -> Result<Option<Bytes>> {
        loop {
            if let Some(text) = self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                return Err(Error::new(ErrorKind::Cancelled, text));
            }
            {
                let mut items = self.0.items.lock().unwrap_or_else(PoisonError::into_inner);
                match items.front() {
                    Some(Item::End) => return Ok(None),
                    Some(Item::Data(_)) => {
                        if let Some(Item::Data(data)) = items.pop_front() {
                            return Ok(Some(data));
                        }
                    }
                    None => {}
                }
            }
            self.0.more.notified().await;
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// As for [`next`](Self::next).
    pub async fn collect(&self) -> Result<Bytes> {
        let mut body = Vec::new();
        while let Some(piece) = self.next().await? {
            body.extend_from_slice(&piece);
        }
        Ok(Bytes::from(body))
    }
}

/// Takes the answer: started once, written to, ended once. Every call waits until the runtime took it.
#[async_trait]
pub trait LlmResponse: Send + Sync {
    /// Status and headers (name to list of values).
    async fn start(&self, status: u16, status_text: Option<&str>, headers: Map<String, Value>) -> Result<()>;
    /// One piece of text.
    async fn write_text(&self, text: &str) -> Result<()>;
    /// One piece of bytes.
    async fn write_bytes(&self, bytes: &[u8]) -> Result<()>;
    /// The end. Ignored after an end.
    async fn end(&self) -> Result<()>;
    /// The end by failure. Ignored after an end.
    async fn fail(&self, message: &str, code: Option<&str>) -> Result<()>;
}

/// Serves model requests. Requests may overlap.
#[async_trait]
pub trait LlmHandler: Send + Sync {
    /// Answers one request. Returning without an end, or an error, ends it by failure (status 502). The future is dropped
    /// when the runtime cancels the request.
    async fn serve(&self, request: LlmRequest, body: LlmBody, response: Arc<dyn LlmResponse>) -> Result<()>;
}
