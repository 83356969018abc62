//! `llmInference.*`: one exchange per request id, created by whichever frame arrives first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::{guarded, invalid, read};
use crate::error::{Error, ErrorKind, Result};
use crate::handlers::{LlmBody, LlmHandler, LlmRequest, LlmResponse};
use crate::router::ClientRequests;
use crate::rpc::{Connection, Responder};

const REQUEST_START: &str = "llmInference.httpRequestStart";
const REQUEST_CHUNK: &str = "llmInference.httpRequestChunk";
const RESPONSE_START: &str = "llmInference.httpResponseStart";
const RESPONSE_CHUNK: &str = "llmInference.httpResponseChunk";
/// How many ended exchanges are remembered, so that their last frames create no new ones.
const REMEMBERED: usize = 1024;

/// All exchanges of one connection.
pub(crate) struct Exchanges {
    handler: Arc<dyn LlmHandler>,
    table: Mutex<Table>,
    closed: CancellationToken,
}

#[derive(Default)]
struct Table {
    open: HashMap<String, LlmBody>,
    ended: VecDeque<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Chunk {
    request_id: String,
    data: String,
    binary: bool,
    end: bool,
    cancel: bool,
    cancel_reason: Option<String>,
}

impl Exchanges {
    pub(crate) fn new(handler: Arc<dyn LlmHandler>) -> Arc<Self> {
        Arc::new(Self { handler, table: Mutex::default(), closed: CancellationToken::new() })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn body(&self, id: &str) -> Option<LlmBody> {
        let mut table = self.table();
        if table.ended.iter().any(|ended| ended == id) {
            return None;
        }
        Some(table.open.entry(id.to_owned()).or_default().clone())
    }

    fn start(self: &Arc<Self>, connection: &Connection, params: &[u8]) -> Result<()> {
        let request: LlmRequest = read(REQUEST_START, params)?;
        if request.request_id.is_empty() {
            return Err(invalid(REQUEST_START, "requestId is missing"));
        }
        let Some(body) = self.body(&request.request_id) else { return Ok(()) };
        let (exchanges, connection) = (Arc::clone(self), connection.clone());
        tokio::spawn(async move {
            let id = request.request_id.clone();
            let response = Arc::new(Response::new(connection, id.clone(), body.clone()));
            tokio::select! {
                biased;
                () = exchanges.closed.cancelled() => {}
                () = serve(&exchanges, request, body, response) => {}
            }
            exchanges.forget(id);
        });
        Ok(())
    }

    fn forget(&self, id: String) {
        let mut table = self.table();
        table.open.remove(&id);
        table.ended.push_back(id);
        if table.ended.len() > REMEMBERED {
            table.ended.pop_front();
        }
    }

    fn chunk(&self, params: &[u8]) -> Result<()> {
        let chunk: Chunk = read(REQUEST_CHUNK, params)?;
        let Some(body) = self.body(&chunk.request_id) else { return Ok(()) };
        if chunk.cancel {
            body.cancel(chunk.cancel_reason.as_deref());
            return Ok(());
        }
        let data = if chunk.binary {
            BASE64.decode(&chunk.data).map_err(|error| invalid(REQUEST_CHUNK, error))?
        } else {
            chunk.data.into_bytes()
        };
        body.data(Bytes::from(data));
        if chunk.end {
            body.end();
        }
        Ok(())
    }
}

/// The exchanges as the router sees them.
pub(crate) struct LlmRequests(pub(crate) Arc<Exchanges>);

impl ClientRequests for LlmRequests {
    fn notification(&self, _: &str, _: &Bytes) -> bool {
        false
    }

    fn serves(&self, method: &str) -> bool {
        method == REQUEST_START || method == REQUEST_CHUNK
    }

    /// Takes in one frame and acknowledges it at once.
    fn request(&self, connection: &Connection, method: &str, params: &Bytes, responder: Responder) {
        let taken =
            if method == REQUEST_START { self.0.start(connection, params) } else { self.0.chunk(params) };
        match taken {
            Ok(()) => responder.ok("{}"),
            Err(error) => responder.fail(&error),
        }
    }

