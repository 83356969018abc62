//! The one class of the addon: a thin handle on [`HostClient`].

use std::sync::Arc;

use copilot_core::Event;
use copilot_core::host::{CallError, Counters, HostClient};
use napi::bindgen_prelude::*;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use crate::batch::{Batch, Drained};
use crate::error::to_napi;

/// Weak: an idle client must not keep the process alive. `js/connection.ts` holds the event loop while a session is open.
type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

/// How many events went through, and how much waits to be taken.
#[napi(object)]
pub struct NativeCounters {
    /// Events the runtime sent.
    pub received: f64,
    /// Events handed to JavaScript.
    pub delivered: f64,
    /// Events waiting to be taken.
    pub queued_events: f64,
    /// Bytes of the events waiting to be taken.
    pub queued_bytes: f64,
}

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
impl From<Counters> for NativeCounters {
    fn from(counters: Counters) -> Self {
        Self {
            received: counters.received as f64,
            delivered: counters.delivered as f64,
            queued_events: counters.queued_events as f64,
            queued_bytes: counters.queued_bytes as f64,
        }
    }
}

/// One client of the engine. Dropping it (garbage collection, end of a worker, end of the process) kills its runtime.
#[napi]
pub struct NativeClient {
    host: HostClient,
    batch: Batch,
}

#[napi]
impl NativeClient {
    /// `wake` is called on the JavaScript thread once per empty→non-empty edge of the inbox.
    #[napi(constructor)]
    pub fn new(options: String, wake: Function<'_, (), ()>) -> Result<Self> {
        let wake: Wake = wake.build_threadsafe_function().weak::<true>().build()?;
        let waker = Arc::new(move || {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        });
        let host = HostClient::never_copied(&options, waker).map_err(|error| to_napi(&error))?;
        Ok(Self { host, batch: Batch::default() })
    }

    /// Starts an operation and returns its ticket; the outcome arrives as a `Completed` record.
    #[napi]
    #[allow(clippy::cast_precision_loss)]
    pub fn submit(&self, op: String, args: String) -> f64 {
        self.host.submit(&op, &args) as f64
    }

    /// Gives up an operation; true when it will complete as cancelled.
    #[napi]
    pub fn cancel(&self, ticket: f64) -> bool {
        self.host.cancel(to_id(ticket))
    }

    /// The next batch of records as JSON text; empty when the inbox is empty. With long texts: a list, whose first is the
    /// batch, and the others belong in place of `null` among the values of events, in this order.
    #[napi]
    pub fn drain<'env>(&mut self, env: &'env Env) -> Result<Drained<'env>> {
        self.batch.next(&self.host, env)
    }

    /// The records of the last batch one by one; asked for when the batch as a whole is no JSON.
    #[napi]
    pub fn records(&self) -> Vec<String> {
        self.batch.records()
    }

    /// The type of an event whose text is no JSON, which the engine found without reading the rest; empty when it has none.
    #[napi]
    pub fn event_type(&self, event: String) -> String {
        Event::from_json(event.into()).map_or_else(|_| String::new(), |event| event.event_type().to_owned())
    }

    /// Answers a call of the engine.
    #[napi]
    pub fn reply(&self, call: f64, result: String) -> Result<()> {
        self.host.reply(to_id(call), &result).map_err(|error| to_napi(&error))
    }

    /// Answers a call of the engine with an error; `data` is JSON text.
    #[napi]
    pub fn reply_error(
        &self,
        call: f64,
        message: String,
        code: Option<i64>,
        data: Option<String>,
    ) -> Result<()> {
        let error = CallError { message, code, data };
        self.host.reply_error(to_id(call), &error).map_err(|error| to_napi(&error))
    }

    /// Whether events of a session are delivered at all.
    #[napi]
    pub fn set_events(&self, session: u32, on: bool) {
        self.host.set_events(session, on);
    }

    /// Counters of a session, or of the whole client for session 0.
    #[napi]
    pub fn counters(&self, session: u32) -> Option<NativeCounters> {
        if session == 0 {
            return Some(self.host.client_counters().into());
        }
        self.host.counters(session).map(Into::into)
    }

    /// JSON of a session's live state.
    #[napi]
    pub fn session_state(&self, session: u32) -> Option<String> {
        self.host.session_state(session)
    }

    /// Lets go of a session's key once its end was handled, or its object is gone; JSON of what it knew at last.
    #[napi]
    pub fn end_session(&self, session: u32) -> Option<String> {
        self.host.end_session(session)
    }

    /// Says that a notification could not be read, and was skipped.
    #[napi]
    pub fn unreadable(&self, method: String) {
        self.host.unreadable(&method);
    }

    /// Runs an action of the runtime's library on this thread.
    #[napi]
    pub fn run_ui_action(&self, action: u32) -> Result<()> {
        self.host.run_ui_action(action).map_err(|error| to_napi(&error))
    }

    /// The TCP port of the runtime, when there is one.
    #[napi]
    pub fn runtime_port(&self) -> Option<u32> {
        self.host.runtime_port().map(u32::from)
    }

    /// `disconnected`, `connecting`, `connected` or `error`.
    #[napi]
    pub fn state(&self) -> &'static str {
        self.host.state().name()
    }

    /// Gives up at once: kills the runtime and ends every operation.
    #[napi]
    pub fn close(&self) {
        self.host.close();
    }
}

/// The result of an MCP tool as a tool result; both are JSON text.
///
/// # Errors
/// When it is no JSON.
#[napi]
pub fn mcp_tool_result(result: String) -> Result<String> {
    copilot_core::host::tool_result_of_mcp(&result).map_err(|error| to_napi(&error))
}

/// An id for a session whose program has given none.
#[napi]
pub fn new_session_id() -> String {
    copilot_core::host::new_session_id()
}

/// Runs `copilot-native` with these arguments and the runtime that the package brings; the exit code.
#[napi]
pub fn command_line(arguments: Vec<String>, runtime: Option<String>) -> i32 {
    copilot_native_cli::run(arguments.into_iter().map(Into::into), runtime)
}

/// Ids cross as numbers; they count from one and stay far below 2^53.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn to_id(number: f64) -> u64 {
    number as u64
}
