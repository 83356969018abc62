//! Requests that the runtime may take back with `$/cancelRequest`.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::connection::Connection;
use super::message::RequestId;
use super::responder::Responder;

/// The notification's method.
pub(super) const CANCEL_REQUEST: &str = "$/cancelRequest";
/// The code of the answer to a request that was taken back.
const REQUEST_CANCELLED: i64 = -32800;

/// Open requests by id.
#[derive(Default)]
pub(super) struct Withdrawals(Mutex<HashMap<u64, CancellationToken>>);

impl Withdrawals {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

fn number(id: &RequestId) -> Option<u64> {
    std::str::from_utf8(&id.0).ok()?.parse().ok()
}

impl Responder {
    /// From now on the runtime may take the request back. To be called by the reader, or the runtime's word may be missed.
    pub(crate) fn withdrawable(self) -> Withdrawable {
        let taken_back = CancellationToken::new();
        let listed = self.origin().and_then(|(connection, id)| Some((connection, number(id)?)));
        if let Some((connection, id)) = &listed {
            connection.withdrawals().open().insert(*id, taken_back.clone());
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

struct Listed(Option<(Connection, u64)>);

impl Drop for Listed {
    fn drop(&mut self) {
        if let Some((connection, id)) = &self.0 {
            connection.withdrawals().open().remove(id);
        }
    }
}
