//! Session id to session; everything else to the client.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;

use crate::dispatch;
use crate::error::Error;
use crate::protocol::event::Event;
use crate::protocol::{json, method};
use crate::rpc::{Inbound, Responder};
use crate::session::SessionCore;

/// What the client itself wants to hear. Called by the reader: must neither block nor run user code.
pub(crate) trait ClientObserver: Send + Sync {
    /// `session.lifecycle`: JSON text of its params.
    fn lifecycle(&self, params: &Bytes);
    /// A notification without a use in the engine.
    fn notification(&self, method: &str, params: &Bytes);
    /// A batch of messages was passed on.
    fn batch_end(&self);
    /// The connection was lost.
    fn lost(&self, error: &Error);
}

type Sessions = HashMap<Arc<str>, Arc<SessionCore>>;

/// The sessions of one connection.
pub(crate) struct Router {
    sessions: RwLock<Sessions>,
    observer: Arc<dyn ClientObserver>,
}

impl Router {
    pub(crate) fn new(observer: Arc<dyn ClientObserver>) -> Arc<Self> {
        Arc::new(Self { sessions: RwLock::default(), observer })
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Sessions> {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<SessionCore>> {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Registers a session under its id; returns the one that was there.
    pub(crate) fn insert(&self, core: &Arc<SessionCore>) -> Option<Arc<SessionCore>> {
        self.write().insert(core.id(), Arc::clone(core))
    }

    /// Takes out a session, unless another one has its place by now.
    pub(crate) fn remove(&self, core: &Arc<SessionCore>) {
        let mut sessions = self.write();
        if sessions.get(&*core.id()).is_some_and(|present| Arc::ptr_eq(present, core)) {
            sessions.remove(&*core.id());
        }
    }

    /// Takes out a session by id.
    pub(crate) fn remove_id(&self, id: &str) -> Option<Arc<SessionCore>> {
        self.write().remove(id)
    }

    /// Takes out all sessions.
    pub(crate) fn take_all(&self) -> Vec<Arc<SessionCore>> {
        std::mem::take(&mut *self.write()).into_values().collect()
    }
}

impl Inbound for Router {
    fn event(&self, session_id: &[u8], event: Event) {
        let Ok(id) = std::str::from_utf8(session_id) else { return };
        let core = if session_id.contains(&b'\\') {
            json::parse::<String>(format!("\"{id}\"").as_bytes()).ok().and_then(|id| self.find(&id))
        } else {
            self.find(id)
        };
        match core {
            Some(core) => core.take(&event),
            None => tracing::trace!(
                session_id = id,
                event_type = event.event_type(),
                "event of an unknown session"
            ),
        }
    }

    fn notification(&self, method: String, params: Bytes) {
        if method == method::SESSION_LIFECYCLE {
            self.observer.lifecycle(&params);
        } else {
            self.observer.notification(&method, &params);
        }
    }

    fn request(&self, method: String, params: Bytes, responder: Responder) {
        dispatch::request(&method, params, responder, |id| self.find(id));
    }

    fn batch_end(&self) {
        self.observer.batch_end();
    }

    fn lost(&self, error: &Error) {
        for core in self.take_all() {
            core.close(error);
        }
        self.observer.lost(error);
    }
}
