//! What the operations of one client share: what is under way, and the sessions by the keys that the door chose.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::calls::Calls;
use super::delivery::{Delivery, SessionKey, Ticket};
use super::inbox::Inbox;
use super::llm::HostLlm;
use super::session::HostSession;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::rpc::Connection;
use crate::session::{Counters, Meter, Session, Waiting};

pub(super) struct Shared {
    /// The process of the client; none where processes are not copied.
    pid: Option<u32>,
    engine: Handle,
    pub(super) client: Client,
    pub(super) inbox: Arc<Inbox>,
    pub(super) calls: Arc<Calls>,
    pub(super) llm: Option<Arc<HostLlm>>,
    next_ticket: AtomicU64,
    running: Mutex<HashMap<Ticket, Running>>,
    sessions: Mutex<Sessions>,
    closed: CancellationToken,
}

/// An operation under way, and what its cancelling means.
pub(super) enum Running {
    /// A task, which completes it when it is told to end.
    Task(CancellationToken),
    /// A plain call, completed by the reader.
    Call(Connection, u64),
    /// A wait for the end of a turn.
    Wait(Waiting),
    /// A session that was asked for. If it is made all the same, it is left again.
    Opening,
}

#[derive(Default)]
struct Sessions {
    slots: HashMap<SessionKey, Slot>,
    /// Sums over the sessions that were released.
    released: Counters,
    /// Released, with events in the inbox.
    leaving: Vec<Arc<Meter>>,
    /// The highest key so far.
    highest: SessionKey,
    /// Why the sessions that were released last had ended, for whoever still calls them.
    gone: VecDeque<(SessionKey, Error)>,
}

/// A session of the host; the handle is there once the runtime made it.
pub(super) struct Slot {
    pub(super) host: Arc<HostSession>,
    pub(super) session: Option<Session>,
}

/// How many released sessions still say why they had ended.
const MOST_GONE: usize = 256;

fn unknown(key: SessionKey) -> Error {
    Error::new(ErrorKind::BadHandle, format!("no session has the key {key}"))
}

pub(super) fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the operation was cancelled")
}

impl Shared {
    pub(super) fn new(
        engine: Handle,
        client: Client,
        calls: Arc<Calls>,
        llm: Option<Arc<HostLlm>>,
        inbox: Arc<Inbox>,
        pid: Option<u32>,
    ) -> Arc<Self> {
        Arc::new(Self {
            pid,
            engine,
            client,
            inbox,
            calls,
            llm,
            next_ticket: AtomicU64::new(1),
            running: Mutex::default(),
            sessions: Mutex::default(),
            closed: CancellationToken::new(),
        })
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Ticket, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_copy(&self) -> bool {
        self.pid.is_some_and(|pid| pid != std::process::id())
    }

    /// A client inherited by `fork` has no engine behind it.
    pub(super) fn usable(&self) -> Result<()> {
        if self.is_copy() {
            let text = "this client belongs to the parent process; make a new one after fork";
            return Err(Error::new(ErrorKind::Forked, text));
        }
        if self.closed.is_cancelled() {
            return Err(Error::new(ErrorKind::InvalidState, "the client was closed"));
        }
        Ok(())
    }

    /// Runs what belongs to the engine: tasks that are started here run on its thread.
    pub(super) fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.engine.enter()
    }

    pub(super) fn next_ticket(&self) -> Ticket {
        self.next_ticket.fetch_add(1, Ordering::Relaxed)
    }

    // -- operations --------------------------------------------------------------------------------------------------

    /// Notes an operation that will complete by itself. To be called before it can.
    pub(super) fn note(&self, ticket: Ticket, running: Running) {
        self.running().insert(ticket, running);
    }

    /// Takes an operation that is about to complete; false when it was cancelled, which completed it.
    pub(super) fn take(&self, ticket: Ticket) -> bool {
        let running = self.running().remove(&ticket);
        running.is_some()
    }

    /// Reports a result from the reader, whose batch ends with a flush.
    pub(super) fn push_result(&self, ticket: Ticket, result: Result<Bytes>) {
        self.inbox.push_quietly(Delivery::Completed { ticket, result }, None);
    }

