//! The one class of the module: a host client whose deliveries are drained by the event loop.

use std::sync::Arc;
use std::time::Duration;

use copilot_core::host::{CallError, Counters, HostClient};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::delivery::to_python;
use crate::error::to_exception;
use crate::wake::Bell;

type CounterTuple = (u64, u64, u64, u64);

/// A client of the engine. Dropping it kills its runtime.
#[pyclass(frozen, module = "copilot._native")]
pub(crate) struct Client {
    host: HostClient,
    bell: Arc<Bell>,
}

fn text(bytes: &[u8]) -> PyResult<&str> {
    std::str::from_utf8(bytes).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn counted(counters: Counters) -> CounterTuple {
    (counters.received, counters.delivered, counters.queued_events, counters.queued_bytes)
}

#[pymethods]
impl Client {
    /// Validates the options; starts nothing. With `notify` that callable is called instead of a descriptor made readable.
    #[new]
    #[pyo3(signature = (options, notify=None))]
    fn new(py: Python<'_>, options: &[u8], notify: Option<Py<PyAny>>) -> PyResult<Self> {
        let bell = Bell::new(notify).map_err(|error| PyOSError::new_err(error.to_string()))?;
        let waker = {
            let bell = Arc::clone(&bell);
            Arc::new(move || bell.ring())
        };
        let host = HostClient::new(text(options)?, waker).map_err(|error| to_exception(py, &error))?;
        Ok(Self { host, bell })
    }

    fn fileno(&self) -> i32 {
        self.bell.fileno()
    }

    fn next_ticket(&self) -> u64 {
        self.host.next_ticket()
    }

    fn submit(&self, op: &str, args: &[u8]) -> PyResult<u64> {
        Ok(self.host.submit(op, text(args)?))
    }

    fn submit_as(&self, ticket: u64, op: &str, args: &[u8]) -> PyResult<()> {
        self.host.submit_as(ticket, op, text(args)?);
        Ok(())
    }

    fn cancel(&self, ticket: u64) -> bool {
        self.host.cancel(ticket)
    }

    /// Takes at most `limit` deliveries; the bell rings again only after an answer that is empty.
    fn drain<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyList>> {
        self.bell.clear();
        let mut batch = Vec::new();
        self.host.drain_some(limit, &mut batch);
        let mut items = Vec::with_capacity(batch.len());
        for delivery in &batch {
            items.push(to_python(py, delivery)?);
        }
        PyList::new(py, items)
    }

    /// Blocks this thread until something is queued; false when the seconds are over.
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> bool {
        let timeout = timeout.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO));
        py.detach(|| self.host.wait(timeout))
    }

    fn reply(&self, py: Python<'_>, call: u64, result: &[u8]) -> PyResult<()> {
        self.host.reply(call, text(result)?).map_err(|error| to_exception(py, &error))
    }

    #[pyo3(signature = (call, message, code=None, data=None))]
    fn reply_error(
        &self,
        py: Python<'_>,
        call: u64,
        message: String,
        code: Option<i64>,
        data: Option<String>,
    ) -> PyResult<()> {
        let error = CallError { message, code, data };
        self.host.reply_error(call, &error).map_err(|error| to_exception(py, &error))
    }

    fn set_events(&self, session: u32, on: bool) {
        self.host.set_events(session, on);
    }

    /// `(received, delivered, queued events, queued bytes)` of a session.
    fn counters(&self, session: u32) -> Option<CounterTuple> {
        self.host.counters(session).map(counted)
    }

    fn client_counters(&self) -> CounterTuple {
        counted(self.host.client_counters())
    }

    fn session_state(&self, session: u32) -> Option<String> {
        self.host.session_state(session)
    }

    /// Lets go of a session's key once its end was handled, or its object is gone.
    fn release_session(&self, session: u32) {
        self.host.release_session(session);
    }

    /// Says that a notification could not be read, and was skipped.
    fn unreadable(&self, method: &str) {
        self.host.unreadable(method);
    }

    /// Runs an action of the runtime's library on this thread.
    fn run_ui_action(&self, py: Python<'_>, action: u32) -> PyResult<()> {
        py.detach(|| self.host.run_ui_action(action)).map_err(|error| to_exception(py, &error))
    }

    fn runtime_port(&self) -> Option<u16> {
        self.host.runtime_port()
    }

    fn state(&self) -> &'static str {
        self.host.state().name()
    }

    /// Gives up at once: kills the runtime and ends every call.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.host.close());
    }
}
