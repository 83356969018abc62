//! Operations: how a result gets back to C, as a callback or to a thread that waits.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use copilot_core::host::Ticket;
use copilot_core::{Error, ErrorKind, Result};
use libc::{c_void, size_t};

use crate::boundary::{boundary, code_of};
use crate::cancel::{CancelToken, copilot_cancel_token};
use crate::driver::{Driver, Waiter, lock};
use crate::error::{copilot_code, copilot_error, owned};
use crate::handle;
use crate::input::{Sized0, invalid, sized};
use crate::text::{self, copilot_string};
use crate::user_data::UserData;

/// A running asynchronous operation. Free it with `copilot_op_free`, before or after its end; that does not cancel it.
pub struct copilot_op {
    _opaque: [u8; 0],
}

/// How long a blocking call waits. NULL in place of a pointer to it waits without limit.
/// Initialise with `COPILOT_WAIT_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct copilot_wait {
    /// `sizeof(copilot_wait)`.
    pub size: size_t,
    /// Milliseconds until `COPILOT_ERROR_TIMEOUT`; 0 for no limit. The operation is then cancelled.
    pub timeout_ms: u64,
    /// Ends the wait from another thread; NULL for none. Borrowed during the call.
    pub cancel_token: *mut copilot_cancel_token,
}

// SAFETY: integers and pointers; all-zero is the default; the first field is the size.
unsafe impl Sized0 for copilot_wait {
    const NAME: &'static str = "copilot_wait";
    const LEAST: usize = size_of::<Self>();
}

/// Receives the result of an asynchronous operation, exactly once: `error` is NULL and `result` its JSON text, or
/// `error` is set and `result` NULL. The callback owns both and must free them. Runs where callbacks run.
pub type copilot_done_fn = Option<
    unsafe extern "C" fn(user_data: *mut c_void, error: *mut copilot_error, result: *mut copilot_string),
>;

/// A blocking call's limits.
pub(crate) struct Patience {
    pub(crate) limit: Option<Duration>,
    /// The limit was also given to the engine.
    pub(crate) engine_keeps_time: bool,
    token: Option<Arc<CancelToken>>,
}

impl Patience {
    /// # Safety
    /// `wait` is NULL or points to a struct of the size its first field says.
    pub(crate) unsafe fn new(wait: *const copilot_wait) -> Result<Self> {
        // SAFETY: same contract.
        let wait = unsafe { sized(wait) }?;
        let token = match wait.cancel_token {
            token if token.is_null() => None,
            token => Some(handle::get::<CancelToken>(token)?),
        };
        let limit =
            (wait.timeout_ms != 0).then(|| Duration::from_millis(wait.timeout_ms.min(u64::from(u32::MAX))));
        Ok(Self { limit, engine_keeps_time: false, token })
    }

    /// The engine gets the limit too, as its errors say more about what was going on.
    pub(crate) fn kept_by_engine(mut self) -> Self {
        self.engine_keeps_time = true;
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        match &self.token {
            Some(token) if token.is_cancelled() => {
                Err(Error::new(ErrorKind::Cancelled, "The cancel token was cancelled before the call"))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn watch(&self, driver: &Arc<Driver>, ticket: Ticket) {
        if let Some(token) = &self.token {
            token.watch(driver, ticket);
        }
    }

    pub(crate) fn forget(&self, ticket: Ticket) {
        if let Some(token) = &self.token {
            token.forget(ticket);
        }
    }

    pub(crate) fn timeout_error(&self, op: &str) -> Error {
        let limit = self.limit.unwrap_or_default().as_millis();
        Error::new(ErrorKind::Timeout, format!("{op} did not end within {limit} ms"))
    }
}

/// The place a blocking call finds its result in.
#[derive(Default)]
pub(crate) struct Cell {
    state: Mutex<(bool, Option<Result<Bytes>>)>,
    filled: Condvar,
}

impl Cell {
    pub(crate) fn fill(&self, result: Result<Bytes>) {
        *lock(&self.state) = (true, Some(result));
        self.filled.notify_all();
    }

    pub(crate) fn is_filled(&self) -> bool {
        lock(&self.state).0
    }

    pub(crate) fn take(&self) -> Option<Result<Bytes>> {
        lock(&self.state).1.take()
    }

    pub(crate) fn wait(&self, deadline: Option<Instant>) -> Option<Result<Bytes>> {
        let mut state = lock(&self.state);
        while !state.0 {
            state = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => return None,
                Some(left) => self.filled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        state.1.take()
    }
}

/// What C holds of a running operation.
pub(crate) struct Op {
    driver: Weak<Driver>,
    ticket: Ticket,
}

/// Gives C an operation if it asked for one.
///
/// # Safety
/// `place` is NULL or writable.
pub(crate) unsafe fn offer(place: *mut *mut copilot_op, driver: &Arc<Driver>, ticket: Ticket) {
    if !place.is_null() {
        let op = handle::insert(Arc::new(Op { driver: Arc::downgrade(driver), ticket }));
        // SAFETY: not null, and writable by the contract.
        unsafe { place.write(op) }
    }
}

/// A completion callback with its user data.
pub(crate) struct Done {
    function: copilot_done_fn,
    user_data: UserData,
}

impl Done {
    pub(crate) fn new(function: copilot_done_fn, user_data: UserData) -> Self {
        Self { function, user_data }
    }

    pub(crate) fn required(self) -> Result<Self> {
        if self.function.is_none() { Err(invalid("done is NULL")) } else { Ok(self) }
    }

    pub(crate) fn call(self, result: Result<Bytes>) {
        let Some(function) = self.function else { return };
        let (error, result) = match result {
            Ok(result) => (std::ptr::null_mut(), text::owned(&result)),
            Err(error) => (owned(error), std::ptr::null_mut()),
        };
        // SAFETY: the user gave the function together with this user data.
        unsafe { function(self.user_data.get(), error, result) }
    }

    pub(crate) fn waiter(self) -> Waiter {
        Box::new(move |result| self.call(result))
    }
}

/// Asks an operation to end; its callback then gets `COPILOT_ERROR_CANCELLED`, unless the operation had ended already.
/// Any thread. Cancelling a wait for a turn does not abort the turn: see `copilot_session_abort`.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_op_cancel(op: *mut copilot_op) -> *mut copilot_error {
    boundary!({
        let op = handle::get::<Op>(op)?;
        if let Some(driver) = op.driver.upgrade() {
            driver.born.check()?;
            driver.cancel(op.ticket);
        }
        Ok(())
    })
}

/// Frees an operation's handle; the operation goes on. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_op_free(op: *mut copilot_op) -> copilot_code {
    boundary!(copilot_code::COPILOT_ERROR_INTERNAL, { code_of(handle::free::<Op>(op).map(drop)) })
}
