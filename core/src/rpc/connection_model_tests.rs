//! Calls in the orders in which threads may run: each is completed exactly once, whether it is answered, given up or overtaken by
//! the end of the connection.

use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::thread;

use super::*;
use crate::sync::models;

struct Nobody;

impl Inbound for Nobody {
    fn event(&self, _: &[u8], _: Event) {}
    fn notification(&self, _: String, _: Bytes) {}
    fn request(&self, _: &Connection, _: String, _: Bytes, _: Responder) {}
    fn batch_end(&self) {}
    fn backlog(&self) -> usize {
        0
    }
    fn lost(&self, _: &Error) {}
}

/// A connection whose tasks do not run: the model does what the reader would do.
pub(crate) fn silent() -> Connection {
    let never: Diagnosis = Box::new(|_| Box::pin(std::future::pending()));
    Connection::start(tokio::io::empty(), tokio::io::sink(), Arc::new(Nobody), 1 << 20, never, Arc::default())
}

fn counting(counted: Arc<AtomicUsize>) -> Completion {
    Box::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    })
}

impl Connection {
    /// The reader found the answer to a call.
    pub(crate) fn answered(&self, id: u64, result: &'static str) {
        self.answer(id.to_string().as_bytes(), Outcome::Result(Bytes::from_static(result.as_bytes())));
    }
}

#[test]
fn a_call_is_completed_once() {
    models::check(|| {
        let connection = silent();
        let done = Arc::new(AtomicUsize::new(0));
        let id = connection.next_id();
        let (calling, counted) = (connection.clone(), Arc::clone(&done));
        let (reader, closing) = (connection.clone(), connection.clone());
        let threads = [
            thread::spawn(move || {
                calling.call_as(id, "ping", "{}", counting(counted));
            }),
            thread::spawn(move || reader.answered(id, "{}")),
            thread::spawn(move || closing.close()),
        ];
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((done.load(Ordering::Relaxed), connection.pending_calls()), (1, 0));
    });
}

#[test]
fn a_call_that_was_given_up_is_not_completed() {
    models::check(|| {
        let connection = silent();
        let done = Arc::new(AtomicUsize::new(0));
        let (id, counted) = (connection.next_id(), Arc::clone(&done));
        connection.call_as(id, "ping", "{}", counting(counted));
        let (reader, closing) = (connection.clone(), connection.clone());
        let threads =
            [thread::spawn(move || reader.answered(id, "{}")), thread::spawn(move || closing.close())];
        let given_up = connection.forget(id).is_some();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(done.load(Ordering::Relaxed), usize::from(!given_up));
    });
}