    /// Reports the end of an operation.
    pub(super) fn complete(&self, ticket: Ticket, result: Result<Bytes>) {
        self.take(ticket);
        self.push_result(ticket, result);
        self.inbox.flush();
    }

    /// Reports the end of a [noted](Self::note) operation from the reader; does nothing when it was cancelled.
    pub(super) fn complete_in_order(&self, ticket: Ticket, result: Result<Bytes>) {
        if self.take(ticket) {
            self.push_result(ticket, result);
        }
    }

    /// Cancels an operation; true when it will complete with kind `Cancelled`.
    pub(super) fn cancel(&self, ticket: Ticket) -> bool {
        let Some(running) = self.running().remove(&ticket) else { return false };
        match running {
            // It reports its end itself.
            Running::Task(token) => {
                token.cancel();
                return true;
            }
            Running::Call(connection, id) => drop(connection.forget(id)),
            Running::Wait(waiting) => drop(waiting),
            Running::Opening => {}
        }
        // Also when the answer has just come: whoever has it finds the ticket gone, and leaves the end to us.
        self.push_result(ticket, Err(cancelled()));
        self.inbox.flush();
        true
    }

    /// Runs an operation on the engine's thread. With a result it is complete; without one it completes by itself, and
    /// has been [noted](Self::note) anew.
    pub(super) fn spawn_until(
        self: &Arc<Self>,
        ticket: Ticket,
        work: impl Future<Output = Option<Result<Bytes>>> + Send + 'static,
    ) {
        self.start(ticket, Box::pin(work));
    }

    // Boxed: one kind of task for all operations.
    fn start(self: &Arc<Self>, ticket: Ticket, work: BoxFuture<'static, Option<Result<Bytes>>>) {
        let token = self.closed.child_token();
        self.note(ticket, Running::Task(token.clone()));
        let shared = Arc::clone(self);
        self.engine.spawn(async move {
            let result = tokio::select! {
                biased;
                () = token.cancelled() => Some(Err(cancelled())),
                result = work => result,
            };
            if let Some(result) = result {
                shared.complete(ticket, result);
            }
        });
    }

    /// Runs an operation on the engine's thread.
    pub(super) fn spawn(
        self: &Arc<Self>,
        ticket: Ticket,
        work: impl Future<Output = Result<Bytes>> + Send + 'static,
    ) {
        self.spawn_until(ticket, async { Some(work.await) });
    }

    /// A plain call of the runtime: no task, the reader completes it in the order of arrival. `read` makes the result of
    /// the runtime's answer; it runs on the reader and must not block.
    pub(super) fn call_and(
        self: &Arc<Self>,
        ticket: Ticket,
        connection: &Connection,
        method: &str,
        params: &str,
        read: impl FnOnce(Bytes) -> Result<Bytes> + Send + 'static,
    ) {
        let id = connection.next_id();
        self.note(ticket, Running::Call(connection.clone(), id));
        let shared = Arc::downgrade(self);
        let done = move |result: Result<Bytes>| {
            let result = result.and_then(read);
            if let Some(shared) = shared.upgrade() {
                shared.complete_in_order(ticket, result);
            }
        };
        connection.call_as(id, method, params, Box::new(done));
    }

    /// The same with the runtime's answer as the result. With a limit, the call is forgotten when it is over.
    pub(super) fn call(
        self: &Arc<Self>,
        ticket: Ticket,
        connection: &Connection,
        method: &str,
        params: &str,
        limit: Option<Duration>,
    ) {
        self.call_and(ticket, connection, method, params, Ok);
        let Some(limit) = limit else { return };
        let (shared, method) = (Arc::downgrade(self), method.to_owned());
        self.engine.spawn(async move {
            tokio::time::sleep(limit).await;
            if let Some(shared) = shared.upgrade() {
                shared.expire(ticket, &method, limit);
            }
        });
    }

