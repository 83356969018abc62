use bytes::Bytes;

use super::*;
use crate::error::ErrorKind;

fn event(text: &'static str) -> Event {
    Event::from_json(Bytes::from_static(text.as_bytes())).unwrap()
}

type Waiter = std::sync::mpsc::Receiver<Outcome>;

fn wait(turns: &mut Turns, until: Until, seen: u64) -> (WaitId, Waiter) {
    let (done, waiter) = std::sync::mpsc::channel();
    let id = turns.next_id();
    turns.wait(id, until, seen, Box::new(move |outcome| drop(done.send(outcome))));
    (id, waiter)
}

/// A waiter whose message was accepted under this id.
fn waiting(turns: &mut Turns, message: &str) -> Waiter {
    let (id, waiter) = wait(turns, Until::Idle, 0);
    turns.claim(id, message).tell();
    waiter
}

/// Shows an event and tells whose wait has ended; those that were passed over.
fn see(turns: &mut Turns, text: &'static str, number: u64) -> Vec<WaitId> {
    let mut seen = turns.see(&event(text), number);
    let passed_over = std::mem::take(&mut seen.passed_over);
    seen.tell();
    passed_over
}

fn answer(waiter: &mut Waiter) -> String {
    waiter.try_recv().unwrap().unwrap().unwrap().data::<serde_json::Value>().unwrap()["content"].to_string()
}

const FIRST: &str = r#"{"type":"user.message","data":{"messageId":"m1","interactionId":"i1"}}"#;
const FIRST_SAYS: &str =
    r#"{"type":"assistant.message","data":{"content":1,"originatingMessageId":"m1","interactionId":"i1"}}"#;
const SECOND: &str = r#"{"type":"user.message","data":{"messageId":"m2","interactionId":"i2"}}"#;
const SECOND_SAYS: &str =
    r#"{"type":"assistant.message","data":{"content":2,"originatingMessageId":"m2","interactionId":"i2"}}"#;
const IDLE: &str = r#"{"type":"session.idle","data":{}}"#;
const ERROR: &str = r#"{"type":"session.error","data":{"message":"no quota"}}"#;

