//! What the router holds of a session: its state, its subscribers, its handlers. Never holds the client, so that a
//! dropped client ends whatever the sessions do.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use once_cell::sync::OnceCell;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::state::State;
use super::stream::{EventSink, EventStream, Meter};
use super::subscribers::Subscribers;
use super::turn::{Done, PASSED_OVER_GRACE, Seen, Turns, WaitId};
use super::until::Until;
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::handlers::{CallContext, Handlers, ToolHandler};
use crate::protocol::event::Event;
use crate::router::SessionInbox;
use crate::rpc::{Connection, Responder};
use crate::sync::{Mutex, MutexGuard, RwLock};

/// What a handler works for, and ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// The agent's turn: an abort ends it.
    Turn,
    /// The session.
    Session,
}

/// What a session does for events and requests of the runtime: `dispatch` knows.
pub(crate) struct Reactions {
    pub(crate) event: fn(&Arc<SessionCore>, &Event),
    pub(crate) request: fn(Arc<SessionCore>, &str, Bytes, Responder),
}

/// Shared by the router, the user's handle and running handlers.
pub(crate) struct SessionCore {
    id: OnceCell<Arc<str>>,
    connection: Connection,
    reactions: &'static Reactions,
    handlers: RwLock<Arc<Handlers>>,
    state: Mutex<State>,
    subscribers: Mutex<Subscribers>,
    turns: Mutex<Turns>,
    /// Handlers that answer a request id, so that each id is answered once and can be cancelled.
    running: Mutex<HashMap<WorkId, CancellationToken>>,
    closed: CancellationToken,
    /// Cancelled when the turn is aborted; a child of `closed`, made when something first works for the turn.
    turn: Mutex<Option<CancellationToken>>,
    /// The id under which the runtime asks for GitHub tokens.
    token_registration: OnceCell<Arc<str>>,
    /// Made with managed settings.
    managed: AtomicBool,
    /// Why it was closed.
    ended: OnceCell<Error>,
    meter: Arc<Meter>,
    /// Cancelled when what the session owned was given up; empty when it owned nothing.
    released: OnceCell<CancellationToken>,
    /// Why it lost its files.
    lost: OnceCell<Error>,
}

