//! Answers one request of the runtime, exactly once. An unanswered one is answered with an error when dropped, so
//! that a lost handler costs only its own reply.

use std::sync::Arc;

use tracing::Span;

use super::message::RequestId;
use super::outgoing::Outgoing;
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
    owed: Option<(Arc<Outgoing>, RequestId, Timed)>,
}

impl Responder {
    pub(super) fn new(outgoing: Arc<Outgoing>, id: RequestId, method: &str) -> Self {
        let shown = tracing::field::display(Shown(&id));
        let span = tracing::debug_span!(target: "copilot_core::rpc", "rpc.request", method, id = shown);
        let timed = Timed::new(span);
        Self { owed: Some((outgoing, id, timed)) }
    }

    /// The span of the request: what is done for it belongs there.
    pub(crate) fn span(&self) -> Span {
        self.owed.as_ref().map_or_else(Span::none, |(_, _, timed)| timed.span.clone())
    }

    /// Where the answer goes, and the request's id.
    pub(super) fn origin(&self) -> Option<(Arc<Outgoing>, &RequestId)> {
        self.owed.as_ref().map(|(outgoing, id, _)| (Arc::clone(outgoing), id))
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
        if let Some((outgoing, RequestId(id), timed)) = self.owed.take() {
            if member == "error" {
                outgoing.watch.counts.requests_refused.one();
            }
            timed.end(if member == "error" { "error" } else { "ok" });
            let id = String::from_utf8_lossy(&id);
            outgoing.write(format!(r#"{{"jsonrpc":"2.0","id":{id},"{member}":{text}}}"#));
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
