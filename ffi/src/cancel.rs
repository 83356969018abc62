//! Cancel tokens: one flag that ends any number of blocking calls.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use copilot_core::host::Ticket;

use crate::boundary::{boundary, code_of};
use crate::driver::Driver;
use crate::error::{copilot_code, copilot_error};
use crate::handle;
use crate::input::Out;

/// Ends blocking calls from another thread. Free it with `copilot_cancel_token_free`.
pub struct copilot_cancel_token {
    _opaque: [u8; 0],
}

#[derive(Default)]
pub(crate) struct CancelToken(Mutex<State>);

#[derive(Default)]
struct State {
    cancelled: bool,
    waiting: Vec<(Weak<Driver>, Ticket)>,
}

impl CancelToken {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Binds the token to a submitted operation.
    pub(crate) fn watch(&self, driver: &Arc<Driver>, ticket: Ticket) {
        let mut state = self.lock();
        if state.cancelled {
            drop(state);
            driver.cancel(ticket);
        } else {
            state.waiting.push((Arc::downgrade(driver), ticket));
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
        for (driver, ticket) in waiting {
            if let Some(driver) = driver.upgrade() {
                driver.cancel(ticket);
            }
        }
    }
}

/// Makes a cancel token, to be passed in `copilot_wait`. Any number of calls may share it.
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
