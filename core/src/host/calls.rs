//! Calls that wait for the host: each goes into the inbox, its answer comes back by number.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::delivery::{CallError, CallId, Delivery, SessionKey};
use super::inbox::Inbox;
use super::kinds::CallKind;
use crate::error::{Error, ErrorKind, Result};

type Answer = std::result::Result<String, CallError>;

/// Calls that wait for the host.
pub(super) struct Calls {
    pub(super) inbox: Arc<Inbox>,
    next: AtomicU64,
    open: Mutex<HashMap<CallId, oneshot::Sender<Answer>>>,
    closed: CancellationToken,
}

impl Calls {
    pub(super) fn new(inbox: Arc<Inbox>) -> Arc<Self> {
        let closed = CancellationToken::new();
        Arc::new(Self { inbox, next: AtomicU64::new(1), open: Mutex::default(), closed })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<CallId, oneshot::Sender<Answer>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands in the answer to a call.
    pub(super) fn answer(&self, call: CallId, answer: Answer) -> Result<()> {
        let sender = self.open().remove(&call).ok_or_else(|| {
            let text =
                format!("call {call} is not open: it was answered already or its answer is no longer wanted");
            Error::new(ErrorKind::InvalidState, text)
        })?;
        // Nobody waits any more: the call was cancelled a moment ago.
        drop(sender.send(answer));
        Ok(())
    }

    fn begin(
        &self,
        kind: CallKind,
        name: &str,
        session: SessionKey,
        args: String,
    ) -> (CallId, oneshot::Receiver<Answer>) {
        let call = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.open().insert(call, sender);
        self.inbox.push(Delivery::Call { call, kind, name: name.into(), session, args: Bytes::from(args) });
        (call, answer)
    }

    /// Tells the host something that outlives the connection, and waits until it has seen to it. A host that was closed is told
    /// too, but may never answer: nobody waits for that.
    pub(super) async fn tell(&self, kind: CallKind, name: &str, session: SessionKey, args: String) {
        let (call, answer) = self.begin(kind, name, session, args);
        if self.closed.run_until_cancelled(answer).await.is_none() {
            self.open().remove(&call);
        }
    }

    /// The host was closed: no answer is waited for any more.
    pub(super) fn close(&self) {
        self.closed.cancel();
    }

    /// Asks the host. Dropping the future tells the host that the answer is no longer wanted.
    pub(super) async fn ask(
        self: &Arc<Self>,
        kind: CallKind,
        name: &str,
        session: SessionKey,
        args: String,
    ) -> Result<String> {
        let (call, answer) = self.begin(kind, name, session, args);
        let _open = OpenCall { calls: self, call };
        match self.closed.run_until_cancelled(answer).await {
            Some(Ok(Ok(answer))) => Ok(answer),
            Some(Ok(Err(error))) => Err(match error.code {
                Some(code) => Error::rpc(code, error.message, error.data),
                None => {
                    let failed = Error::new(ErrorKind::HandlerFailed, error.message);
                    error.data.map_or(failed.clone(), |data| failed.with_data(data))
                }
            }),
            Some(Err(_)) | None => Err(Error::new(ErrorKind::HandlerFailed, "the host was closed")),
        }
    }
}

struct OpenCall<'a> {
    calls: &'a Calls,
    call: CallId,
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        if self.calls.open().remove(&self.call).is_some() {
            self.calls.inbox.push(Delivery::CallCancelled { call: self.call });
        }
    }
}
