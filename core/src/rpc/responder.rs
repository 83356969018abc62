//! Answers one request of the runtime, exactly once. An unanswered one is answered with an error when dropped, so
//! that a lost handler costs only its own reply.

use tracing::Span;

use super::connection::Connection;
use super::message::RequestId;
use crate::diagnostics::Timed;
use crate::error::Error;
use crate::protocol::json;

/// JSON-RPC: the method has no handler.
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
/// JSON-RPC: the handler failed.
pub(crate) const INTERNAL_ERROR: i64 = -32603;
/// JSON-RPC: the request is no JSON.
pub(super) const PARSE_ERROR: i64 = -32700;
pub(crate) const INVALID_PARAMS: i64 = -32602;

/// The duty to answer one request.
pub(crate) struct Responder {
    owed: Option<(Connection, RequestId, Timed)>,
}

impl Responder {
    pub(crate) fn new(connection: Connection, id: RequestId, method: &str) -> Self {
        let shown = tracing::field::display(Shown(&id));
        let span = tracing::debug_span!(target: "copilot_core::rpc", "rpc.request", method, id = shown);
        let timed = Timed::new(span);
        Self { owed: Some((connection, id, timed)) }
    }

    /// The span of the request: what is done for it belongs there.
    pub(crate) fn span(&self) -> Span {
        self.owed.as_ref().map_or_else(Span::none, |(_, _, timed)| timed.span.clone())
    }

    /// The connection the answer goes to.
    pub(crate) fn connection(&self) -> Option<Connection> {
        self.owed.as_ref().map(|(connection, ..)| connection.clone())
    }

    /// The connection the answer goes to, and the request's id.
    pub(super) fn origin(&self) -> Option<(Connection, &RequestId)> {
        self.owed.as_ref().map(|(connection, id, _)| (connection.clone(), id))
    }

    /// Answers with JSON text.
    pub(crate) fn ok(self, result: &str) {
        self.send("result", result);
    }

    /// Answers with an error. JSON-RPC errors keep their code and data, all others become an internal error.
    pub(crate) fn fail(self, error: &Error) {
        let code = error.rpc_code().unwrap_or(INTERNAL_ERROR);
        let data = if error.rpc_code().is_some() { error.data() } else { None };
        self.error(code, error.message(), data);
    }

    /// Answers with an error; `data` is JSON text.
    pub(crate) fn error(self, code: i64, message: &str, data: Option<&str>) {
        let message = json::quote(message);
        let data = data.unwrap_or("null");
        self.send("error", &format!(r#"{{"code":{code},"message":{message},"data":{data}}}"#));
    }

    fn send(mut self, member: &str, text: &str) {
        if let Some((connection, RequestId(id), timed)) = self.owed.take() {
            if member == "error" {
                connection.watch().counts.requests_refused.one();
            }
            timed.end(if member == "error" { "error" } else { "ok" });
            let id = String::from_utf8_lossy(&id);
            connection.write(format!(r#"{{"jsonrpc":"2.0","id":{id},"{member}":{text}}}"#));
        }
    }
}

/// A request's id as it came.
struct Shown<'a>(&'a RequestId);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0.0))
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if self.owed.is_some() {
            let unanswered = Self { owed: self.owed.take() };
            unanswered.error(INTERNAL_ERROR, "the handler ended without an answer", None);
        }
    }
}
