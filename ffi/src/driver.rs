//! Moves what the engine delivers to the user's callbacks, in order, on the thread that the drive mode says: the
//! client's own callback thread, or whoever polls or waits. The engine's thread never comes here.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use copilot_core::host::{CallError, CallId, CallKind, Delivery, HostClient, SessionKey, Ticket};
use copilot_core::{Error, Result};

use crate::call::{Asker, Call};
use crate::cancel::Operations;
use crate::error_object::closed_error;
use crate::fork::Birthplace;
use crate::options::ClientCallbacks;
use crate::pump::{Signal, Wait, Woken};
use crate::session_entry::SessionEntry;
use crate::sync::{Mutex, ResultSlot, lock};
use crate::wait::WaitLimits;

/// What happens with the result of an operation.
pub(crate) type Waiter = Box<dyn FnOnce(Result<Bytes>) + Send>;

/// How many deliveries are taken from the inbox at once: enough to make the lock cheap, few enough that the counters
/// show what is really waiting.
const CHUNK: usize = 128;
/// The engine keeps time for these calls and gives a richer error; the door's own limit is only a net below it.
const ENGINE_SLACK: Duration = Duration::from_secs(2);

pub(crate) struct Driver {
    pub(crate) host: HostClient,
    pub(crate) signal: Arc<Signal>,
    /// Callbacks run on a thread of the library.
    pub(crate) threaded: bool,
    pub(crate) born: Birthplace,
    pub(crate) callbacks: ClientCallbacks,
    closed: AtomicBool,
    next_key: AtomicU32,
    waiters: Mutex<HashMap<Ticket, Waiter>>,
    sessions: RwLock<HashMap<SessionKey, Arc<SessionEntry>>>,
    calls: Mutex<HashMap<CallId, Weak<Call>>>,
    backlog: Mutex<VecDeque<Delivery>>,
}

impl Driver {
    pub(crate) fn new(
        host: HostClient,
        signal: Arc<Signal>,
        threaded: bool,
        callbacks: ClientCallbacks,
    ) -> Self {
        Self {
            host,
            signal,
            threaded,
            born: Birthplace::here(),
            callbacks,
            closed: AtomicBool::new(false),
            next_key: AtomicU32::new(1),
            waiters: Mutex::default(),
            sessions: RwLock::default(),
            calls: Mutex::default(),
            backlog: Mutex::default(),
        }
    }

    /// Starts an operation whose result goes to `waiter`.
    pub(crate) fn submit(&self, op: &str, args: &str, waiter: Waiter) -> Result<Ticket> {
        self.born.check()?;
        if self.closed.load(Ordering::Acquire) {
            return Err(closed_error());
        }
        let ticket = self.host.next_ticket();
        lock(&self.waiters).insert(ticket, waiter);
        self.host.submit_as(ticket, op, args);
        if self.closed.load(Ordering::Acquire) {
            // The client was freed meanwhile and may have missed this waiter.
            self.complete(ticket, Err(closed_error()));
        }
        Ok(ticket)
    }

    /// Starts an operation nobody waits for.
    pub(crate) fn submit_and_forget(&self, op: &str, args: &str) {
        if self.born.is_here() {
            self.host.submit(op, args);
        }
    }

    fn complete(&self, ticket: Ticket, result: Result<Bytes>) {
        let waiter = lock(&self.waiters).remove(&ticket);
        if let Some(waiter) = waiter {
            waiter(result);
        }
    }

    /// Runs an operation and waits for its result. In poll mode this thread runs callbacks meanwhile.
    pub(crate) fn block_on(self: &Arc<Self>, limits: &WaitLimits, op: &str, args: &str) -> Result<Bytes> {
        self.block_on_then(limits, op, args, |_| ())
    }

    /// Like [`block_on`](Self::block_on). `then` sees the result before the next callback runs; a wait that ends before there is
    /// one drops it.
    pub(crate) fn block_on_then(
        self: &Arc<Self>,
        limits: &WaitLimits,
        op: &str,
        args: &str,
        then: impl FnOnce(&Result<Bytes>) + Send + 'static,
    ) -> Result<Bytes> {
        self.born.check()?;
        self.signal.check_not_in_callback()?;
        limits.check()?;
        let slot = Arc::new(ResultSlot::default());
        let (filled, signal) = (Arc::clone(&slot), (!self.threaded).then(|| Arc::clone(&self.signal)));
        let ticket = self.submit(
            op,
            args,
            Box::new(move |result| {
                then(&result);
                filled.fill(result);
                if let Some(signal) = signal {
                    signal.nudge();
                }
            }),
        )?;
        limits.watch(self, ticket);
        let limit = limits.limit.map(|limit| {
            Instant::now() + if limits.engine_keeps_time { limit + ENGINE_SLACK } else { limit }
        });
        let result = if self.threaded { slot.wait(limit) } else { self.pump_until(&slot, limit) };
        limits.forget(ticket);
        result.unwrap_or_else(|| {
            // Taken out before the cancel, whose own result would otherwise be seen here in place of the time that is over.
            let still_waited = lock(&self.waiters).remove(&ticket).is_some();
            self.cancel(ticket);
            if still_waited {
                return Err(limits.timeout_error(op));
            }
            // The result came at the last moment and is being filled in.
            slot.wait(None).unwrap_or_else(|| Err(limits.timeout_error(op)))
        })
    }

    fn pump_until(self: &Arc<Self>, slot: &ResultSlot, limit: Option<Instant>) -> Option<Result<Bytes>> {
        loop {
            match self.signal.wait_turn(limit, Wait::Pump, || slot.is_filled()) {
                Woken::Turn => drop(self.run(usize::MAX, &|| slot.is_filled())),
                Woken::TimedOut => return None,
                Woken::Closed => return Some(slot.take().unwrap_or_else(|| Err(closed_error()))),
                Woken::Done | Woken::Interrupted => return slot.take(),
            }
        }
    }

