//! Waits for turns in the orders in which threads may run: the end of the turn ends the wait whether its events come before, with
//! or after the runtime's answer, what came before the message does not, and whoever waits is told exactly once.

use std::sync::Mutex;

use shuttle::thread;

use super::*;
use crate::error::ErrorKind;
use crate::handlers::Handlers;
use crate::protocol::event::Event;
use crate::router::SessionInbox;
use crate::rpc::silent;
use crate::session::core::Reactions;
use crate::sync::models;

const REACTIONS: &Reactions = &Reactions { event: |_, _| {}, request: |_, _, _, _| {} };

struct Nobody;

impl SessionOwner for Nobody {
    fn forget(&self, _: &SessionCore) {}
    fn stderr_tail(&self) -> Option<String> {
        None
    }
}

fn owner() -> Weak<dyn SessionOwner> {
    Weak::<Nobody>::new()
}

fn session() -> Arc<SessionCore> {
    let core = SessionCore::new(silent(), REACTIONS, Handlers::default(), Vec::new());
    core.set_id("s");
    core
}

fn sees(core: &Arc<SessionCore>, events: &[&'static str]) {
    for text in events {
        Arc::clone(core).take(&Event::from_json(Bytes::from_static(text.as_bytes())).unwrap());
    }
}

const BEFORE: &[&str] = &[
    r#"{"type":"user.message","data":{"messageId":"m0"}}"#,
    r#"{"type":"assistant.message","data":{"content":"old","originatingMessageId":"m0"}}"#,
    r#"{"type":"session.idle","data":{}}"#,
];
const OWN: &[&str] = &[
    r#"{"type":"user.message","data":{"messageId":"m1"}}"#,
    r#"{"type":"assistant.message","data":{"content":"own","originatingMessageId":"m1"}}"#,
    r#"{"type":"session.idle","data":{}}"#,
];

/// How a wait ended, each time it was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Outcome>>>);

impl Told {
    fn turn(&self) -> Turn {
        let told = self.clone();
        let done = Box::new(move |outcome| told.0.lock().unwrap().push(outcome));
        Turn { message: "{}".to_owned(), options: WaitOptions::default(), done }
    }

    fn once(&self) -> Outcome {
        let mut told = self.0.lock().unwrap();
        assert_eq!(told.len(), 1, "told {} times", told.len());
        told.remove(0)
    }
}

/// The first call of a session's connection.
const CALL: u64 = 1;

/// The runtime's side: it answers once it has been asked, in front of the event with this number.
fn reader(core: &Arc<SessionCore>, answer_at: usize) -> thread::JoinHandle<()> {
    let core = Arc::clone(core);
    thread::spawn(move || {
        sees(&core, BEFORE);
        while core.connection().pending_calls() == 0 {
            if !core.is_open() {
                return;
            }
            thread::yield_now();
        }
        sees(&core, &OWN[..answer_at]);
        core.connection().answered(CALL, r#"{"messageId":"m1"}"#);
        sees(&core, &OWN[answer_at..]);
    })
}

fn begin(core: &Arc<SessionCore>, told: &Told) -> Result<Waiting> {
    let mut waiting = None;
    told.turn().begin(Arc::clone(core), owner(), |begun| waiting = Some(begun))?;
    Ok(waiting.expect("it was handed out"))
}

#[test]
fn the_end_of_its_turn_ends_it() {
    for answer_at in 0..=OWN.len() {
        models::check(move || {
            let (core, told) = (session(), Told::default());
            let reader = reader(&core, answer_at);
            let waiting = begin(&core, &told).unwrap();
            reader.join().unwrap();
            let last = told.once().unwrap().expect("an answer");
            assert!(last.data_json().contains("own"), "{last:?}");
            drop(waiting);
        });
    }
}

/// The time runs out while the turn ends: one of both is told.
#[test]
fn a_limit_ends_it_once() {
    models::check(|| {
        let (core, told) = (session(), Told::default());
        let reader = reader(&core, 1);
        let waiting = begin(&core, &told).unwrap();
        let (late, wait) = (Arc::clone(&core), waiting.wait);
        let limit = Duration::from_secs(1);
        let timer = thread::spawn(move || expire(&late, &owner(), wait, &Expired::Whole(limit), Until::Idle));
        reader.join().unwrap();
        timer.join().unwrap();
        match told.once() {
            Ok(last) => assert!(last.expect("an answer").data_json().contains("own")),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Timeout),
        }
    });
}

/// The session is closed meanwhile: the wait is refused, or ends, with the reason or with its answer.
#[test]
fn the_end_of_the_session_ends_it_once() {
    models::check(|| {
        let (core, told) = (session(), Told::default());
        let (reader, closing) = (reader(&core, 1), Arc::clone(&core));
        let closer = thread::spawn(move || {
            closing.close(&Error::new(ErrorKind::ProcessExited, "gone"));
            closing.connection().close();
        });
        let begun = begin(&core, &told);
        closer.join().unwrap();
        reader.join().unwrap();
        match begun {
            Ok(_waiting) => {
                if let Err(error) = told.once() {
                    assert_eq!(error.kind(), ErrorKind::ProcessExited);
                }
            }
            Err(_) => assert!(told.0.lock().unwrap().is_empty()),
        }
    });
}

/// Whoever waits gives up while the turn ends: told once or not at all, and nothing stays behind.
#[test]
fn giving_up_leaves_nothing_behind() {
    models::check(|| {
        let (core, told) = (session(), Told::default());
        let reader = reader(&core, 2);
        let waiting = begin(&core, &told).unwrap();
        let wait = waiting.wait;
        drop(waiting);
        core.connection().close();
        core.close(&Error::new(ErrorKind::SessionClosed, "over"));
        reader.join().unwrap();
        assert!(told.0.lock().unwrap().len() <= 1);
        assert!(core.take_wait(wait).is_none() && core.connection().pending_calls() == 0);
    });
}

/// Whoever subscribes while the session ends has a stream that ends, with the reason.
#[test]
fn a_subscriber_is_ended() {
    models::check(|| {
        let core = session();
        let (closing, reader) = (Arc::clone(&core), Arc::clone(&core));
        let closer = thread::spawn(move || closing.close(&Error::new(ErrorKind::SessionClosed, "over")));
        let reader = thread::spawn(move || sees(&reader, OWN));
        let mut stream = core.subscribe();
        closer.join().unwrap();
        reader.join().unwrap();
        while stream.try_next().is_some() {}
        assert_eq!(stream.end_reason().map(|reason| reason.kind()), Some(ErrorKind::SessionClosed));
    });
}