    fn close(&self) {
        for body in self.0.table().open.values() {
            body.cancel(Some("RPC connection closed"));
        }
        self.0.closed.cancel();
    }
}

/// Runs the handler and ends what it left open.
async fn serve(exchanges: &Exchanges, request: LlmRequest, body: LlmBody, response: Arc<Response>) {
    let cancel = body.cancellation().clone();
    let outcome = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::new(ErrorKind::Cancelled, "Request cancelled by runtime")),
        outcome = guarded(exchanges.handler.serve(request, body, Arc::clone(&response) as _)) => outcome,
    };
    let closing = match outcome {
        _ if cancel.is_cancelled() => {
            response.close(499, "Request cancelled by runtime", Some("cancelled")).await
        }
        Ok(()) => response.close(502, "the handler returned without finishing the response", None).await,
        Err(error) => response.close(502, error.message(), None).await,
    };
    if let Err(error) = closing {
        tracing::debug!(%error, "a model request could not be ended");
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Fresh,
    Started,
    Ended,
}

/// The answer on its way to the runtime.
struct Response {
    connection: Connection,
    request_id: String,
    body: LlmBody,
    /// Held while a frame is on its way, so that the head stays first.
    phase: tokio::sync::Mutex<Phase>,
}

impl Response {
    fn new(connection: Connection, request_id: String, body: LlmBody) -> Self {
        Self { connection, request_id, body, phase: tokio::sync::Mutex::new(Phase::Fresh) }
    }

    async fn send(&self, method: &str, mut members: Value) -> Result<()> {
        members["requestId"] = self.request_id.as_str().into();
        self.connection.call(method, &members.to_string()).await.map(drop)
    }

    async fn write(&self, members: Value) -> Result<()> {
        let phase = self.phase.lock().await;
        if self.body.cancellation().is_cancelled() {
            return Err(misuse("the runtime cancelled the request"));
        }
        match *phase {
            Phase::Started => self.send(RESPONSE_CHUNK, members).await,
            Phase::Fresh => Err(misuse("written before it was started")),
            Phase::Ended => Err(misuse("written after its end")),
        }
    }

    async fn finish(&self, members: Value) -> Result<()> {
        let mut phase = self.phase.lock().await;
        match *phase {
            Phase::Ended => Ok(()),
            Phase::Fresh => Err(misuse("ended before it was started")),
            Phase::Started => {
                *phase = Phase::Ended;
                self.send(RESPONSE_CHUNK, members).await
            }
        }
    }

    /// Ends an answer that the handler left open.
    async fn close(&self, status: u16, message: &str, code: Option<&str>) -> Result<()> {
        let fresh = *self.phase.lock().await == Phase::Fresh;
        if fresh {
            self.start(status, None, Map::new()).await?;
        }
        self.fail(message, code).await
    }
}

fn misuse(what: &str) -> Error {
    Error::new(ErrorKind::InvalidState, format!("the response was {what}"))
}

#[async_trait]
impl LlmResponse for Response {
    async fn start(&self, status: u16, status_text: Option<&str>, headers: Map<String, Value>) -> Result<()> {
        let mut phase = self.phase.lock().await;
        if *phase != Phase::Fresh {
            return Err(misuse("started twice, or after its end"));
        }
        *phase = Phase::Started;
        let mut head = json!({"status": status, "headers": headers});
        if let Some(text) = status_text.filter(|text| !text.is_empty()) {
            head["statusText"] = text.into();
        }
        self.send(RESPONSE_START, head).await
    }

    async fn write_text(&self, text: &str) -> Result<()> {
        self.write(json!({"data": text, "end": false})).await
    }

    async fn write_bytes(&self, bytes: &[u8]) -> Result<()> {
        self.write(json!({"data": BASE64.encode(bytes), "binary": true, "end": false})).await
    }

    async fn end(&self) -> Result<()> {
        self.finish(json!({"data": "", "end": true})).await
    }

    async fn fail(&self, message: &str, code: Option<&str>) -> Result<()> {
        let mut error = json!({"message": message});
        if let Some(code) = code {
            error["code"] = code.into();
        }
        self.finish(json!({"data": "", "end": true, "error": error})).await
    }
}
