//! Session id to session; everything else to the client.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use serde::Deserialize;

use crate::diagnostics::Watch;
use crate::error::{Error, ErrorKind};
use crate::protocol::event::Event;
use crate::protocol::notification::is_readable;
use crate::protocol::{json, method};
use crate::rpc::{Connection, Inbound, METHOD_NOT_FOUND, Responder};
use crate::sync::{RwLock, RwLockWriteGuard};

/// Requests of the runtime that concern no session. Called by the reader: must neither block nor run user code.
pub(crate) trait ClientRequests: Send + Sync {
    /// Whether this method is served.
    fn serves(&self, method: &str) -> bool;
    /// Takes the request.
    fn request(&self, connection: &Connection, method: &str, params: &Bytes, responder: Responder);
    /// Takes a notification; false when it is nobody's here.
    fn notification(&self, method: &str, params: &Bytes) -> bool;
    /// The connection has ended.
    fn close(&self);
}

/// What the client itself wants to hear. Called by the reader: must neither block nor run user code.
pub(crate) trait ClientObserver: Send + Sync {
    /// `session.lifecycle`: JSON text of its params.
    fn lifecycle(&self, params: &Bytes);
    /// A notification without a use in the engine.
    fn notification(&self, method: &str, params: &Bytes);
    /// A batch of messages was passed on.
    fn batch_end(&self);
    /// How many bytes wait for the user's side, as far as this is where they wait.
    fn backlog(&self) -> usize;
    /// The connection was lost.
    fn lost(&self, error: &Error);
}

/// A session as the router sees it. Called by the reader: must neither block nor run user code.
pub(crate) trait SessionInbox: Send + Sync {
    /// The id it is registered under.
    fn id(&self) -> Arc<str>;
    /// An event of the session.
    fn take(self: Arc<Self>, event: &Event);
    /// The runtime asks something of the session.
    fn request(self: Arc<Self>, method: &str, params: Bytes, responder: Responder);
    /// The id under which the runtime asks it for GitHub tokens.
    fn token_registration(&self) -> Option<Arc<str>>;
    /// Whether the session can still be used.
    fn is_open(&self) -> bool;
    /// The session is over for this process.
    fn close(&self, error: &Error);
}

type Inbox = Arc<dyn SessionInbox>;

/// Sessions with the order in which they came: they are ended in that order.
#[derive(Default)]
struct Sessions {
    by_id: HashMap<Arc<str>, (u64, Inbox)>,
    next: u64,
    /// Why no session is routed to any more.
    shut: Option<Error>,
}

/// The sessions of one connection.
pub(crate) struct Router {
    sessions: RwLock<Sessions>,
    observer: Arc<dyn ClientObserver>,
    watch: Arc<Watch>,
    requests: Option<Arc<dyn ClientRequests>>,
    /// Whether a method is a request that some session may answer.
    is_session_request: fn(&str) -> bool,
}

impl Router {
    pub(crate) fn new(
        observer: Arc<dyn ClientObserver>,
        requests: Option<Arc<dyn ClientRequests>>,
        is_session_request: fn(&str) -> bool,
        watch: Arc<Watch>,
    ) -> Arc<Self> {
        Arc::new(Self { sessions: RwLock::default(), observer, watch, requests, is_session_request })
    }

