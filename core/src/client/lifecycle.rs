//! Lifecycle notifications for Rust users.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::diagnostics::describe;
use crate::error::Error;
use crate::protocol::json;
use crate::router::ClientObserver;

/// A session of the runtime came, went or changed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LifecycleEvent {
    /// `session.created`, `session.deleted`, `session.updated`, `session.foreground`, `session.background`, or what newer
    /// runtimes add.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The session.
    #[serde(default)]
    pub session_id: String,
    /// None for a session that was deleted.
    #[serde(default)]
    pub metadata: Option<LifecycleMetadata>,
}

/// What a lifecycle event tells of its session.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LifecycleMetadata {
    /// ISO-8601.
    pub start_time: Option<String>,
    /// ISO-8601.
    pub modified_time: Option<String>,
    /// What the session is about.
    pub summary: Option<String>,
}

/// Lifecycle events in the order of arrival.
#[derive(Debug)]
pub struct LifecycleStream {
    events: mpsc::UnboundedReceiver<Bytes>,
    only: Option<String>,
}

impl LifecycleStream {
    /// The next event; none when the client is gone. One that cannot be read is logged and left out.
    pub async fn next(&mut self) -> Option<LifecycleEvent> {
        loop {
            let params = self.events.recv().await?;
            match json::parse::<LifecycleEvent>(&params) {
                Ok(event) if self.only.as_ref().is_none_or(|only| *only == event.event_type) => {
                    return Some(event);
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(error = describe(&error), "lifecycle event ignored"),
            }
        }
    }
}

/// Who listens. Survives restarts of the client.
#[derive(Default)]
pub(crate) struct Lifecycle(Mutex<Vec<mpsc::UnboundedSender<Bytes>>>);

impl Lifecycle {
    pub(crate) fn subscribe(&self, only: Option<&str>) -> LifecycleStream {
        let (sender, events) = mpsc::unbounded_channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        LifecycleStream { events, only: only.map(str::to_owned) }
    }
}

impl ClientObserver for Lifecycle {
    fn lifecycle(&self, params: &Bytes) {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(params.clone()).is_ok());
    }

    fn notification(&self, method: &str, _params: &Bytes) {
        tracing::trace!(method, "notification without a listener");
    }

    fn batch_end(&self) {}

    fn backlog(&self) -> usize {
        0
    }

    fn lost(&self, error: &Error) {
        tracing::debug!(%error, "connection lost");
    }
}
