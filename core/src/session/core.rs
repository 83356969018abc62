//! What the router holds of a session: its state, its subscribers, its handlers. Never holds the client, so that a
//! dropped client ends whatever the sessions do.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::state::State;
use super::stream::{EventSink, EventStream, Meter};
use super::turn::{Outcome, Turns, WaitId};
use super::wait::Until;
use crate::dispatch;
use crate::error::{Error, ErrorKind, Result};
use crate::handlers::{CallContext, Handlers};
use crate::protocol::event::Event;
use crate::router::SessionInbox;
use crate::rpc::{Connection, Responder};

/// How long an idle session may take to begin with a message it accepted.
const PASSED_OVER_GRACE: Duration = Duration::from_secs(1);

/// What a handler works for, and ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// The agent's turn: an abort ends it.
    Turn,
    /// The session.
    Session,
}

/// Shared by the router, the user's handle and running handlers.
pub(crate) struct SessionCore {
    id: OnceLock<Arc<str>>,
    connection: Connection,
    handlers: RwLock<Arc<Handlers>>,
    state: Mutex<State>,
    sinks: Mutex<Vec<Arc<dyn EventSink>>>,
    turns: Mutex<Turns>,
    /// Handlers that answer a request id, so that each id is answered once and can be cancelled.
    running: Mutex<HashMap<String, CancellationToken>>,
    closed: CancellationToken,
    /// Cancelled when the turn is aborted, and renewed; a child of `closed`.
    turn: Mutex<CancellationToken>,
    /// The id under which the runtime asks for GitHub tokens.
    token_registration: OnceLock<Arc<str>>,
    /// Made with managed settings.
    managed: AtomicBool,
    /// Why it was closed.
    ended: OnceLock<Error>,
    meter: Arc<Meter>,
}

impl SessionCore {
    pub(crate) fn new(
        connection: Connection,
        handlers: Handlers,
        sinks: Vec<Arc<dyn EventSink>>,
    ) -> Arc<Self> {
        let closed = CancellationToken::new();
        Arc::new(Self {
            turn: Mutex::new(closed.child_token()),
            id: OnceLock::new(),
            connection,
            handlers: RwLock::new(Arc::new(handlers)),
            state: Mutex::default(),
            sinks: Mutex::new(sinks),
            turns: Mutex::default(),
            running: Mutex::default(),
            closed,
            token_registration: OnceLock::new(),
            managed: AtomicBool::new(false),
            ended: OnceLock::new(),
            meter: Arc::default(),
        })
    }

    /// Names the session; the first name stays.
    pub(crate) fn set_id(&self, id: &str) {
        drop(self.id.set(Arc::from(id)));
    }

    /// Says under which id the runtime will ask for GitHub tokens; the first one stays.
    pub(crate) fn register_tokens(&self, id: Arc<str>) {
        drop(self.token_registration.set(id));
    }

    /// Says that somebody else's rules hold in this session.
    pub(crate) fn set_managed(&self) {
        self.managed.store(true, Ordering::Relaxed);
    }

    /// Whether the session was made with managed settings.
    pub(crate) fn is_managed(&self) -> bool {
        self.managed.load(Ordering::Relaxed)
    }

    pub(crate) fn id(&self) -> Arc<str> {
        self.id.get().cloned().unwrap_or_else(|| Arc::from(""))
    }

    #[cfg(feature = "types")]
    pub(crate) fn id_str(&self) -> &str {
        self.id.get().map_or("", |id| id)
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn handlers(&self) -> Arc<Handlers> {
        Arc::clone(&self.handlers.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state_json(&self) -> Value {
        self.state().to_json(&self.id())
    }

    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    fn publish(&self, event: &Event) {
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        sinks.retain(|sink| sink.event(event));
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new queue of events from now on.
    pub(crate) fn subscribe(&self) -> EventStream {
        let (sink, stream) = EventStream::new();
        if self.closed.is_cancelled() {
            sink.end();
        }
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(sink));
        stream
    }

    /// Waits for the end of a turn, from now on.
    pub(crate) fn wait_for_turn(&self, until: Until) -> Result<(WaitId, oneshot::Receiver<Outcome>)> {
        let mut turns = self.turns();
        if self.closed.is_cancelled() {
            return Err(self.why_closed());
        }
        let seen = self.state().events_seen();
        Ok(turns.wait(until, seen))
    }

    /// Says which message a wait is for.
    pub(crate) fn claim_turn(self: &Arc<Self>, wait: WaitId, message: &str) {
        let passed_over = self.turns().claim(wait, message);
        self.look_again(passed_over);
    }

    /// A wait whose turn has not begun although the session is idle gets a moment more: the runtime may have said so
    /// before it took up the message.
    fn look_again(self: &Arc<Self>, passed_over: bool) {
        if passed_over {
            let core = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(PASSED_OVER_GRACE).await;
                core.turns().end_passed_over();
            });
        }
    }

    /// Fails when the session is closed.
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.is_open() { Ok(()) } else { Err(self.why_closed()) }
    }

