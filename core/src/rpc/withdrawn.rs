//! Requests that the runtime may take back with `$/cancelRequest`.

use std::future::Future;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::message::RequestId;
use super::outgoing::Outgoing;
use super::responder::Responder;

/// The notification's method.
pub(super) const CANCEL_REQUEST: &str = "$/cancelRequest";
/// The code of the answer to a request that was taken back.
const REQUEST_CANCELLED: i64 = -32800;

fn number(id: &RequestId) -> Option<u64> {
    std::str::from_utf8(&id.0).ok()?.parse().ok()
}

impl Responder {
    /// From now on the runtime may take the request back. To be called by the reader: a task of its own might come after the
    /// runtime's `$/cancelRequest`.
    pub(crate) fn withdrawable(self) -> Withdrawable {
        let taken_back = CancellationToken::new();
        let listed = self.origin().and_then(|(outgoing, id)| Some((outgoing, number(id)?)));
        if let Some((outgoing, id)) = &listed {
            outgoing.withdrawals.list(*id, taken_back.clone());
        }
        Withdrawable { responder: self, taken_back, _listed: Listed(listed) }
    }
}

/// The duty to answer a request that may be taken back.
pub(crate) struct Withdrawable {
    responder: Responder,
    taken_back: CancellationToken,
    _listed: Listed,
}

impl Withdrawable {
    /// Does the work, unless the request is taken back: then the work is dropped and the runtime told so.
    pub(crate) async fn unless_withdrawn<T>(self, work: impl Future<Output = T>) -> Option<(Responder, T)> {
        tokio::select! {
            biased;
            () = self.taken_back.cancelled() => {
                self.responder.error(REQUEST_CANCELLED, "Request cancelled", None);
                None
            }
            done = work => Some((self.responder, done)),
        }
    }
}

struct Listed(Option<(Arc<Outgoing>, u64)>);

impl Drop for Listed {
    fn drop(&mut self) {
        if let Some((outgoing, id)) = &self.0 {
            outgoing.withdrawals.forget(*id);
        }
    }
}
