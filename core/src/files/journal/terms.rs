//! The terms on which a session's files are owned.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::store::Store;

/// Tells the time; tests have clocks that go wrong.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How files are owned in one store.
#[derive(Clone)]
pub(super) struct Terms {
    pub store: Store,
    /// What others read of the owner.
    pub owner: String,
    /// How long an owner that says nothing more is waited for.
    pub ttl: Duration,
    /// How long an opening waits for another owner to leave.
    pub wait: Duration,
    pub clock: Clock,
}

impl Terms {
    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}
