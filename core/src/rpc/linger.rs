//! Staying awake for what comes next. Waking a thread that sleeps costs several times what a short message does, so the
//! engine's own thread looks out a moment longer before it goes to sleep: the answer of a quick peer, or the host's next
//! call, often comes within it. Where it did not lately, as between the words of a model, it is tried rarely. In bursts
//! nothing is gained, and on a single processor it would be in the way.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::task::yield_now;

/// How long after the last message, in either direction.
const MOMENT: Duration = Duration::from_micros(100);

/// More messages at a time than this are a burst.
const FEW: usize = 2;

/// After this many times in vain, only one chance in this many is taken.
const TRIES_IN_VAIN: u32 = 8;

thread_local! {
    static LINGERS: Cell<bool> = const { Cell::new(false) };
}

/// From now on connections that are read on this thread stay awake a moment longer. For threads that do nothing else.
pub(crate) fn linger_on_this_thread() {
    LINGERS.set(std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1));
}

/// When a connection was last at work.
pub(super) struct Activity {
    begin: Instant,
    nanos: AtomicU64,
    /// How often in a row nothing came within the moment.
    in_vain: AtomicU32,
}

impl Default for Activity {
    fn default() -> Self {
        Self { begin: Instant::now(), nanos: AtomicU64::new(0), in_vain: AtomicU32::new(0) }
    }
}

impl Activity {
    /// A message went through.
    pub(super) fn stamp(&self) {
        let nanos = u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanos.store(nanos, Ordering::Relaxed);
    }

    fn is_within(&self, moment: Duration) -> bool {
        let last = Duration::from_nanos(self.nanos.load(Ordering::Relaxed));
        self.begin.elapsed().saturating_sub(last) < moment
    }

    /// Waits for more to read, awake for a moment if `passed` messages before it were few.
    pub(super) async fn wait<T>(&self, passed: usize, more: impl Future<Output = T>) -> T {
        self.linger(MOMENT, passed, more).await
    }

    async fn linger<T>(&self, moment: Duration, passed: usize, more: impl Future<Output = T>) -> T {
        let mut more = pin!(more);
        if LINGERS.get() && (1..=FEW).contains(&passed) && self.is_promising() {
            self.stamp();
            while self.is_within(moment) {
                if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(more.as_mut().poll(context))).await {
                    self.in_vain.store(0, Ordering::Relaxed);
                    return done;
                }
                yield_now().await;
            }
        }
        more.await
    }

    /// Counts a chance as one in vain until it proves otherwise.
    fn is_promising(&self) -> bool {
        let in_vain = self.in_vain.fetch_add(1, Ordering::Relaxed);
        in_vain < TRIES_IN_VAIN || in_vain.is_multiple_of(TRIES_IN_VAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_thread_of_the_users_never_lingers() {
        let activity = Activity::default();
        activity.wait(1, async {}).await;
        assert_eq!(activity.in_vain.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn lingering_stops_where_it_is_in_vain_and_begins_again_where_it_pays() {
        LINGERS.set(true);
        let activity = Activity::default();
        let in_vain = || activity.in_vain.load(Ordering::Relaxed);
        activity.linger(LONG, 1, tokio::time::sleep(Duration::from_millis(5))).await;
        assert_eq!(in_vain(), 0, "it came in time");
        for _ in 0..TRIES_IN_VAIN {
            activity.linger(Duration::ZERO, 1, async {}).await;
        }
        assert_eq!(in_vain(), TRIES_IN_VAIN);
        assert!(activity.is_promising() && !activity.is_promising(), "rarely from now on");
        activity.linger(LONG, FEW + 1, async {}).await;
        assert_eq!(in_vain(), TRIES_IN_VAIN + 2, "bursts do not count");
        for _ in 0..TRIES_IN_VAIN {
            activity.linger(LONG, 1, async {}).await;
        }
        assert_eq!(in_vain(), 0, "it came in time again");
    }
}