    fn why_closed(&self) -> Error {
        match self.ended.get() {
            Some(lost) if lost.kind() == ErrorKind::ProcessExited => lost.clone().on_closed_connection(),
            _ => disconnected(&self.id()),
        }
    }

    fn turn(&self) -> MutexGuard<'_, CancellationToken> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn was aborted: whoever works for it here may stop.
    pub(crate) fn abort_turn(&self) {
        let aborted = std::mem::replace(&mut *self.turn(), self.closed.child_token());
        aborted.cancel();
    }

    fn cancellation(&self, lasts: Lasts) -> CancellationToken {
        match lasts {
            Lasts::Turn => self.turn().child_token(),
            Lasts::Session => self.closed.child_token(),
        }
    }

    /// Runs a handler in a task of its own. It ends early with what it works for; a panic costs only its reply.
    pub(crate) fn spawn<F>(self: &Arc<Self>, lasts: Lasts, run: impl FnOnce(CallContext) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let cancel = self.cancellation(lasts);
        let work = run(CallContext { session_id: self.id(), cancel: cancel.clone() });
        let task = async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => {}
                () = work => {}
            }
        };
        tokio::spawn(task.in_current_span());
    }

    /// Like [`spawn`](Self::spawn) for the answer to a pending request: a second one with the same id is ignored, and
    /// [`settled`](Self::settled) ends it.
    pub(crate) fn spawn_once<F>(
        self: &Arc<Self>,
        lasts: Lasts,
        request_id: &str,
        run: impl FnOnce(CallContext) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let cancel = self.cancellation(lasts);
        {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if running.contains_key(request_id) {
                return;
            }
            running.insert(request_id.to_owned(), cancel.clone());
        }
        let work = run(CallContext { session_id: self.id(), cancel: cancel.clone() });
        let (core, request_id) = (Arc::clone(self), request_id.to_owned());
        let task = async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => {}
                () = work => {}
            }
            core.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&request_id);
        };
        tokio::spawn(task.in_current_span());
    }

    /// Somebody answered this request: whoever works on it here may stop.
    pub(crate) fn settled(&self, request_id: &str) {
        if let Some(cancel) = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(request_id) {
            cancel.cancel();
        }
    }

    /// The same for every request whose id begins so.
    pub(crate) fn settled_all(&self, prefix: &str) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|id, cancel| {
            let ended = id.starts_with(prefix);
            if ended {
                cancel.cancel();
            }
            !ended
        });
    }
}

impl SessionInbox for SessionCore {
    fn id(&self) -> Arc<str> {
        Self::id(self)
    }

    /// Four steps, none of which waits: fold, publish, wake, dispatch.
    fn take(self: Arc<Self>, event: &Event) {
        if !self.is_open() {
            return;
        }
        self.meter.receive();
        let number = self.state().fold(event);
        self.publish(event);
        let passed_over = self.turns().see(event, number);
        self.look_again(passed_over);
        dispatch::event(&self, event);
    }

    fn request(self: Arc<Self>, method: &str, params: Bytes, responder: Responder) {
        dispatch::request(self, method, params, responder);
    }

    fn token_registration(&self) -> Option<Arc<str>> {
        self.token_registration.get().cloned()
    }

    fn is_open(&self) -> bool {
        !self.closed.is_cancelled()
    }

    /// Ends waits, handlers and queues.
    fn close(&self, error: &Error) {
        let mut turns = self.turns();
        if self.closed.is_cancelled() {
            return;
        }
        drop(self.ended.set(error.clone()));
        self.closed.cancel();
        turns.fail(error);
        drop(turns);
        *self.handlers.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        for sink in self.sinks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            sink.end();
        }
    }
}

/// What the session needs of the client it belongs to. Holding it keeps the client alive.
pub(crate) trait SessionOwner: Send + Sync {
    /// Takes the session out of the routing.
    fn forget(&self, core: &SessionCore);
    /// What the runtime last wrote to stderr.
    fn stderr_tail(&self) -> Option<String>;
}

pub(crate) fn disconnected(id: &str) -> Error {
    Error::new(
        ErrorKind::SessionClosed,
        format!("Session not found: {id} is disconnected; resume it to go on"),
    )
}
