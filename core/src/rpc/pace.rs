//! Letting a consumer catch up. A burst is read faster than a program handles it, and what waits in between is memory: beyond
//! [`CROWDED`] bytes the reader waits a moment for a quick consumer. A slow one, or one that takes nothing because its handler
//! waits for an answer that is still to be read, is waited for rarely: answers must come through, and no event is dropped.

use std::time::Duration;

use tokio::time::sleep;

/// More bytes than this are a crowd: enough for a quick consumer to be busy with until the reader has woken up.
const CROWDED: usize = 2 * 1024 * 1024;

/// How long the reader sleeps before it looks again.
const PAUSE: Duration = Duration::from_millis(1);

/// A consumer that is still crowded after this many pauses is none of the quick ones.
const PATIENCE: u32 = 20;

/// How many times the reader goes on at once before it waits for such a consumer again.
const TURNS: u32 = 16;

/// The reader's view of its consumer.
#[derive(Default)]
pub(super) struct Pace {
    /// How many times it still goes on at once.
    turns: u32,
}

impl Pace {
    /// To be asked between two reads, with the bytes that wait: whether it is time to [wait](Self::wait).
    pub(super) fn is_due(&mut self, bytes: usize) -> bool {
        if bytes <= CROWDED {
            self.turns = 0;
        }
        let skips = self.turns > 0;
        self.turns -= u32::from(skips);
        bytes > CROWDED && !skips
    }

    /// Gives the consumer time, until what waits is no crowd any more or it shows to be a slow one.
    pub(super) async fn wait(&mut self, bytes: impl Fn() -> usize) {
        for _ in 0..PATIENCE {
            sleep(PAUSE).await;
            if bytes() <= CROWDED {
                return;
            }
        }
        self.turns = TURNS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn a_quick_consumer_is_waited_for() {
        let (mut pace, looks) = (Pace::default(), Cell::new(0));
        assert!(!pace.is_due(CROWDED));
        assert!(pace.is_due(CROWDED + 1));
        pace.wait(|| CROWDED + 15 - looks.replace(looks.get() + 1)).await;
        assert_eq!(looks.get(), 16, "until what waits is no crowd any more, and no longer");
        assert!(pace.is_due(CROWDED + 1), "and again");
    }

    #[tokio::test]
    async fn a_slow_one_is_waited_for_rarely() {
        let (mut pace, looks) = (Pace::default(), Cell::new(0));
        for _ in 0..3 {
            assert!(pace.is_due(usize::MAX));
            looks.set(0);
            pace.wait(|| {
                looks.set(looks.get() + 1);
                usize::MAX
            })
            .await;
            assert_eq!(looks.get(), PATIENCE);
            for _ in 0..TURNS {
                assert!(!pace.is_due(usize::MAX), "the reader goes on");
            }
        }
        assert!(!pace.is_due(CROWDED));
        assert!(pace.is_due(usize::MAX), "once it has caught up it may be a quick one");
    }
}
