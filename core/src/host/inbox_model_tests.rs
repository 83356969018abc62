//! The inbox in the orders in which threads may run: nothing is lost, none comes twice, each producer's order is kept, and the
//! host sleeps only while nothing waits. A wake that does not come is a deadlock, which the checker reports.

use shuttle::thread;

use super::*;
use crate::sync::models;

/// The host's side of the waker: counts its calls.
#[derive(Default)]
struct Bell {
    rung: Mutex<usize>,
    changed: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock().unwrap() += 1;
        self.changed.notify_one();
    }

    /// Sleeps until it rang more often than that; how often it did.
    fn wait(&self, heard: usize) -> usize {
        let mut rung = self.rung.lock().unwrap();
        while *rung <= heard {
            rung = self.changed.wait(rung).unwrap();
        }
        *rung
    }
}

fn numbers(out: &[Delivery]) -> Vec<u64> {
    let number = |delivery: &Delivery| match delivery {
        Delivery::CallCancelled { call } => *call,
        other => panic!("{other:?}"),
    };
    out.iter().map(number).collect()
}

/// Two producers, as the reader (quietly, then at the end of its batch) and as anybody else.
fn produce(inbox: &Arc<Inbox>) -> [thread::JoinHandle<()>; 2] {
    let (reader, other) = (Arc::clone(inbox), Arc::clone(inbox));
    [
        thread::spawn(move || {
            for call in [1, 2] {
                reader.push_quietly(Delivery::CallCancelled { call }, None);
            }
            reader.flush();
            reader.push_quietly(Delivery::CallCancelled { call: 3 }, None);
            reader.flush();
        }),
        thread::spawn(move || {
            [11, 12].into_iter().for_each(|call| other.push(Delivery::CallCancelled { call }))
        }),
    ]
}

fn check(out: &[Delivery]) {
    let numbers = numbers(out);
    let of = |range: std::ops::Range<u64>| -> Vec<u64> {
        numbers.iter().copied().filter(|number| range.contains(number)).collect()
    };
    assert_eq!((of(0..10), of(10..20)), (vec![1, 2, 3], vec![11, 12]));
}

/// The host is woken by the waker alone, and takes batches of any size.
#[test]
fn every_edge_rings() {
    for batch in [1, 2, usize::MAX] {
        models::check(move || {
            let bell = Arc::new(Bell::default());
            let rings = Arc::clone(&bell);
            let inbox = Arc::new(Inbox::new(Arc::new(move || rings.ring())));
            let producers = produce(&inbox);
            let (mut out, mut heard) = (Vec::new(), 0);
            while out.len() < 5 {
                heard = bell.wait(heard);
                while inbox.drain(batch, &mut out) > 0 {}
            }
            producers.into_iter().for_each(|producer| producer.join().unwrap());
            check(&out);
            assert!(*bell.rung.lock().unwrap() <= 5 && inbox.drain(1, &mut out) == 0);
        });
    }
}

/// A host that blocks in `wait`, and a second one that takes from it.
#[test]
fn waiting_ends_when_something_is_there() {
    models::check(|| {
        let inbox = Arc::new(Inbox::new(Arc::new(|| {})));
        let producers = produce(&inbox);
        let mut out = Vec::new();
        while out.len() < 5 {
            assert!(inbox.wait(None));
            inbox.drain(2, &mut out);
        }
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        check(&out);
    });
}
