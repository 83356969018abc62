//! The one ordered queue per client. Unbounded on purpose: a limit would either stop responses or lose events; it is
//! metered instead, so that a user can see a slow consumer and the reader can let a busy one catch up.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::delivery::Delivery;
use crate::session::Meter;
use crate::sync::{Condvar, Mutex, MutexGuard};

/// Called when the inbox turns from empty to non-empty. Runs on the engine's thread: it must not block or call back.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

struct Entry {
    delivery: Delivery,
    meter: Option<Arc<Meter>>,
}

#[derive(Default)]
struct Queue {
    entries: VecDeque<Entry>,
    signalled: bool,
    /// Bytes of all entries.
    bytes: usize,
    /// How many threads are in [`wait`](Inbox::wait): most hosts have none, and a notification costs a call of the kernel.
    waiting: usize,
}

/// The queue between the engine's thread and the host's.
pub(crate) struct Inbox {
    queue: Mutex<Queue>,
    filled: Condvar,
    waker: Waker,
}

impl Inbox {
    pub(crate) fn new(waker: Waker) -> Self {
        Self { queue: Mutex::default(), filled: Condvar::new(), waker }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry and wakes the host.
    pub(crate) fn push(&self, delivery: Delivery) {
        self.push_quietly(delivery, None);
        self.flush();
    }

    /// Adds an entry without waking the host; the reader calls [`flush`](Self::flush) at the end of its batch.
    pub(crate) fn push_quietly(&self, delivery: Delivery, meter: Option<Arc<Meter>>) {
        let mut queue = self.lock();
        queue.bytes += delivery.len();
        queue.entries.push_back(Entry { delivery, meter });
    }

    /// How many bytes wait.
    pub(crate) fn backlog(&self) -> usize {
        self.lock().bytes
    }

    /// Wakes the host if there is something new for it.
    pub(crate) fn flush(&self) {
        let mut queue = self.lock();
        if queue.signalled || queue.entries.is_empty() {
            return;
        }
        queue.signalled = true;
        let is_awaited = queue.waiting > 0;
        drop(queue);
        if is_awaited {
            self.filled.notify_all();
        }
        (self.waker)();
    }

    /// Moves at most `max` entries to `out`; returns how many. The waker is armed again once the queue is empty.
    pub(crate) fn drain(&self, max: usize, out: &mut Vec<Delivery>) -> usize {
        let mut queue = self.lock();
        let count = queue.entries.len().min(max);
        out.reserve(count);
        let Queue { entries, bytes, .. } = &mut *queue;
        for entry in entries.drain(..count) {
            *bytes -= entry.delivery.len();
            if let (Some(meter), Delivery::Event { event, .. }) = (&entry.meter, &entry.delivery) {
                meter.deliver(event);
            }
            out.push(entry.delivery);
        }
        if queue.entries.is_empty() {
            queue.signalled = false;
            if queue.entries.capacity() > 4096 {
                queue.entries.shrink_to(256);
            }
        }
        count
    }

    /// Blocks until something is queued; false when the time is over.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut queue = self.lock();
        queue.waiting += 1;
        while queue.entries.is_empty() {
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => break,
                Some(left) => {
                    queue = self.filled.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
        queue.waiting -= 1;
        !queue.entries.is_empty()
    }
}

#[cfg(all(test, shuttle))]
#[path = "inbox_model_tests.rs"]
mod model_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::Event;
    use crate::session::Counters;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn counted() -> (Inbox, Arc<AtomicUsize>) {
        let wakes = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&wakes);
        let waker = Arc::new(move || {
            seen.fetch_add(1, Ordering::SeqCst);
        });
        (Inbox::new(waker), wakes)
    }

    #[test]
    fn one_wake_per_edge() {
        let (inbox, wakes) = counted();
        for call in 1..=10_000 {
            inbox.push(Delivery::CallCancelled { call });
        }
        assert_eq!(wakes.load(Ordering::SeqCst), 1);
        let mut out = Vec::new();
        assert_eq!(inbox.drain(1, &mut out), 1);
        inbox.push(Delivery::CallCancelled { call: 1 });
        assert_eq!(wakes.load(Ordering::SeqCst), 1, "the queue was not emptied");
        assert_eq!(inbox.drain(usize::MAX, &mut out), 10_000);
        inbox.push(Delivery::CallCancelled { call: 1 });
        assert_eq!(wakes.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn order_is_kept_and_meters_agree() {
        let (inbox, _) = counted();
        let meter = Arc::new(Meter::default());
        let event = Event::from_json(bytes::Bytes::from_static(br#"{"type":"x"}"#)).unwrap();
        for _ in 0..3 {
            meter.receive();
            meter.queue(&event);
            inbox
                .push_quietly(Delivery::Event { session: 1, event: event.clone() }, Some(Arc::clone(&meter)));
        }
        inbox.push(Delivery::CallCancelled { call: 7 });
        assert_eq!(meter.read().queued_bytes, 36);
        let mut out = Vec::new();
        inbox.drain(usize::MAX, &mut out);
        assert!(matches!(out[3], Delivery::CallCancelled { call: 7 }));
        assert_eq!(meter.read(), Counters { received: 3, delivered: 3, queued_events: 0, queued_bytes: 0 });
    }

    #[test]
    fn wait_ends_with_time_or_work() {
        let (inbox, _) = counted();
        let inbox = Arc::new(inbox);
        assert!(!inbox.wait(Some(Duration::from_millis(5))));
        let other = Arc::clone(&inbox);
        let waiter = std::thread::spawn(move || other.wait(Some(Duration::from_secs(20))));
        inbox.push(Delivery::CallCancelled { call: 1 });
        assert!(waiter.join().unwrap());
    }
}
