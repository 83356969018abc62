//! Lifecycle notifications for Rust users.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::error::Error;
use crate::router::ClientObserver;

/// Lifecycle events in the order of arrival, each as the JSON text of the notification's params.
#[derive(Debug)]
pub struct LifecycleStream(mpsc::UnboundedReceiver<Bytes>);

impl LifecycleStream {
    /// The next event; none when the client is gone.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.0.recv().await
    }
}

/// Who listens. Survives restarts of the client.
#[derive(Default)]
pub(crate) struct Lifecycle(Mutex<Vec<mpsc::UnboundedSender<Bytes>>>);

impl Lifecycle {
    pub(crate) fn subscribe(&self) -> LifecycleStream {
        let (sender, stream) = mpsc::unbounded_channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        LifecycleStream(stream)
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

    fn lost(&self, error: &Error) {
        tracing::debug!(%error, "connection lost");
    }
}