impl SessionCore {
    pub(crate) fn new(
        connection: Connection,
        reactions: &'static Reactions,
        handlers: Handlers,
        sinks: Vec<Arc<dyn EventSink>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            turn: Mutex::default(),
            id: OnceCell::new(),
            connection,
            reactions,
            handlers: RwLock::new(Arc::new(handlers)),
            state: Mutex::default(),
            subscribers: Mutex::new(Subscribers::new(sinks)),
            turns: Mutex::default(),
            running: Mutex::default(),
            closed: CancellationToken::new(),
            token_registration: OnceCell::new(),
            managed: AtomicBool::new(false),
            ended: OnceCell::new(),
            meter: Arc::default(),
            released: OnceCell::new(),
            lost: OnceCell::new(),
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

    /// Says that settings of an organisation hold in this session.
    pub(crate) fn set_managed(&self) {
        self.managed.store(true, Ordering::Relaxed);
    }

    /// Whether the session was made with managed settings.
    pub(crate) fn is_managed(&self) -> bool {
        self.managed.load(Ordering::Relaxed)
    }

    /// Says when everything that the session owns will be given up.
    pub(crate) fn release_when(&self, released: CancellationToken) {
        drop(self.released.set(released));
    }

    /// Waits until everything that the session owned is given up.
    pub(crate) async fn released(&self) {
        if let Some(released) = self.released.get() {
            released.cancelled().await;
        }
    }

    /// Closes the session because somebody else has its files, or their store fails. Calls say so from now on.
    pub(crate) fn lose_files(&self, why: &Error) {
        drop(self.lost.set(why.clone()));
        self.close(why);
    }

    /// Waits until the session is closed.
    pub(crate) async fn closing(&self) {
        self.closed.cancelled().await;
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

    /// Other handlers of tools, from now on; a session that is over has none.
    pub(crate) fn set_tools(&self, tools: HashMap<String, Arc<dyn ToolHandler>>) {
        let mut handlers = self.handlers.write().unwrap_or_else(PoisonError::into_inner);
        if self.check_open().is_ok() {
            *handlers = Arc::new(Handlers { tools, ..(**handlers).clone() });
        }
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

    fn subscribers(&self) -> MutexGuard<'_, Subscribers> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runtime has made the session. To be called by the reader, before the next message is read.
    pub(crate) fn answered(&self) {
        self.subscribers().answered();
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new queue of events, see [`Subscribers::subscribe`].
    pub(crate) fn subscribe(&self) -> EventStream {
        self.subscribers().subscribe()
    }

    /// An id for [`wait_for_turn`](Self::wait_for_turn).
    pub(crate) fn next_wait(&self) -> WaitId {
        self.turns().next_id()
    }

    /// Waits for the end of a turn, from now on. `done` runs once, unless the wait is [taken out](Self::take_wait) or
    /// this fails.
    pub(crate) fn wait_for_turn(&self, id: WaitId, until: Until, done: Done) -> Result<()> {
        let mut turns = self.turns();
        if self.closed.is_cancelled() {
            return Err(self.why_closed());
        }
        let seen = self.state().events_seen();
        turns.wait(id, until, seen, done);
        Ok(())
    }

    /// Says which message a wait is for.
    pub(crate) fn claim_turn(self: &Arc<Self>, wait: WaitId, message: &str) {
        let seen = self.turns().claim(wait, message);
        self.act_on(seen);
    }

    /// Gives a wait up; none when it has ended.
    pub(crate) fn take_wait(&self, wait: WaitId) -> Option<Done> {
        self.turns().take(wait)
    }

    /// The task that keeps the limits of a wait; it is ended with the wait.
    pub(crate) fn keep_time(&self, wait: WaitId, timer: tokio::task::AbortHandle) {
        self.turns().keep_time(wait, timer);
    }

    /// Tells the waits that have ended. One whose turn has not begun although the session is idle gets a moment more: the
    /// runtime may have said so before it took up the message.
    fn act_on(self: &Arc<Self>, seen: Seen) {
        for &wait in &seen.passed_over {
            let core = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(PASSED_OVER_GRACE).await;
                let seen = core.turns().end_passed_over(wait);
                core.act_on(seen);
            });
        }
        seen.tell();
    }

    /// Fails when the session is closed.
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.is_open() { Ok(()) } else { Err(self.why_closed()) }
    }

    /// The user makes a call: fails when the session is closed. Whoever uses a session without having subscribed to its
    /// first events does not want them.
    pub(crate) fn begin_use(&self) -> Result<()> {
        self.check_open()?;
        self.subscribers().forget_early();
        Ok(())
    }

    fn why_closed(&self) -> Error {
        if let Some(lost) = self.lost.get() {
            return lost.clone();
        }
        match self.ended.get() {
            Some(lost) if lost.kind() == ErrorKind::ProcessExited => lost.clone().on_closed_connection(),
            _ => disconnected(&self.id()),
        }
    }

    fn turn(&self) -> MutexGuard<'_, Option<CancellationToken>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn was aborted: whoever works for it here may stop.
    pub(crate) fn abort_turn(&self) {
        let aborted = self.turn().take();
        if let Some(aborted) = aborted {
            aborted.cancel();
        }
    }

    fn cancellation(&self, lasts: Lasts) -> CancellationToken {
        match lasts {
            Lasts::Turn => self.turn().get_or_insert_with(|| self.closed.child_token()).child_token(),
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
        self.start(cancel, Box::pin(work), None);
    }

    /// Like [`spawn`](Self::spawn) for the answer to a pending request: a second one with the same id is ignored, and
    /// [`settled`](Self::settled) ends it.
    pub(crate) fn spawn_once<F>(
        self: &Arc<Self>,
        lasts: Lasts,
        work_id: WorkId,
        run: impl FnOnce(CallContext) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let cancel = self.cancellation(lasts);
        {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if running.contains_key(&work_id) {
                return;
            }
            running.insert(work_id.clone(), cancel.clone());
        }
        let work = run(CallContext { session_id: self.id(), cancel: cancel.clone() });
        self.start(cancel, Box::pin(work), Some(work_id));
    }

    // Boxed: one kind of task for all handlers.
    fn start(
        self: &Arc<Self>,
        cancel: CancellationToken,
        work: BoxFuture<'static, ()>,
        work_id: Option<WorkId>,
    ) {
        let running = work_id.map(|work_id| (Arc::clone(self), work_id));
        let task = async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => {}
                () = work => {}
            }
            if let Some((core, work_id)) = running {
                core.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&work_id);
            }
        };
        tokio::spawn(task.in_current_span());
    }

    /// Somebody answered this request: whoever works on it here may stop.
    pub(crate) fn settled(&self, request_id: &str) {
        let id = WorkId::Request(request_id.to_owned());
        if let Some(cancel) = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id) {
            cancel.cancel();
        }
    }

    /// Ends every attempt of a factory's run.
    pub(crate) fn end_run(&self, ended: &str) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|id, cancel| {
            let is_ended = matches!(id, WorkId::Factory { run_id, .. } if run_id == ended);
            if is_ended {
                cancel.cancel();
            }
            !is_ended
        });
    }
}

/// What a handler works on, at most once at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WorkId {
    /// A pending request, by its id.
    Request(String),
    /// One attempt at a run of a factory.
    Factory {
        /// Id of the run.
        run_id: String,
        /// Names the attempt.
        execution_token: String,
    },
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
        self.subscribers().publish(event);
        let seen = self.turns().see(event, number);
        self.act_on(seen);
        (self.reactions.event)(&self, event);
    }

    fn request(self: Arc<Self>, method: &str, params: Bytes, responder: Responder) {
        (self.reactions.request)(self, method, params, responder);
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
        let failed = turns.fail(error);
        drop(turns);
        failed.tell();
        *self.handlers.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        self.subscribers().end(error);
    }
}

/// What the session needs of the client it belongs to. Holding it keeps the client alive.
pub(crate) trait SessionOwner: Send + Sync {
    /// Takes the session out of the routing.
    fn forget(&self, core: &SessionCore);
    /// What the runtime last wrote to stderr, for the error of a wait.
    fn stderr_tail(&self) -> Option<String>;
}

pub(crate) fn disconnected(id: &str) -> Error {
    reasons::session_disconnected(id)
}
