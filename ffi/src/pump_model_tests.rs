//! The pump in the orders in which threads may run: what is raised is pumped, by one thread at a time and in order, and nobody
//! sleeps while something waits. A thread that would sleep for ever is a deadlock, which the checker reports.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::sync::lock;

/// How many orders are tried for each model, half of them by each scheduler.
const ORDERS: usize = 4000;

struct World {
    signal: Signal,
    inbox: Mutex<Vec<u32>>,
    seen: Mutex<Vec<u32>>,
    busy: AtomicBool,
}

impl World {
    fn new() -> Arc<Self> {
        let (inbox, seen) = (Mutex::default(), Mutex::default());
        Arc::new(Self { signal: Signal::new(None), inbox, seen, busy: AtomicBool::new(false) })
    }

    fn push(&self, number: u32) {
        lock(&self.inbox).push(number);
        self.signal.raise();
    }

    /// One turn, of at most one entry, as a driver has it.
    fn turn(&self) {
        assert!(!self.busy.swap(true, Ordering::Relaxed), "two threads run callbacks");
        self.signal.lower();
        let mut inbox = lock(&self.inbox);
        let next = (!inbox.is_empty()).then(|| inbox.remove(0));
        let more = !inbox.is_empty();
        drop(inbox);
        lock(&self.seen).extend(next);
        self.busy.store(false, Ordering::Relaxed);
        self.signal.give_back(more);
    }

    fn seen(&self) -> usize {
        lock(&self.seen).len()
    }
}

fn check(model: impl Fn() + Send + Sync + Copy + 'static) {
    shuttle::check_random(model, ORDERS / 2);
    shuttle::check_pct(model, ORDERS / 2, 3);
}

/// Two threads poll until both entries of each of two producers were seen; then the client is closed.
#[test]
fn everything_is_pumped_by_one_thread_at_a_time() {
    check(|| {
        let world = World::new();
        let producers = [0, 10].map(|base| {
            let world = Arc::clone(&world);
            thread::spawn(move || [1, 2].into_iter().for_each(|n| world.push(base + n)))
        });
        let pumpers = [(); 2].map(|()| {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                loop {
                    match world.signal.wait_turn(None, Wait::Poll, || false) {
                        Woken::Turn => world.turn(),
                        Woken::Closed => return,
                        _ => unreachable!("nobody interrupts"),
                    }
                    if world.seen() == 4 {
                        world.signal.close();
                    }
                }
            })
        });
        producers.into_iter().for_each(|thread| thread.join().unwrap());
        pumpers.into_iter().for_each(|thread| thread.join().unwrap());
        world.signal.wait_for_pumper();
        let seen = lock(&world.seen);
        let of = |base: u32| seen.iter().copied().filter(|n| n / 10 == base / 10).collect::<Vec<_>>();
        assert_eq!((of(0), of(10)), (vec![1, 2], vec![11, 12]));
    });
}

/// A blocking call in poll mode: it ends when its result is there, whoever pumped it.
#[test]
fn a_blocking_call_ends_with_its_result() {
    check(|| {
        let world = World::new();
        let callers = [1, 2].map(|wanted| {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                world.push(wanted);
                let there = || lock(&world.seen).contains(&wanted);
                loop {
                    match world.signal.wait_turn(None, Wait::Pump, there) {
                        Woken::Turn => {
                            world.turn();
                            world.signal.nudge();
                        }
                        Woken::Done => return,
                        _ => unreachable!("nothing else ends it"),
                    }
                }
            })
        });
        callers.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(world.seen(), 2);
    });
}
