//! The router in the orders in which threads may run: whoever registers a session while the connection ends has it ended once,
//! and nobody takes out another one's session.

use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::thread;

use super::*;
use crate::sync::models;

struct Nobody;

impl ClientObserver for Nobody {
    fn lifecycle(&self, _: &Bytes) {}
    fn notification(&self, _: &str, _: &Bytes) {}
    fn batch_end(&self) {}
    fn backlog(&self) -> usize {
        0
    }
    fn lost(&self, _: &Error) {}
}

/// Counts what the router does with it.
struct Probe {
    id: Arc<str>,
    events: AtomicUsize,
    closed: AtomicUsize,
}

impl Probe {
    fn new(id: &str) -> Arc<Self> {
        Arc::new(Self { id: Arc::from(id), events: AtomicUsize::new(0), closed: AtomicUsize::new(0) })
    }
}

impl SessionInbox for Probe {
    fn id(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }
    fn take(self: Arc<Self>, _: &Event) {
        assert_eq!(self.closed.load(Ordering::Relaxed), 0, "an event after the end");
        self.events.fetch_add(1, Ordering::Relaxed);
    }
    fn request(self: Arc<Self>, _: &str, _: Bytes, _: Responder) {}
    fn token_registration(&self) -> Option<Arc<str>> {
        None
    }
    fn is_open(&self) -> bool {
        self.closed.load(Ordering::Relaxed) == 0
    }
    fn close(&self, _: &Error) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

fn router() -> Arc<Router> {
    Router::new(Arc::new(Nobody), None, |_| false, Arc::default())
}

#[test]
fn no_session_outlives_its_connection() {
    models::check(|| {
        let router = router();
        let sessions = [Probe::new("a"), Probe::new("b")];
        let adding = sessions.clone().map(|session| {
            let router = Arc::clone(&router);
            thread::spawn(move || drop(router.insert(session)))
        });
        let ending = Arc::clone(&router);
        let end = thread::spawn(move || ending.shut(&Error::new(ErrorKind::ProcessExited, "gone")));
        adding.into_iter().for_each(|adding| adding.join().unwrap());
        end.join().unwrap();
        for session in &sessions {
            assert_eq!(session.closed.load(Ordering::Relaxed), 1);
        }
        assert_eq!(router.len(), 0);
    });
}

/// A session that ends takes out itself, and not the one that was opened under its id meanwhile.
#[test]
fn a_successor_keeps_its_place() {
    models::check(|| {
        let router = router();
        let (old, new) = (Probe::new("a"), Probe::new("a"));
        router.insert(Arc::clone(&old) as Arc<dyn SessionInbox>);
        let (leaving, resuming, reader) = (Arc::clone(&router), Arc::clone(&router), Arc::clone(&router));
        let (leaver, successor) = (Arc::clone(&old), Arc::clone(&new));
        let threads = [
            thread::spawn(move || leaving.remove(&*leaver)),
            thread::spawn(move || drop(resuming.insert(successor))),
            thread::spawn(move || {
                let event = Event::from_json(Bytes::from_static(br#"{"type":"x"}"#)).unwrap();
                reader.event(b"a", event);
            }),
        ];
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let there = router.find("a").expect("the successor is there");
        assert!(std::ptr::addr_eq(Arc::as_ptr(&there), Arc::as_ptr(&new)));
        assert!(old.events.load(Ordering::Relaxed) + new.events.load(Ordering::Relaxed) <= 1);
    });
}
