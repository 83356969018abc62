//! The surface that doors use.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::adapter::{Calls, HostSession};
use super::delivery::{CallError, CallId, Delivery, SessionKey, Ticket};
use super::inbox::{Inbox, Waker};
use super::llm::HostLlm;
use super::{engine, ops};
use crate::client::{Client, ClientCallbacks, Lifecycle};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::json as text;
use crate::router::ClientObserver;
use crate::rpc::Connection;
use crate::runtime::options::ClientOptions;
use crate::session::{Counters, Session};

/// One client of a foreign language. Clones name the same client; dropping the last one ends its runtime.
#[derive(Clone)]
pub struct HostClient(Arc<Owner>);

/// Ends the runtime when the door lets go, whatever still runs.
struct Owner {
    shared: Arc<Shared>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.give_up();
    }
}

pub(super) struct Shared {
    pid: u32,
    engine: Handle,
    pub(super) client: Client,
    pub(super) inbox: Arc<Inbox>,
    pub(super) calls: Arc<Calls>,
    pub(super) llm: Option<Arc<HostLlm>>,
    next_ticket: AtomicU64,
    running: Mutex<HashMap<Ticket, Running>>,
    sessions: Mutex<HashMap<SessionKey, Slot>>,
    closed: CancellationToken,
}

/// How an operation under way can be cancelled.
enum Running {
    Task(CancellationToken),
    Call(Connection, u64),
}

/// A session of the host; the handle is there once the runtime made it.
struct Slot {
    host: Arc<HostSession>,
    session: Option<Session>,
}

impl HostClient {
    /// Checks the options; starts nothing. `waker` runs on the engine's thread when the inbox turns non-empty.
    pub fn new(options_json: &str, waker: Waker) -> Result<Self> {
        let options = ClientOptions::from_json(options_json)?;
        let engine = engine::handle()?;
        let inbox = Arc::new(Inbox::new(waker));
        let handlers = options.handlers;
        let observer = Arc::new(HostObserver { inbox: Arc::clone(&inbox), lifecycle: handlers.lifecycle });
        let calls = Calls::new(Arc::clone(&inbox));
        let asked = Arc::new(HostSession::of_client(Arc::clone(&calls)));
        let llm = handlers.request_handler.then(|| HostLlm::new(Arc::clone(&calls), Arc::clone(&inbox)));
        let callbacks = ClientCallbacks {
            list_models: handlers.list_models.then(|| Arc::clone(&asked) as _),
            extension_launch: handlers.extension_launch.then_some(asked as _),
            llm: llm.clone().map(|llm| llm as _),
        };
        let client = Client::with_observer(options, Arc::new(Lifecycle::default()), observer, callbacks)?;
        Ok(Self(Arc::new(Owner {
            shared: Arc::new(Shared {
                pid: std::process::id(),
                engine,
                client,
                calls,
                llm,
                inbox,
                next_ticket: AtomicU64::new(1),
                running: Mutex::default(),
                sessions: Mutex::default(),
                closed: CancellationToken::new(),
            }),
        })))
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    /// A ticket for [`submit_as`](Self::submit_as), so that a door can register a waiter first.
    #[must_use]
    pub fn next_ticket(&self) -> Ticket {
        self.shared().next_ticket.fetch_add(1, Ordering::Relaxed)
    }

    /// Starts an operation. Never blocks and never fails: what goes wrong arrives as its completion.
    pub fn submit(&self, op: &str, args_json: &str) -> Ticket {
        let ticket = self.next_ticket();
        self.submit_as(ticket, op, args_json);
        ticket
    }

    /// Starts an operation under a ticket got from [`next_ticket`](Self::next_ticket).
    pub fn submit_as(&self, ticket: Ticket, op: &str, args_json: &str) {
        let shared = self.shared();
        let args = if args_json.trim().is_empty() { "{}" } else { args_json };
        if let Err(error) = shared.usable().and_then(|()| ops::begin(shared, ticket, op, args)) {
            shared.complete(ticket, Err(error));
        }
        // A call that failed at once has completed without the reader's flush.
        shared.inbox.flush();
    }

    /// Cancels an operation; true when it will complete with kind `Cancelled`. What was sent to the runtime stays sent.
    #[must_use]
    pub fn cancel(&self, ticket: Ticket) -> bool {
        match self.shared().running().remove(&ticket) {
            Some(Running::Task(token)) => {
                token.cancel();
                true
            }
            Some(Running::Call(connection, id)) => match connection.forget(id) {
                Some(_) => {
                    self.shared().push_completion(ticket, Err(cancelled()));
                    self.shared().inbox.flush();
                    true
                }
                None => false,
            },
            None => false,
        }
    }

    /// Moves everything queued to `out`.
    pub fn drain(&self, out: &mut Vec<Delivery>) -> usize {
        self.drain_some(usize::MAX, out)
    }

    /// Moves at most `max` entries to `out`; the waker is armed again once the queue is empty.
    pub fn drain_some(&self, max: usize, out: &mut Vec<Delivery>) -> usize {
        self.shared().inbox.drain(max, out)
    }

    /// Blocks the calling thread until something is queued; false when the time is over.
    #[must_use]
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        self.shared().inbox.wait(timeout)
    }