#[test]
fn the_last_answer_of_the_root_agent_is_returned() {
    let mut turns = Turns::default();
    let mut waiter = waiting(&mut turns, "m");
    see(&mut turns, r#"{"type":"assistant.message","data":{"content":"1"}}"#, 1);
    see(&mut turns, r#"{"type":"assistant.message","data":{"content":"2"}}"#, 1);
    see(&mut turns, r#"{"type":"assistant.message","data":{"content":"3"},"agentId":"sub"}"#, 1);
    see(&mut turns, r#"{"type":"session.idle","data":{},"agentId":"sub"}"#, 1);
    see(&mut turns, r#"{"type":"assistant.idle","data":{}}"#, 1);
    assert!(waiter.try_recv().is_err(), "neither a sub-agent's idle nor the foreground's ends it");
    see(&mut turns, IDLE, 1);
    assert_eq!(answer(&mut waiter), "\"2\"");
}

#[test]
fn errors_end_every_wait_of_a_runtime_without_marks() {
    let mut turns = Turns::default();
    let (mut one, mut two) = (waiting(&mut turns, "a"), waiting(&mut turns, "b"));
    see(&mut turns, ERROR, 1);
    for waiter in [&mut one, &mut two] {
        let error = waiter.try_recv().unwrap().unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::SessionError, "Session error: no quota"));
    }
}

#[test]
fn what_came_before_the_id_is_not_lost() {
    let mut turns = Turns::default();
    let (id, mut waiter) = wait(&mut turns, Until::Idle, 0);
    for text in [FIRST, FIRST_SAYS, IDLE] {
        see(&mut turns, text, 1);
    }
    assert!(waiter.try_recv().is_err());
    turns.claim(id, "m1").tell();
    assert_eq!(answer(&mut waiter), "1");
}

#[test]
fn concurrent_messages_each_get_their_own_answer() {
    let mut turns = Turns::default();
    let (mut one, mut two) = (waiting(&mut turns, "m1"), waiting(&mut turns, "m2"));
    for text in [FIRST, FIRST_SAYS, SECOND, SECOND_SAYS, IDLE] {
        see(&mut turns, text, 1);
    }
    assert_eq!((answer(&mut one), answer(&mut two)), ("1".to_owned(), "2".to_owned()));
}

#[test]
fn an_error_of_one_turn_is_not_the_next_ones() {
    let mut turns = Turns::default();
    let (one, mut two) = (waiting(&mut turns, "m1"), waiting(&mut turns, "m2"));
    for text in [FIRST, ERROR, SECOND, SECOND_SAYS, IDLE] {
        see(&mut turns, text, 1);
    }
    assert_eq!(one.try_recv().unwrap().unwrap_err().kind(), ErrorKind::SessionError);
    assert_eq!(answer(&mut two), "2");
}

#[test]
fn the_idle_of_the_turn_before_ends_nothing() {
    let mut turns = Turns::default();
    see(&mut turns, FIRST, 1);
    let (id, mut waiter) = wait(&mut turns, Until::Idle, 0);
    see(&mut turns, FIRST_SAYS, 1);
    see(&mut turns, IDLE, 1);
    let seen = turns.claim(id, "m2");
    assert!(seen.passed_over.is_empty());
    seen.tell();
    for text in [SECOND, SECOND_SAYS] {
        see(&mut turns, text, 1);
    }
    assert!(waiter.try_recv().is_err());
    see(&mut turns, IDLE, 1);
    assert_eq!(answer(&mut waiter), "2");
}

#[test]
fn a_message_whose_turn_never_begins_ends_with_what_was_seen() {
    let mut turns = Turns::default();
    see(&mut turns, FIRST, 1);
    let waiter = waiting(&mut turns, "m2");
    see(&mut turns, ERROR, 1);
    let passed_over = see(&mut turns, IDLE, 1);
    assert_eq!(passed_over.len(), 1, "the caller is told to come back");
    assert!(see(&mut turns, IDLE, 1).is_empty(), "once");
    assert!(waiter.try_recv().is_err());
    turns.end_passed_over(passed_over[0]).tell();
    assert_eq!(waiter.try_recv().unwrap().unwrap_err().kind(), ErrorKind::SessionError);
}

#[test]
fn an_unmarked_answer_is_good_enough() {
    let mut turns = Turns::default();
    let mut waiter = waiting(&mut turns, "m2");
    for text in [FIRST, r#"{"type":"assistant.message","data":{"content":2}}"#, IDLE] {
        see(&mut turns, text, 1);
    }
    assert_eq!(answer(&mut waiter), "2");
}

#[test]
fn a_message_that_joined_a_running_turn_gets_its_answer() {
    let mut turns = Turns::default();
    let mut waiter = waiting(&mut turns, "m3");
    let joined = r#"{"type":"user.message","data":{"messageId":"m3","interactionId":"i1"}}"#;
    for text in [FIRST, joined, FIRST_SAYS, IDLE] {
        see(&mut turns, text, 1);
    }
    assert_eq!(answer(&mut waiter), "1");
}

#[test]
fn the_foreground_can_be_enough() {
    let mut turns = Turns::default();
    let (id, mut waiter) = wait(&mut turns, Until::ForegroundIdle, 0);
    turns.claim(id, "m1").tell();
    for text in [FIRST, FIRST_SAYS, r#"{"type":"assistant.idle","data":{}}"#] {
        see(&mut turns, text, 1);
    }
    assert_eq!(answer(&mut waiter), "1");
}

#[test]
fn an_event_that_is_still_being_handed_out_ends_nothing() {
    let mut turns = Turns::default();
    let (id, waiter) = wait(&mut turns, Until::Idle, 7);
    see(&mut turns, IDLE, 7);
    turns.claim(id, "m").tell();
    assert!(waiter.try_recv().is_err(), "it came before the wait");
    see(&mut turns, IDLE, 8);
    assert!(waiter.try_recv().unwrap().unwrap().is_none());
}

#[test]
fn each_wait_that_was_passed_over_has_a_grace_of_its_own() {
    let mut turns = Turns::default();
    see(&mut turns, FIRST, 1);
    let first = waiting(&mut turns, "m2");
    let passed_over = see(&mut turns, IDLE, 1);
    let second = waiting(&mut turns, "m3");
    let later = see(&mut turns, IDLE, 1);
    assert_eq!((passed_over.len(), later.len()), (1, 1));
    turns.end_passed_over(passed_over[0]).tell();
    assert!(first.try_recv().is_ok());
    assert!(second.try_recv().is_err(), "its time is not over");
    turns.end_passed_over(later[0]).tell();
    assert!(second.try_recv().is_ok());
}
