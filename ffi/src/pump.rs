//! Who may run callbacks now. At any time at most one thread does, so that the order of the inbox is the order the user
//! sees. The signal says that something waits, to sleeping threads and to the descriptor.

use std::sync::PoisonError;
use std::time::Instant;

use copilot_core::{Error, ErrorKind, Result};

use crate::sync::thread::{self, ThreadId};
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::wake::Descriptor;

#[derive(Default)]
struct State {
    /// Something may be queued.
    ready: bool,
    /// The client is gone; nobody should wait any longer.
    closed: bool,
    /// Somebody asked a sleeping `poll` to return.
    interrupted: bool,
    /// The thread that runs callbacks at present.
    pumper: Option<ThreadId>,
}

/// Why a wait ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Something may be queued, and this thread is the one to run it.
    Turn,
    /// The condition the caller waits for became true.
    Done,
    TimedOut,
    Interrupted,
    Closed,
}

pub(crate) struct Signal {
    state: Mutex<State>,
    changed: Condvar,
    descriptor: Option<Descriptor>,
}

impl Signal {
    pub(crate) fn new(descriptor: Option<Descriptor>) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), descriptor }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn descriptor(&self) -> Option<&Descriptor> {
        self.descriptor.as_ref()
    }

    /// The engine's waker: something is queued.
    pub(crate) fn raise(&self) {
        self.lock().ready = true;
        self.changed.notify_all();
        if let Some(descriptor) = &self.descriptor {
            descriptor.raise();
        }
    }

    /// Called by the pumping thread before it looks into the inbox: whatever comes later raises it again.
    pub(crate) fn lower(&self) {
        if let Some(descriptor) = &self.descriptor {
            descriptor.clear();
        }
        self.lock().ready = false;
    }

    /// Wakes waiting threads so that they look at their condition again.
    pub(crate) fn nudge(&self) {
        // The lock makes sure that no waiter is between its look and its sleep.
        drop(self.lock());
        self.changed.notify_all();
    }

    pub(crate) fn interrupt(&self) {
        self.lock().interrupted = true;
        self.changed.notify_all();
    }

    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Waits until no other thread runs callbacks. To be called after [`close`](Self::close): no new turn begins.
    pub(crate) fn wait_for_pumper(&self) {
        let here = thread::current().id();
        let mut state = self.lock();
        while state.pumper.is_some_and(|pumper| pumper != here) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Refuses calls that would wait for the callback they are made from.
    pub(crate) fn check_not_in_callback(&self) -> Result<()> {
        if self.lock().pumper == Some(thread::current().id()) {
            return Err(Error::new(
                ErrorKind::WouldDeadlock,
                "A blocking call was made from a callback of the same client; use the …_async form there",
            ));
        }
        Ok(())
    }

    /// Waits until it is this thread's turn to run callbacks, or another reason to stop waiting. Only with `Turn` the
    /// caller owns the pump and must give it back.
    pub(crate) fn wait_turn(&self, deadline: Option<Instant>, wait: Wait, done: impl Fn() -> bool) -> Woken {
        let mut state = self.lock();
        loop {
            if done() {
                return Woken::Done;
            }
            if state.closed {
                return Woken::Closed;
            }
            if wait == Wait::Poll && std::mem::take(&mut state.interrupted) {
                return Woken::Interrupted;
            }
            if state.ready && state.pumper.is_none() && wait != Wait::Watch {
                state.pumper = Some(thread::current().id());
                return Woken::Turn;
            }
            state = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => return Woken::TimedOut,
                Some(left) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Gives the pump back; `more` says that something is left in the queue.
    pub(crate) fn give_back(&self, more: bool) {
        let mut state = self.lock();
        state.pumper = None;
        state.ready |= more;
        drop(state);
        self.changed.notify_all();
        if let (true, Some(descriptor)) = (more, &self.descriptor) {
            descriptor.raise();
        }
    }
}

/// What a thread waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// To run callbacks; an interrupt ends the wait.
    Poll,
    /// For a result, running callbacks meanwhile.
    Pump,
    /// For a result; callbacks are run by the client's own thread.
    Watch,
}

#[cfg(all(test, shuttle))]
#[path = "pump_model_tests.rs"]
mod model_tests;
