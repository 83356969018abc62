//! Counters of a client.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters that several threads add to.
        #[derive(Default)]
        pub(crate) struct Counts { $(pub(crate) $name: Count,)* }

        /// Sums since a client was made. They only grow.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct ClientCounters { $($(#[$doc])* pub $name: u64,)* }

        impl Counts {
            pub(crate) fn read(&self) -> ClientCounters {
                ClientCounters { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Starts that were tried.
    starts,
    /// Connections that ended although nobody closed them.
    losses,
    /// Calls sent to the runtime.
    calls,
    /// Calls that the runtime answered with an error.
    calls_refused,
    /// Calls whose answer is no longer wanted: the caller gave up or ran out of time.
    calls_abandoned,
    /// Answers of the runtime that nobody waited for any more.
    late_results,
    /// Requests of the runtime.
    requests,
    /// Requests of the runtime that were answered with an error.
    requests_refused,
    /// Answers of a host to questions that were settled already.
    late_replies,
    /// Answers to pending requests of a session that the runtime did not take, for example because another client was first.
    replies_refused,
    /// Notifications of the runtime, events not counted.
    notifications,
    /// Notifications that could not be read, and were skipped.
    unreadable_notifications,
    /// Events of sessions.
    events,
    /// Events of sessions that this client does not know, or no longer knows.
    events_dropped,
    /// Messages that were JSON but no JSON-RPC.
    ignored_messages,
    /// Messages that were no JSON: skipped, except that a call they may have answered failed.
    broken_messages,
    /// Bytes between messages that belong to none, such as lines that something wrote to the runtime's output.
    foreign_bytes,
    /// Messages received.
    messages_in,
    /// Bytes of the messages received, headers not counted.
    bytes_in,
    /// Messages sent.
    messages_out,
    /// Bytes of the messages sent, headers not counted.
    bytes_out,
}

/// A number that only grows; any thread may add to it.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }
}

/// What the reader counts by itself and hands in now and then: a burst of events must not pay for shared memory each time.
#[derive(Default)]
pub(crate) struct Tally {
    messages: u64,
    bytes: u64,
    pub(crate) events: u64,
}

impl Tally {
    pub(crate) fn message(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
    }

    pub(crate) fn hand_in(&mut self, counts: &Counts) {
        if self.messages > 0 {
            counts.messages_in.add(self.messages);
            counts.bytes_in.add(self.bytes);
            counts.events.add(self.events);
            *self = Self::default();
        }
    }
}
