//! Operations: how a result gets back to C, as a callback or to a thread that waits.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use copilot_core::Result;
use copilot_core::host::Ticket;
use libc::c_void;

use crate::boundary::{boundary, code_of};
use crate::cancel::Operations;
use crate::code::copilot_code;
use crate::driver::{Driver, Waiter};
use crate::error_object::owned;
use crate::handle::{self, Handled};
use crate::input::invalid;
use crate::opaque::{copilot_error, copilot_op, copilot_string};
use crate::text_object as text;
use crate::user_data::UserData;

/// Receives the result of an asynchronous operation, exactly once: `error` is NULL and `result` its JSON text, or
/// `error` is set and `result` NULL. The callback owns both and must free them. Runs where callbacks run.
pub type copilot_done_fn = Option<
    unsafe extern "C" fn(user_data: *mut c_void, error: *mut copilot_error, result: *mut copilot_string),
>;

/// What C holds of a running operation.
pub(crate) struct Op {
    driver: Weak<Driver>,
    ticket: Ticket,
}

impl Handled for Op {
    type Opaque = copilot_op;
    const TAG: usize = 5;
    const NAME: &'static str = "copilot_op";
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
