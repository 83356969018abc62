//! What can be seen of the engine while it works: spans and timings for `tracing`, counters, and the secrets that must
//! not show in either. Usable by every layer; without a subscriber nothing here costs more than a look at a flag.

mod counts;
mod redact;
mod start;
mod trace;
mod wire_file;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tracing::Level;

use wire_file::{Sight, WireFile};

/// `Debug` of types that hold secrets: their JSON, without them.
macro_rules! redacted_debug {
    ($($type:ident),*) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{} {}", stringify!($type), $crate::diagnostics::redacted(self))
            }
        }
    )*};
}

pub use counts::ClientCounters;
pub(crate) use counts::{Counts, Tally};
#[cfg(feature = "types")]
pub(crate) use redact::redacted_type;
pub(crate) use redact::{Secrets, describe, is_secret_place, redacted, shown};
pub(crate) use redacted_debug;
pub(crate) use start::{Phase, StartLog};
pub use start::{StartRecord, StartTimings};
pub(crate) use trace::Timed;

/// Notes that an answer is not as its method declares it, and is read as far as it fits.
#[cfg(feature = "types")]
pub(crate) fn misfit(method: &str, error: &impl std::fmt::Display) {
    tracing::warn!(method, %error, "the answer is not as declared; it is read as far as it fits");
}

/// What one client keeps an eye on, over all its connections.
#[derive(Default)]
pub(crate) struct Watch {
    pub(crate) secrets: Secrets,
    pub(crate) counts: Counts,
    pub(crate) start: StartLog,
    number: Number,
    /// Notifications that were logged as unreadable.
    unreadable: Mutex<BTreeSet<String>>,
}

/// Which client of this process it is, from 1.
struct Number(u64);

impl Default for Number {
    fn default() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl Watch {
    /// A whole message, `in` or `out`, for whoever looks at the wire: without its secrets.
    pub(crate) fn frame(&self, direction: &'static str, body: &[u8]) {
        let file = WireFile::get();
        let is_logged = tracing::enabled!(target: "copilot_core::wire", Level::TRACE);
        if !is_logged && file.is_none() {
            return;
        }
        let (shown, is_json) = match shown(body, &self.secrets) {
            Some(shown) => (shown, true),
            None => (format!("{} bytes that are no JSON", body.len()), false),
        };
        if let Some(file) = file {
            let sight = Sight { client: self.number.0, direction, bytes: body.len(), shown: &shown, is_json };
            file.note(&sight);
        }
        if is_logged {
            tracing::trace!(target: "copilot_core::wire", direction, body = shown, "message");
        }
    }

    /// A notification that could not be read was skipped: counted, and logged once by name.
    pub(crate) fn unreadable(&self, method: &str) {
        self.counts.unreadable_notifications.one();
        if self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).insert(method.to_owned()) {
            tracing::warn!(target: "copilot_core::rpc", method, "a notification that cannot be read was skipped");
        }
    }
}

/// A look at a client: where it stands, how it started, what went over the wire so far.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Diagnostics {
    /// `disconnected`, `connecting`, `connected` or `error`.
    pub state: &'static str,
    /// Version of the connected runtime.
    pub runtime_version: Option<String>,
    /// Protocol spoken with the connected runtime.
    pub protocol_version: Option<u32>,
    /// Process id of a runtime that this client started and that is connected.
    pub runtime_pid: Option<u32>,
    /// Port of a runtime on TCP.
    pub runtime_port: Option<u16>,
    /// The last start, also one that failed or is under way; none before the first.
    pub start: Option<StartRecord>,
    /// Sessions that the connection routes to.
    pub open_sessions: usize,
    /// Calls that wait for the runtime's answer.
    pub pending_calls: usize,
    /// Sums since the client was made, over all its connections.
    pub counters: ClientCounters,
}
