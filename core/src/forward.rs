//! Passing model requests on to where they were meant to go, with every step open to change.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::error::{Error, ErrorKind, Result};
use crate::handlers::{LlmBody, LlmHandler, LlmRequest, LlmResponse};

/// The largest piece of a response in one frame to the runtime, in bytes.
const PIECE: usize = 32 * 1024;

/// The beginning of a response.
#[derive(Clone, Debug, Default)]
pub struct ForwardHead {
    /// HTTP status.
    pub status: u16,
    /// Header names and lists of values.
    pub headers: Map<String, Value>,
}

/// The steps of forwarding; each does nothing unless it is overridden. An error ends the request as failed.
#[async_trait]
pub trait ForwardSteps: Send + Sync {
    /// Before an HTTP request is sent, or a WebSocket (without a body) is opened: address, method, headers, body.
    async fn request(&self, _request: &mut LlmRequest, _body: &mut Bytes) -> Result<()> {
        Ok(())
    }

    /// Before the runtime sees the beginning of an HTTP response.
    async fn head(&self, _request: &LlmRequest, _head: &mut ForwardHead) -> Result<()> {
        Ok(())
    }

    /// A piece of an HTTP response, as it arrived; an empty one is left out.
    async fn data(&self, _request: &LlmRequest, data: Bytes) -> Result<Bytes> {
        Ok(data)
    }

    /// A WebSocket message of the runtime; none drops it.
    async fn message_out(&self, _request: &LlmRequest, message: String) -> Result<Option<String>> {
        Ok(Some(message))
    }

    /// A text message of the server; none drops it.
    async fn message_in(&self, _request: &LlmRequest, message: String) -> Result<Option<String>> {
        Ok(Some(message))
    }
}

/// Shared steps, for programs that keep an eye on them.
#[async_trait]
impl<T: ForwardSteps + ?Sized> ForwardSteps for Arc<T> {
    async fn request(&self, request: &mut LlmRequest, body: &mut Bytes) -> Result<()> {
        (**self).request(request, body).await
    }

    async fn head(&self, request: &LlmRequest, head: &mut ForwardHead) -> Result<()> {
        (**self).head(request, head).await
    }

    async fn data(&self, request: &LlmRequest, data: Bytes) -> Result<Bytes> {
        (**self).data(request, data).await
    }

    async fn message_out(&self, request: &LlmRequest, message: String) -> Result<Option<String>> {
        (**self).message_out(request, message).await
    }

    async fn message_in(&self, request: &LlmRequest, message: String) -> Result<Option<String>> {
        (**self).message_in(request, message).await
    }
}

/// Forwards every request and response as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Transparent;

impl ForwardSteps for Transparent {}

/// Forwards model requests: HTTP without following redirects and without a time limit, streaming back as data arrives;
/// WebSockets both ways. Cancelled by the runtime, it drops the connection.
#[derive(Clone, Debug)]
pub struct Forward<S = Transparent> {
    http: reqwest::Client,
    steps: S,
}

impl Forward {
    /// Changes nothing on the way.
    ///
    /// # Errors
    /// `ConnectFailed` when the HTTP client cannot be made, for example without the system's certificates.
    pub fn new() -> Result<Arc<Self>> {
        Self::with_steps(Transparent)
    }
}

