//! What leaves a connection: the queue of its writer, and the requests whose answers are still owed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::linger::Activity;
use crate::diagnostics::Watch;

/// Where messages to the runtime go.
pub(super) struct Outgoing {
    queue: mpsc::UnboundedSender<String>,
    pub(super) activity: Activity,
    pub(super) watch: Arc<Watch>,
    pub(super) withdrawals: Withdrawals,
}

impl Outgoing {
    pub(super) fn new(queue: mpsc::UnboundedSender<String>, watch: Arc<Watch>) -> Arc<Self> {
        Arc::new(Self { queue, activity: Activity::default(), watch, withdrawals: Withdrawals::default() })
    }

    /// Queues one message. After the end of the connection it goes nowhere: whoever waits has been told.
    pub(super) fn write(&self, body: String) {
        self.watch.frame("out", body.as_bytes());
        self.activity.stamp();
        drop(self.queue.send(body));
    }
}

/// Open requests of the runtime that it may take back, by id.
#[derive(Default)]
pub(super) struct Withdrawals(Mutex<HashMap<u64, CancellationToken>>);

impl Withdrawals {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn list(&self, id: u64, taken_back: CancellationToken) {
        self.open().insert(id, taken_back);
    }

    pub(super) fn forget(&self, id: u64) {
        self.open().remove(&id);
    }

    /// The params of a notification name the request; ids that are no whole numbers, and unknown ones, are ignored.
    pub(super) fn take_back(&self, params: &[u8]) {
        #[derive(Deserialize)]
        struct Named {
            id: u64,
        }
        let Ok(Named { id }) = serde_json::from_slice(params) else { return };
        if let Some(token) = self.open().get(&id) {
            token.cancel();
        }
    }
}
