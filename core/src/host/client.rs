//! The surface that doors use.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::calls::Calls;
use super::delivery::{CallError, CallId, Delivery, SessionKey, Ticket};
use super::inbox::{Inbox, Waker};
use super::llm::HostLlm;
use super::served::client_callbacks;
use super::session::HostSession;
use super::shared::Shared;
use super::{engine, ops};
use crate::client::{Client, ConnectionState, Lifecycle};
use crate::error::{Error, Result, reasons};
use crate::protocol::json as text;
use crate::router::ClientObserver;
use crate::runtime::ClientOptions;
use crate::session::Counters;

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

impl HostClient {
    /// Checks the options; starts nothing. `waker` runs on the engine's thread when the inbox turns non-empty.
    ///
    /// # Errors
    /// As for [`Client::new`](crate::Client::new), and `Internal` when the engine's thread cannot be started.
    pub fn new(options_json: &str, waker: Waker) -> Result<Self> {
        Self::of_process(options_json, waker, Some(std::process::id()))
    }

    /// The same for hosts whose processes are never copied by `fork`, such as Node's: nothing then looks with every operation
    /// whether it is still in the process it began in, which takes longer than most operations.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn never_copied(options_json: &str, waker: Waker) -> Result<Self> {
        Self::of_process(options_json, waker, None)
    }

    fn of_process(options_json: &str, waker: Waker, pid: Option<u32>) -> Result<Self> {
        let options = ClientOptions::from_json(options_json)?;
        let engine = engine::handle()?;
        let inbox = Arc::new(Inbox::new(waker));
        let handlers = options.handlers;
        let observer = Arc::new(HostObserver { inbox: Arc::clone(&inbox), lifecycle: handlers.lifecycle });
        let calls = Calls::new(Arc::clone(&inbox));
        let asked = Arc::new(HostSession::of_client(Arc::clone(&calls)));
        let llm = handlers.request_handler.then(|| HostLlm::new(Arc::clone(&calls), Arc::clone(&inbox)));
        let callbacks = client_callbacks(handlers, &asked, llm.clone().map(|llm| llm as _));
        let client = Client::with_observer(options, Arc::new(Lifecycle::default()), observer, callbacks)?;
        Ok(Self(Arc::new(Owner { shared: Shared::new(engine, client, calls, llm, inbox, pid) })))
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    /// A ticket for [`submit_as`](Self::submit_as), so that a door can register a waiter first.
    #[must_use]
    pub fn next_ticket(&self) -> Ticket {
        self.shared().next_ticket()
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
        let args = text::without_lone_surrogates(args);
        if let Err(error) = shared.usable().and_then(|()| ops::begin(shared, ticket, op, &args)) {
            shared.complete(ticket, Err(error));
        }
        // A call that failed at once has completed without the reader's flush.
        shared.inbox.flush();
    }

    /// Cancels an operation; true when it will complete with kind `Cancelled`. What was sent to the runtime stays sent.
    #[must_use]
    pub fn cancel(&self, ticket: Ticket) -> bool {
        self.shared().cancel(ticket)
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
    ///
    /// # Errors
    /// When nobody waits for the answer any more, or it was given before.
    pub fn reply(&self, call: CallId, result_json: &str) -> Result<()> {
        self.answer(call, Ok(text::without_lone_surrogates(result_json).into_owned()))
    }

    /// Answers a call with an error.
    ///
    /// # Errors
    /// As for [`reply`](Self::reply).
    pub fn reply_error(&self, call: CallId, error: &CallError) -> Result<()> {
        let mut error = error.clone();
        error.data = error.data.map(|data| text::without_lone_surrogates(&data).into_owned());
        self.answer(call, Err(error))
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
        self.shared().with_session(session, |slot| slot.host.set_events(on));
    }

    /// How many events of a session went in and out; none for an unknown key.
    #[must_use]
    pub fn counters(&self, session: SessionKey) -> Option<Counters> {
        self.shared().with_session(session, |slot| slot.host.meter.read())
    }

    /// The sum over all sessions that the client ever had.
    #[must_use]
    pub fn client_counters(&self) -> Counters {
        self.shared().counters()
    }

    /// JSON text of what a session knows of itself; none before it is made.
    #[must_use]
    pub fn session_state(&self, session: SessionKey) -> Option<String> {
        let session = self.shared().with_session(session, |slot| slot.session.clone()).flatten()?;
        Some(session.core().state_json().to_string())
    }

    /// [`release_session`](Self::release_session) for a session of which something is still asked later: JSON text of what it knew
    /// at last, `{"state", "counters"}`. `state` is `null` for a session that was not made; none where nobody has the key.
    #[must_use]
    pub fn end_session(&self, session: SessionKey) -> Option<String> {
        let counters = serde_json::to_string(&self.counters(session)?).ok()?;
        let state = self.session_state(session);
        self.release_session(session);
        Some(format!(r#"{{"state":{},"counters":{counters}}}"#, state.as_deref().unwrap_or("null")))
    }

    /// Lets go of a session's key: to be called once its `Ended` was handled, or when its object is gone. What the runtime
    /// has of the session stays as it is.
    pub fn release_session(&self, session: SessionKey) {
        self.shared().release_session(session);
    }

    /// Says that the door could not read a notification, and skipped it: it is counted, and logged once by name.
    pub fn unreadable(&self, method: &str) {
        self.shared().client.unreadable(method);
    }

    /// Runs an action of the runtime's library, that a call of kind `UiThread` named, on the calling thread.
    ///
    /// # Errors
    /// `InvalidState` as for [`UiAction::run`](crate::handlers::UiAction::run).
    pub fn run_ui_action(&self, action: u32) -> Result<()> {
        let live = self.shared().client.0.live()?;
        match live.hosted.is_some_and(|hosted| hosted.run_ui_action(action)) {
            true => Ok(()),
            false => Err(reasons::ui_action(f64::from(action))),
        }
    }

    /// JSON text of [`Diagnostics`](crate::Diagnostics), at any time and without waiting.
    #[must_use]
    pub fn diagnostics(&self) -> String {
        text::to_text(&self.shared().client.diagnostics()).unwrap_or_default()
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

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.shared().client.state()
    }

    /// Gives up at once: ends the runtime and every operation under way. Does not wait.
    pub fn close(&self) {
        self.shared().give_up();
    }
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

    fn backlog(&self) -> usize {
        self.inbox.backlog()
    }

    fn lost(&self, error: &Error) {
        self.inbox.push(Delivery::Closed { error: error.clone() });
    }
}