    fn expire(&self, ticket: Ticket, method: &str, limit: Duration) {
        let Some(Running::Call(connection, id)) = self.running().remove(&ticket) else { return };
        connection.forget(id);
        // As in `cancel`.
        self.push_result(ticket, Err(reasons::timeout_call(limit.as_secs_f64(), method)));
        self.inbox.flush();
    }

    // -- sessions ----------------------------------------------------------------------------------------------------

    /// Makes room for a session before it is made, so that its first event finds the key.
    pub(super) fn reserve(&self, key: SessionKey, events: bool) -> Result<Arc<HostSession>> {
        if key == 0 {
            return Err(Error::new(ErrorKind::InvalidArgument, "key must not be 0"));
        }
        let mut sessions = self.sessions();
        if sessions.slots.contains_key(&key) {
            let text = format!("key {key} is in use by another session of this client");
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        let host = Arc::new(HostSession::new(Arc::clone(&self.calls), key, events));
        sessions.highest = sessions.highest.max(key);
        sessions.slots.insert(key, Slot { host: Arc::clone(&host), session: None });
        Ok(host)
    }

    /// The session was made.
    pub(super) fn settle_session(&self, key: SessionKey, session: &Session) {
        if let Some(slot) = self.sessions().slots.get_mut(&key) {
            slot.session = Some(session.clone());
        }
    }

    /// Lets go of a session's key; what was counted stays in the sums.
    pub(super) fn release_session(&self, key: SessionKey) {
        let mut sessions = self.sessions();
        let slot = sessions.slots.remove(&key);
        if let Some(slot) = &slot {
            if let Some(Err(why)) = slot.session.as_ref().map(|session| session.core().check_open()) {
                sessions.gone.truncate(MOST_GONE - 1);
                sessions.gone.push_front((key, why));
            }
            sessions.leaving.push(Arc::clone(&slot.host.meter));
            sessions.add_up();
        }
        drop(sessions);
        // Outside the lock: the last handle of a session may end its client.
        drop(slot);
    }

    pub(super) fn with_session<T>(&self, key: SessionKey, look: impl FnOnce(&Slot) -> T) -> Option<T> {
        self.sessions().slots.get(&key).map(look)
    }

    /// The session of a call.
    pub(super) fn session(&self, key: SessionKey) -> Result<Session> {
        let sessions = self.sessions();
        let Some(slot) = sessions.slots.get(&key) else { return Err(sessions.why_gone(key)) };
        slot.host.used();
        slot.session.clone().ok_or_else(|| unknown(key))
    }

    /// The sum over all sessions that the client ever had.
    pub(super) fn counters(&self) -> Counters {
        let mut sessions = self.sessions();
        sessions.add_up();
        let present = sessions.slots.values().map(|slot| slot.host.meter.read());
        let leaving = sessions.leaving.iter().map(|meter| meter.read());
        present.chain(leaving).fold(sessions.released, |sum, one| sum.plus(&one))
    }

    // -- end ---------------------------------------------------------------------------------------------------------

    /// Ends everything at once; does not wait.
    pub(super) fn give_up(self: &Arc<Self>) {
        if self.is_copy() || self.closed.is_cancelled() {
            return;
        }
        self.closed.cancel();
        self.calls.close();
        let slots = std::mem::take(&mut self.sessions().slots);
        drop(slots);
        let shared = Arc::clone(self);
        self.engine.spawn(async move { shared.client.force_stop().await });
    }
}

impl Sessions {
    fn why_gone(&self, key: SessionKey) -> Error {
        if key == 0 || key > self.highest {
            return unknown(key);
        }
        let known = self.gone.iter().find(|(gone, _)| *gone == key).map(|(_, why)| why.clone());
        known.unwrap_or_else(|| {
            Error::new(ErrorKind::SessionClosed, "Session not found: it is over; resume it to go on")
        })
    }

    /// Moves those that nothing waits for any more into the sum.
    fn add_up(&mut self) {
        let Self { released, leaving, .. } = self;
        leaving.retain(|meter| {
            let last = meter.read();
            if last.queued_events == 0 {
                *released = released.plus(&last);
            }
            last.queued_events > 0
        });
    }
}
