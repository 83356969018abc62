//! What a session tells `tracing` of its messages: that something ended and how long it took, never what was said.

use std::time::Instant;

use tracing::{debug, warn};

use crate::error::{Error, ErrorKind};

/// A message was accepted.
pub(super) fn sent(session: &str, message: &str, begin: Instant) {
    debug!(target: "copilot_core::session", session_id = session, message_id = message, elapsed_ms = millis(begin), "message sent");
}

/// The first answer to a message.
pub(super) fn first_answer(message: Option<&str>, begin: Instant) {
    debug!(target: "copilot_core::session", message_id = message, elapsed_ms = millis(begin), "first assistant message");
}

/// A wait for an answer ended.
pub(super) fn waited(session: &str, begin: Instant, error: Option<&Error>) {
    let elapsed_ms = millis(begin);
    match error {
        None => {
            debug!(target: "copilot_core::session", session_id = session, completed_by = "idle", elapsed_ms, "wait ended");
        }
        Some(error) => {
            let completed_by = if error.kind() == ErrorKind::Timeout { "timeout" } else { "error" };
            warn!(target: "copilot_core::session", session_id = session, completed_by, elapsed_ms, "wait ended");
        }
    }
}

fn millis(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1e3
}
