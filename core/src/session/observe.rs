//! What a session tells `tracing`: at level debug when something ended and how long it took, at warning when a wait ended
//! badly. Never what was said.

use std::time::Instant;

use tracing::{Level, debug, enabled, warn};

use crate::error::{Error, ErrorKind};

/// A handler at work; says nothing unless somebody listens.
pub(super) struct Observed(Option<Box<Watch>>);

struct Watch {
    kind: &'static str,
    session: String,
    request: String,
    begin: Instant,
}

/// Begins to watch a handler.
pub(super) fn handler(kind: &'static str, session: &str, request: &str) -> Observed {
    Observed(enabled!(Level::DEBUG).then(|| {
        Box::new(Watch {
            kind,
            session: session.to_owned(),
            request: request.to_owned(),
            begin: Instant::now(),
        })
    }))
}

impl Observed {
    /// It answered, or was called off.
    pub(super) fn ended(self, answered: bool) {
        if let Some(watch) = self.0 {
            debug!(
                kind = watch.kind,
                session_id = watch.session,
                request_id = watch.request,
                elapsed_ms = millis(watch.begin),
                answered,
                "handler ended"
            );
        }
    }
}

/// A message was accepted.
pub(super) fn sent(session: &str, message: &str, begin: Instant) {
    debug!(session_id = session, message_id = message, elapsed_ms = millis(begin), "message sent");
}

/// The first answer to a message.
pub(super) fn first_answer(message: Option<&str>, begin: Instant) {
    debug!(message_id = message, elapsed_ms = millis(begin), "first assistant message");
}

/// A wait for an answer ended.
pub(super) fn waited(session: &str, begin: Instant, error: Option<&Error>) {
    let elapsed_ms = millis(begin);
    match error {
        None => debug!(session_id = session, completed_by = "idle", elapsed_ms, "wait ended"),
        Some(error) => {
            let completed_by = if error.kind() == ErrorKind::Timeout { "timeout" } else { "error" };
            warn!(session_id = session, completed_by, elapsed_ms, "wait ended");
        }
    }
}

fn millis(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1e3
}