impl<S: ForwardSteps> Forward<S> {
    /// With some steps changed.
    ///
    /// # Errors
    /// As for `new`.
    pub fn with_steps(steps: S) -> Result<Arc<Self>> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.map_err(|error| failed("there is no HTTP client", &error))?;
        Ok(Arc::new(Self { http, steps }))
    }

    async fn http(&self, mut request: LlmRequest, body: LlmBody, response: &dyn LlmResponse) -> Result<()> {
        let mut body = body.collect().await?;
        self.steps.request(&mut request, &mut body).await?;
        let method = request.method.to_uppercase();
        let method = reqwest::Method::from_bytes(method.as_bytes())
            .map_err(|error| failed(&format!("method {:?}", request.method), &error))?;
        let is_bare = body.is_empty() || matches!(method.as_str(), "GET" | "HEAD");
        let mut sent = self.http.request(method, &request.url);
        for (name, value) in headers(&request) {
            sent = sent.header(name, value);
        }
        if !is_bare {
            sent = sent.body(body);
        }
        let mut answer = sent
            .send()
            .await
            .map_err(|error| failed(&format!("{} {}", request.method, request.url), &error))?;
        let reason = answer.status().canonical_reason().map(str::to_owned);
        let mut head = ForwardHead { status: answer.status().as_u16(), headers: multi_map(answer.headers()) };
        self.steps.head(&request, &mut head).await?;
        response.start(head.status, reason.as_deref(), head.headers).await?;
        while let Some(data) =
            answer.chunk().await.map_err(|error| failed("the response broke off", &error))?
        {
            let data = self.steps.data(&request, data).await?;
            for piece in data.chunks(PIECE) {
                response.write_bytes(piece).await?;
            }
        }
        response.end().await
    }

    async fn socket(&self, mut request: LlmRequest, body: LlmBody, response: &dyn LlmResponse) -> Result<()> {
        self.steps.request(&mut request, &mut Bytes::new()).await?;
        let (out, back) = connect(&request).await?.split();
        // The runtime sends nothing before it has seen this.
        response.start(101, None, Map::new()).await?;
        tokio::select! {
            sent = self.send(&request, &body, out) => {
                sent?;
                response.end().await
            }
            received = self.receive(&request, back, response) => {
                received?;
                response.end().await
            }
        }
    }

    /// The runtime's messages to the server, until the runtime has no more.
    async fn send(&self, request: &LlmRequest, body: &LlmBody, mut out: Outgoing) -> Result<()> {
        while let Some(message) = body.next().await? {
            let message = String::from_utf8_lossy(&message).into_owned();
            if let Some(message) = self.steps.message_out(request, message).await? {
                out.send(Message::text(message))
                    .await
                    .map_err(|error| failed("the server is gone", &error))?;
            }
        }
        out.close().await.map_err(|error| failed("the server is gone", &error))
    }

    /// The server's messages to the runtime, until the server has no more.
    async fn receive(
        &self,
        request: &LlmRequest,
        mut back: SplitStream<Socket>,
        response: &dyn LlmResponse,
    ) -> Result<()> {
        while let Some(message) = back.next().await {
            match message.map_err(|error| failed("the server broke off", &error))? {
                Message::Text(text) => {
                    let changed = self.steps.message_in(request, text.as_str().to_owned()).await?;
                    if let Some(text) = changed {
                        response.write_text(&text).await?;
                    }
                }
                Message::Binary(data) => response.write_bytes(&data).await?,
                Message::Close(_) => break,
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
        Ok(())
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Outgoing = SplitSink<Socket, Message>;

#[async_trait]
impl<S: ForwardSteps> LlmHandler for Forward<S> {
    async fn serve(&self, request: LlmRequest, body: LlmBody, response: Arc<dyn LlmResponse>) -> Result<()> {
        if request.transport == "websocket" {
            self.socket(request, body, &*response).await
        } else {
            self.http(request, body, &*response).await
        }
    }
}

async fn connect(request: &LlmRequest) -> Result<Socket> {
    let what = || format!("WebSocket {}", request.url);
    let mut opening = request.url.as_str().into_client_request().map_err(|error| failed(&what(), &error))?;
    for (name, value) in headers(request) {
        if name.to_ascii_lowercase().starts_with("sec-websocket") {
            continue;
        }
        let name = tungstenite::http::HeaderName::from_bytes(name.as_bytes());
        let value = tungstenite::http::HeaderValue::from_str(&value);
        if let (Ok(name), Ok(value)) = (name, value) {
            opening.headers_mut().append(name, value);
        }
    }
    connect_async(opening).await.map(|(socket, _)| socket).map_err(|error| failed(&what(), &error))
}

/// The headers that may be passed on, one pair per value.
fn headers(request: &LlmRequest) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, values) in request.forwardable_headers() {
        match values {
            Value::Array(values) => {
                pairs.extend(
                    values.iter().filter_map(Value::as_str).map(|value| (name.clone(), value.to_owned())),
                );
            }
            Value::String(value) => pairs.push((name, value)),
            _ => {}
        }
    }
    pairs
}

fn multi_map(headers: &reqwest::header::HeaderMap) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in headers {
        let values = map.entry(name.as_str()).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(values) = values {
            values.push(String::from_utf8_lossy(value.as_bytes()).into_owned().into());
        }
    }
    map
}

/// An error with all of its causes: the innermost says what happened.
fn failed(what: &str, error: &dyn std::error::Error) -> Error {
    let mut text = format!("{what}: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    Error::new(ErrorKind::ConnectFailed, text)
}