    /// Answers a call with JSON text, exactly once, from any thread.
    pub fn reply(&self, call: CallId, result_json: &str) -> Result<()> {
        self.answer(call, Ok(result_json.to_owned()))
    }

    /// Answers a call with an error.
    pub fn reply_error(&self, call: CallId, error: &CallError) -> Result<()> {
        self.answer(call, Err(error.clone()))
    }

    fn answer(&self, call: CallId, answer: std::result::Result<String, CallError>) -> Result<()> {
        let taken = self.shared().calls.answer(call, answer);
        if taken.is_err() {
            self.shared().client.count_late_reply();
        }
        taken
    }

    /// Whether events of a session are delivered, from now on. They are by default.
    pub fn set_events(&self, session: SessionKey, on: bool) {
        if let Some(slot) = self.shared().sessions().get(&session) {
            slot.host.events.store(on, Ordering::Release);
        }
    }

    /// How many events of a session went in and out; none for an unknown key.
    #[must_use]
    pub fn counters(&self, session: SessionKey) -> Option<Counters> {
        self.shared().sessions().get(&session).map(|slot| slot.host.meter.read())
    }

    /// The sum over the sessions known to the client.
    #[must_use]
    pub fn client_counters(&self) -> Counters {
        self.shared().sessions().values().map(|slot| slot.host.meter.read()).fold(
            Counters::default(),
            |sum, one| Counters {
                received: sum.received + one.received,
                delivered: sum.delivered + one.delivered,
                queued_events: sum.queued_events + one.queued_events,
                queued_bytes: sum.queued_bytes + one.queued_bytes,
            },
        )
    }

    /// JSON text of what a session knows of itself; none before it is made.
    #[must_use]
    pub fn session_state(&self, session: SessionKey) -> Option<String> {
        let session = self.shared().sessions().get(&session)?.session.clone()?;
        Some(session.core().state_json().to_string())
    }

    /// Lets go of a session's key, for example when its object was collected. Its events stop; the runtime keeps it.
    pub fn release_session(&self, session: SessionKey) {
        drop(self.shared().sessions().remove(&session));
    }

    /// JSON text of [`Diagnostics`](crate::Diagnostics), at any time and without waiting.
    #[must_use]
    pub fn diagnostics(&self) -> String {
        text::text(&self.shared().client.diagnostics()).unwrap_or_default()
    }

    /// The port of a runtime on TCP.
    #[must_use]
    pub fn runtime_port(&self) -> Option<u16> {
        self.shared().client.runtime_port()
    }

    /// The process id of a runtime that this client started.
    #[must_use]
    pub fn runtime_pid(&self) -> Option<u32> {
        self.shared().client.runtime_pid()
    }

    /// `disconnected`, `connecting`, `connected` or `error`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        self.shared().client.state().name()
    }

    /// Gives up at once: ends the runtime and every operation under way. Does not wait.
    pub fn close(&self) {
        self.shared().give_up();
    }
}

impl Shared {
    fn running(&self) -> MutexGuard<'_, HashMap<Ticket, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionKey, Slot>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client inherited by `fork` has no engine behind it.
    fn usable(&self) -> Result<()> {
        if self.pid != std::process::id() {
            let text = "this client belongs to the parent process; make a new one after fork";
            return Err(Error::new(ErrorKind::Forked, text));
        }
        if self.closed.is_cancelled() {
            return Err(Error::new(ErrorKind::InvalidState, "the client was closed"));
        }
        Ok(())
    }