    /// Closes every session, those that come later too, and what else waits for the runtime.
    pub(crate) fn shut(&self, reason: &Error) {
        if let Some(requests) = &self.requests {
            requests.close();
        }
        let sessions = {
            let mut sessions = self.write();
            sessions.shut.get_or_insert_with(|| reason.clone());
            std::mem::take(&mut sessions.by_id)
        };
        for core in oldest_first(sessions.into_values()) {
            core.close(reason);
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Sessions> {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many sessions are routed to.
    pub(crate) fn len(&self) -> usize {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner).by_id.len()
    }

    pub(crate) fn find(&self, id: &str) -> Option<Inbox> {
        self.sessions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .by_id
            .get(id)
            .map(|(_, core)| core.clone())
    }

    fn find_registration(&self, id: &str) -> Option<Inbox> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        let asked = |core: &Inbox| core.token_registration().is_some_and(|own| *own == *id);
        sessions.by_id.values().map(|(_, core)| core).find(|core| asked(core)).cloned()
    }

    /// Registers a session under its id; returns the one that was there. Closes it instead when the routing has
    /// [ended](Self::shut).
    pub(crate) fn insert(&self, core: Inbox) -> Option<Inbox> {
        let mut sessions = self.write();
        if let Some(reason) = sessions.shut.clone() {
            drop(sessions);
            core.close(&reason);
            return None;
        }
        sessions.next += 1;
        let number = sessions.next;
        sessions.by_id.insert(core.id(), (number, core)).map(|(_, before)| before)
    }

    /// Takes out a session, unless another one has its place by now.
    pub(crate) fn remove(&self, core: &dyn SessionInbox) {
        let mut sessions = self.write();
        let is_present = |(_, present): &(u64, Inbox)| std::ptr::addr_eq(Arc::as_ptr(present), core);
        if sessions.by_id.get(&*core.id()).is_some_and(is_present) {
            sessions.by_id.remove(&*core.id());
        }
    }

    /// Takes out a session by id.
    pub(crate) fn remove_id(&self, id: &str) -> Option<Inbox> {
        self.write().by_id.remove(id).map(|(_, core)| core)
    }

    /// All sessions, oldest first.
    pub(crate) fn all(&self) -> Vec<Inbox> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        oldest_first(sessions.by_id.values().cloned())
    }
}

fn oldest_first(sessions: impl Iterator<Item = (u64, Inbox)>) -> Vec<Inbox> {
    let mut sessions: Vec<_> = sessions.collect();
    sessions.sort_unstable_by_key(|(number, _)| *number);
    sessions.into_iter().map(|(_, core)| core).collect()
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
            None => {
                self.watch.counts.events_dropped.one();
                let event_type = event.event_type();
                tracing::trace!(session_id = id, event_type, "event of an unknown session");
            }
        }
    }

    fn notification(&self, method: String, params: Bytes) {
        if !is_readable(&method, &params) {
            self.watch.unreadable(&method);
        } else if method == method::SESSION_LIFECYCLE {
            self.observer.lifecycle(&params);
        } else if !self.requests.as_ref().is_some_and(|requests| requests.notification(&method, &params)) {
            self.observer.notification(&method, &params);
        }
    }

    fn request(&self, connection: &Connection, method: String, params: Bytes, responder: Responder) {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Addressed {
            session_id: Option<String>,
            registration_id: Option<String>,
        }
        if let Some(requests) = self.requests.as_ref().filter(|requests| requests.serves(&method)) {
            return requests.request(connection, &method, &params, responder);
        }
        if !(self.is_session_request)(&method) {
            return responder.error(METHOD_NOT_FOUND, &format!("Method not found: {method}"), None);
        }
        let addressed = json::parse::<Addressed>(&params).unwrap_or_default();
        let refuse = |text: String| Error::new(ErrorKind::InvalidArgument, text);
        if method == method::GITHUB_TOKEN_GET {
            let id = addressed.registration_id.unwrap_or_default();
            return match self.find_registration(&id) {
                Some(core) => core.request(&method, params, responder),
                None => {
                    responder.fail(&refuse(format!("No GitHub token provider registered with id {id:?}")))
                }
            };
        }
        let id = addressed.session_id.unwrap_or_default();
        match self.find(&id) {
            Some(core) => core.request(&method, params, responder),
            None if id.is_empty() => {
                responder.fail(&refuse(format!("invalid {method} payload: sessionId is missing")))
            }
            None => responder.fail(&refuse(format!("unknown session {id}"))),
        }
    }

    fn batch_end(&self) {
        self.observer.batch_end();
    }

    fn backlog(&self) -> usize {
        self.observer.backlog()
    }

    fn lost(&self, error: &Error) {
        self.shut(error);
        self.observer.lost(error);
    }
}

#[cfg(all(test, shuttle))]
#[path = "router_model_tests.rs"]
mod model_tests;
