//! What threads wait with: the locks of the standard library, or, with `--cfg shuttle`, those of a model checker that tries the
//! orders in which threads may run (`make models`).

use std::sync::PoisonError;
use std::time::Instant;

use bytes::Bytes;
use copilot_core::Result;

#[cfg(not(shuttle))]
pub(crate) use std::{
    sync::{Condvar, Mutex, MutexGuard},
    thread,
};

#[cfg(shuttle)]
pub(crate) use shuttle::{
    sync::{Condvar, Mutex, MutexGuard},
    thread,
};

/// Locks; a panic of another thread does not spread.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place a blocking call finds its result in.
#[derive(Default)]
pub(crate) struct ResultSlot {
    state: Mutex<(bool, Option<Result<Bytes>>)>,
    filled: Condvar,
}

impl ResultSlot {
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