    fn push_completion(&self, ticket: Ticket, result: Result<Bytes>) {
        self.inbox.push_quietly(Delivery::Completed { ticket, result }, None);
    }

    /// Reports the end of an operation.
    pub(super) fn complete(&self, ticket: Ticket, result: Result<Bytes>) {
        self.running().remove(&ticket);
        self.push_completion(ticket, result);
        self.inbox.flush();
    }

    /// Runs an operation on the engine's thread.
    pub(super) fn spawn(
        self: &Arc<Self>,
        ticket: Ticket,
        work: impl Future<Output = Result<Bytes>> + Send + 'static,
    ) {
        let token = self.closed.child_token();
        self.running().insert(ticket, Running::Task(token.clone()));
        let shared = Arc::clone(self);
        self.engine.spawn(async move {
            let result = tokio::select! {
                biased;
                () = token.cancelled() => Err(cancelled()),
                result = work => result,
            };
            shared.complete(ticket, result);
        });
    }

    /// A plain call of the runtime: no task, the reader completes it in the order of arrival.
    pub(super) fn call(
        self: &Arc<Self>,
        ticket: Ticket,
        connection: &Connection,
        method: &str,
        params: &str,
    ) {
        let id = connection.next_id();
        self.running().insert(ticket, Running::Call(connection.clone(), id));
        let shared = Arc::downgrade(self);
        let done = move |result| {
            if let Some(shared) = shared.upgrade() {
                shared.running().remove(&ticket);
                shared.push_completion(ticket, result);
            }
        };
        connection.call_as(id, method, params, Box::new(done));
    }

    /// Makes room for a session before it is made, so that its first event finds the key.
    pub(super) fn reserve(&self, key: SessionKey, events: bool) -> Result<Arc<HostSession>> {
        if key == 0 {
            return Err(Error::new(ErrorKind::InvalidArgument, "key must not be 0"));
        }
        let mut sessions = self.sessions();
        if sessions.contains_key(&key) {
            let text = format!("key {key} is in use by another session of this client");
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        let host = Arc::new(HostSession::new(Arc::clone(&self.calls), key, events));
        sessions.insert(key, Slot { host: Arc::clone(&host), session: None });
        Ok(host)
    }

    /// The session was made, or not.
    pub(super) fn settle_session(&self, key: SessionKey, session: Option<&Session>) {
        let mut sessions = self.sessions();
        match session {
            Some(session) => {
                if let Some(slot) = sessions.get_mut(&key) {
                    slot.session = Some(session.clone());
                }
            }
            None => drop(sessions.remove(&key)),
        }
    }

    pub(super) fn session(&self, key: SessionKey) -> Result<Session> {
        let unknown = || Error::new(ErrorKind::BadHandle, format!("no session has the key {key}"));
        self.sessions().get(&key).and_then(|slot| slot.session.clone()).ok_or_else(unknown)
    }

    fn give_up(self: &Arc<Self>) {
        if self.pid != std::process::id() || self.closed.is_cancelled() {
            return;
        }
        self.closed.cancel();
        self.sessions().clear();
        let shared = Arc::clone(self);
        self.engine.spawn(async move { shared.client.force_stop().await });
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the operation was cancelled")
}

/// What the client itself tells the host.
struct HostObserver {
    inbox: Arc<Inbox>,
    lifecycle: bool,
}

impl ClientObserver for HostObserver {
    fn lifecycle(&self, params: &Bytes) {
        if self.lifecycle {
            self.inbox.push_quietly(Delivery::Lifecycle { event: params.clone() }, None);
        }
    }

    fn notification(&self, method: &str, params: &Bytes) {
        let delivery = Delivery::Notification { method: method.to_owned(), params: params.clone() };
        self.inbox.push_quietly(delivery, None);
    }

    fn batch_end(&self) {
        self.inbox.flush();
    }

    fn lost(&self, error: &Error) {
        self.inbox.push(Delivery::Closed { error: error.clone() });
    }
}
