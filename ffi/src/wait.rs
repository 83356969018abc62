//! How long blocking calls wait, and what ends them early.

use std::sync::Arc;
use std::time::Duration;

use copilot_core::host::Ticket;
use copilot_core::{Error, ErrorKind, Result};
use libc::size_t;

use crate::cancel::{CancelToken, Operations};
use crate::handle;
use crate::input::{CStruct, sized};
use crate::opaque::copilot_cancel_token;

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
unsafe impl CStruct for copilot_wait {
    const NAME: &'static str = "copilot_wait";
    const LEAST: usize = size_of::<Self>();
}

/// A blocking call's limits.
pub(crate) struct WaitLimits {
    pub(crate) limit: Option<Duration>,
    /// The limit was also given to the engine.
    pub(crate) engine_keeps_time: bool,
    token: Option<Arc<CancelToken>>,
}

impl WaitLimits {
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

    pub(crate) fn watch(&self, operations: &Arc<impl Operations>, ticket: Ticket) {
        if let Some(token) = &self.token {
            token.watch(operations, ticket);
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
