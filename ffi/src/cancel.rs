//! Cancel tokens: one flag that ends any number of blocking calls.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use copilot_core::host::Ticket;

use crate::boundary::{boundary, code_of};
use crate::code::copilot_code;
use crate::handle::{self, Handled};
use crate::input::Out;
use crate::opaque::{copilot_cancel_token, copilot_error};

/// Who can cancel operations.
pub(crate) trait Operations: Send + Sync + 'static {
    /// Cancels an operation; false when it has ended.
    fn cancel(&self, ticket: Ticket) -> bool;
}

#[derive(Default)]
pub(crate) struct CancelToken(Mutex<State>);

impl Handled for CancelToken {
    type Opaque = copilot_cancel_token;
    const TAG: usize = 6;
    const NAME: &'static str = "copilot_cancel_token";
}

#[derive(Default)]
struct State {
    cancelled: bool,
    waiting: Vec<(Weak<dyn Operations>, Ticket)>,
}

impl CancelToken {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Binds the token to a submitted operation.
    pub(crate) fn watch(&self, operations: &Arc<impl Operations>, ticket: Ticket) {
        let mut state = self.lock();
        if state.cancelled {
            drop(state);
            operations.cancel(ticket);
        } else {
            let operations: Arc<dyn Operations> = Arc::clone(operations) as _;
            state.waiting.push((Arc::downgrade(&operations), ticket));
        }
    }

    pub(crate) fn forget(&self, ticket: Ticket) {
        self.lock().waiting.retain(|(_, other)| *other != ticket);
    }

    fn cancel(&self) {
        let waiting = {
            let mut state = self.lock();
            state.cancelled = true;
            std::mem::take(&mut state.waiting)
        };
        for (operations, ticket) in waiting {
            if let Some(operations) = operations.upgrade() {
                operations.cancel(ticket);
            }
        }
    }
}

/// Makes a cancel token, to be passed in `copilot_wait`. Any number of calls may share it.
///
/// @param[out] token the new token, which the caller frees with `copilot_cancel_token_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_cancel_token_new(
    token: *mut *mut copilot_cancel_token,
) -> *mut copilot_error {
    boundary!({
        let out = Out::required(token, "token")?;
        // SAFETY: the place is writable by the contract.
        unsafe { out.set(handle::insert(Arc::new(CancelToken::default()))) };
        Ok(())
    })
}

/// Cancels every call that waits with this token, and every later one. Those calls return `COPILOT_ERROR_CANCELLED`.
/// Any thread; a second call does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_cancel_token_cancel(token: *mut copilot_cancel_token) -> *mut copilot_error {
    boundary!({
        handle::get::<CancelToken>(token)?.cancel();
        Ok(())
    })
}

/// Was the token cancelled? False for a handle that is NULL, freed or foreign.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_cancel_token_is_cancelled(token: *const copilot_cancel_token) -> bool {
    boundary!(false, { handle::get::<CancelToken>(token).is_ok_and(|token| token.is_cancelled()) })
}

/// Frees a token; calls that wait with it go on. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_cancel_token_free(token: *mut copilot_cancel_token) -> copilot_code {
    boundary!(copilot_code::COPILOT_ERROR_INTERNAL, { code_of(handle::free::<CancelToken>(token).map(drop)) })
}
