//! The handle table in the orders in which threads may run: an object is let go exactly once and never while somebody uses it, and
//! a handle that was freed stays bad although its slot has a new object.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::sync::thread;

/// How many orders are tried for each model, half of them by each scheduler.
const ORDERS: usize = 4000;

fn check(model: impl Fn() + Send + Sync + Copy + 'static) {
    shuttle::check_random(model, ORDERS / 2);
    shuttle::check_pct(model, ORDERS / 2, 3);
}

/// Knows its number and whether it is there.
struct Thing {
    number: usize,
    gone: Arc<AtomicUsize>,
}

enum Opaque {}

impl Handled for Thing {
    type Opaque = Opaque;
    const TAG: usize = 15;
    const NAME: &'static str = "thing";
}

impl Drop for Thing {
    fn drop(&mut self) {
        assert_eq!(self.gone.fetch_add(1, Ordering::Relaxed), 0, "let go twice");
    }
}

/// Numbers travel between threads, as handles do in C.
fn made(table: &Table, number: usize) -> (usize, Arc<AtomicUsize>) {
    let gone = Arc::new(AtomicUsize::new(0));
    (table.insert(Arc::new(Thing { number, gone: Arc::clone(&gone) })).addr(), gone)
}

fn handle(bits: usize) -> *const Opaque {
    std::ptr::without_provenance(bits)
}

/// Two threads free one handle, a third uses it, a fourth makes new ones in the slots that become free.
#[test]
fn one_free_succeeds_and_users_keep_what_they_have() {
    check(|| {
        let table = Arc::new(Table::new());
        let (bits, gone) = made(&table, 1);
        let freeing: Vec<_> = (0..2)
            .map(|_| {
                let table = Arc::clone(&table);
                thread::spawn(move || table.take::<Thing>(handle(bits)).is_ok())
            })
            .collect();
        let using = Arc::clone(&table);
        let user = thread::spawn(move || {
            for _ in 0..2 {
                if let Ok(thing) = using.get::<Thing>(handle(bits)) {
                    assert_eq!((thing.number, thing.gone.load(Ordering::Relaxed)), (1, 0));
                    thread::yield_now();
                    assert_eq!(thing.gone.load(Ordering::Relaxed), 0, "let go in use");
                }
            }
        });
        let making = Arc::clone(&table);
        let maker =
            thread::spawn(move || (2..4).map(|number| (number, made(&making, number))).collect::<Vec<_>>());
        let freed = freeing.into_iter().map(|thread| thread.join().unwrap());
        assert_eq!(freed.filter(|freed| *freed).count(), 1);
        user.join().unwrap();
        assert_eq!(gone.load(Ordering::Relaxed), 1);
        assert!(table.get::<Thing>(handle(bits)).is_err());
        for (number, (bits, gone)) in maker.join().unwrap() {
            assert_eq!(table.take::<Thing>(handle(bits)).unwrap().number, number);
            assert_eq!(gone.load(Ordering::Relaxed), 1);
        }
    });
}

/// No two handles that are in use are the same, whoever makes and frees them.
#[test]
fn handles_in_use_are_unique() {
    check(|| {
        let table = Arc::new(Table::new());
        let threads: Vec<_> = (0..3)
            .map(|n| {
                let table = Arc::clone(&table);
                thread::spawn(move || {
                    let (first, gone) = made(&table, n);
                    let (kept, _) = made(&table, n + 10);
                    assert_eq!(table.take::<Thing>(handle(first)).unwrap().number, n);
                    assert_eq!(gone.load(Ordering::Relaxed), 1);
                    kept
                })
            })
            .collect();
        let kept: Vec<usize> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        for (n, bits) in kept.iter().enumerate() {
            assert_eq!(table.take::<Thing>(handle(*bits)).unwrap().number, n + 10);
        }
    });
}