    /// Runs callbacks until the inbox is empty, `budget` is used up or `stop` says so. The caller owns the pump, which
    /// is given back at the end, also if something here panics.
    pub(crate) fn run(self: &Arc<Self>, budget: usize, stop: &dyn Fn() -> bool) -> usize {
        let mut turn = Turn { driver: self, batch: std::mem::take(&mut *lock(&self.backlog)), more: true };
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut count = 0;
        loop {
            if turn.batch.is_empty() {
                self.signal.lower();
                self.host.drain_some(CHUNK, &mut chunk);
                turn.batch.extend(chunk.drain(..));
            }
            let Some(delivery) = turn.batch.pop_front() else { break };
            self.deliver(delivery);
            count += 1;
            if count >= budget || stop() || self.closed.load(Ordering::Acquire) {
                break;
            }
        }
        turn.more = !turn.batch.is_empty() || self.host.wait(Some(Duration::ZERO));
        count
    }

    /// The loop of the callback thread.
    pub(crate) fn run_thread(self: &Arc<Self>) {
        while self.signal.wait_turn(None, Wait::Pump, || false) == Woken::Turn {
            self.run(usize::MAX, &|| false);
        }
        self.finish();
    }

    /// The client was freed: no more turns.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.host.close();
        self.signal.close();
    }

    /// Ends every operation that is still waited for and lets go of the user's data.
    pub(crate) fn finish(&self) {
        let mut rest = std::mem::take(&mut *lock(&self.backlog));
        let mut last = Vec::new();
        self.host.drain(&mut last);
        rest.extend(last);
        for delivery in rest {
            if let Delivery::Completed { ticket, result } = delivery {
                self.complete(ticket, result);
            }
        }
        let waiters = std::mem::take(&mut *lock(&self.waiters));
        for (_, waiter) in waiters {
            waiter(Err(closed_error()));
        }
        let sessions = std::mem::take(&mut *self.sessions.write().unwrap_or_else(PoisonError::into_inner));
        for entry in sessions.values() {
            entry.clear();
        }
    }

    pub(crate) fn next_key(&self) -> SessionKey {
        self.next_key.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn add_session(&self, entry: Arc<SessionEntry>) {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).insert(entry.key, entry);
    }

    pub(crate) fn remove_session(&self, key: SessionKey) {
        let entry = self.sessions.write().unwrap_or_else(PoisonError::into_inner).remove(&key);
        if let Some(entry) = entry {
            entry.clear();
        }
    }

    fn session(&self, key: SessionKey) -> Option<Arc<SessionEntry>> {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    fn deliver(self: &Arc<Self>, delivery: Delivery) {
        match delivery {
            Delivery::Completed { ticket, result } => self.complete(ticket, result),
            Delivery::Event { session, event } => {
                if let Some(entry) = self.session(session) {
                    entry.event(&event);
                }
            }
            Delivery::Lifecycle { event } => self.callbacks.lifecycle(&event),
            Delivery::Notification { method, params } => self.callbacks.notification(&method, &params),
            Delivery::Call { call, kind, name, session, args } => self.ask(call, kind, &name, session, args),
            Delivery::CallCancelled { call } => {
                let call = lock(&self.calls).get(&call).and_then(Weak::upgrade);
                if let Some(call) = call {
                    call.cancelled();
                }
            }
            Delivery::Ended { session, error } => self.session_ended(session, error),
            Delivery::Closed { error } => self.callbacks.closed(error),
        }
    }

    /// Nothing more of the session comes: what C can still ask of it is kept here.
    fn session_ended(&self, key: SessionKey, error: Error) {
        let entry = self.session(key);
        if let Some(entry) = &entry {
            entry.keep_last(self.host.session_state(key), self.host.counters(key));
        }
        self.host.release_session(key);
        if let Some(entry) = entry {
            entry.tell_ended(error);
        }
    }

    fn ask(self: &Arc<Self>, id: CallId, kind: CallKind, name: &str, session: SessionKey, args: Bytes) {
        let entry = self.session(session);
        let handler = entry.as_ref().and_then(|entry| entry.handler(kind, name));
        if handler.is_none() && !self.callbacks.takes_calls() {
            let text = format!("No handler for {} {name}", kind.name());
            let _ = self.host.reply_error(id, &CallError::new(text.trim_end()));
            return;
        }
        let call = Arc::new(Call::new(Arc::downgrade(self) as Weak<dyn Asker>, id));
        lock(&self.calls).insert(id, Arc::downgrade(&call));
        let session = entry.map_or(std::ptr::null_mut(), |entry| entry.handle());
        match handler {
            Some(handler) => handler.invoke(call, session, kind, name, &args),
            None => self.callbacks.call(call, session, kind, name, &args),
        }
    }
}

impl Operations for Driver {
    fn cancel(&self, ticket: Ticket) -> bool {
        self.born.is_here() && self.host.cancel(ticket)
    }
}

impl Asker for Driver {
    fn answer(&self, call: CallId, answer: std::result::Result<&str, CallError>) -> Result<()> {
        self.born.check()?;
        match answer {
            Ok(json) => self.host.reply(call, json),
            Err(error) => self.host.reply_error(call, &error),
        }
    }

    fn forget_call(&self, call: CallId) {
        lock(&self.calls).remove(&call);
    }
}

/// The right to run callbacks.
struct Turn<'a> {
    driver: &'a Driver,
    batch: VecDeque<Delivery>,
    more: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(&self.driver.backlog) = std::mem::take(&mut self.batch);
        self.driver.signal.give_back(self.more);
    }
}
