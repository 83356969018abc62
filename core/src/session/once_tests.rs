use bytes::Bytes;
use serde_json::{Value, json};

use super::*;

const MINE: &str = "command-once-k";

fn history(events: &[Value]) -> History {
    let events: Vec<Event> = events
        .iter()
        .enumerate()
        .map(|(number, event)| {
            let mut event = event.clone();
            event["id"] = json!(number.to_string());
            Event::from_json(Bytes::from(event.to_string())).unwrap()
        })
        .collect();
    History::read(&events, MINE)
}

fn user(source: &str) -> Value {
    json!({"type": "user.message", "data": {"content": "x", "source": source, "delivery": "idle"}})
}

fn answer(text: &str, tools: usize) -> Value {
    json!({"type": "assistant.message", "data": {"content": text, "toolRequests": vec![json!({}); tools]}})
}

fn plain(event_type: &str) -> Value {
    json!({"type": event_type, "data": {}})
}

fn begun(history: History) -> Begun {
    match history {
        History::Begun(begun) => begun,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_counts_when_its_turn_ended() {
    assert!(matches!(history(&[user("command-once-other"), answer("a", 0)]), History::New));
    let open = begun(history(&[user(MINE), plain("assistant.turn_start"), answer("a", 0)]));
    assert_eq!(open, Begun { event: "0".to_owned(), ..Begun::default() });
    let ended = history(&[user(MINE), answer("a", 0), plain("assistant.turn_end")]);
    assert!(matches!(ended, History::Answered(event) if event.json().contains("\"a\"")));
}

#[test]
fn a_turn_that_failed_or_was_ended_is_not_answered() {
    for end in ["session.error", "abort"] {
        let failed = [user(MINE), answer("a", 0), plain("assistant.turn_end"), plain(end)];
        assert_eq!(begun(history(&failed)).event, "0");
    }
}

#[test]
fn a_call_of_a_tool_is_no_answer_and_is_remembered() {
    let called = [user(MINE), answer("", 1), plain("assistant.turn_end")];
    assert!(!begun(history(&called)).worked);
    let ran = [
        user(MINE),
        answer("", 1),
        plain("tool.execution_complete"),
        plain("assistant.turn_end"),
        user(MINE),
    ];
    let again = begun(history(&ran));
    assert!(again.worked && !again.worked_since);
    assert_eq!(again.event, "4");
}

#[test]
fn what_belongs_to_others_is_not_taken_for_the_answer() {
    let later = [user(MINE), user("user"), answer("b", 0), plain("assistant.turn_end")];
    assert!(begun(history(&later)).followed);
    let mut steered = user("user");
    steered["data"]["delivery"] = json!("steering");
    let joined = history(&[user(MINE), steered, answer("b", 0), plain("assistant.turn_end")]);
    assert!(matches!(joined, History::Answered(_)));
    let mut sub = answer("sub", 0);
    sub["agentId"] = json!("a1");
    assert!(matches!(history(&[user(MINE), sub, plain("assistant.turn_end")]), History::Begun(_)));
}

#[test]
fn a_key_that_cannot_travel_is_refused() {
    let message = SendOptions::from("x");
    assert_eq!(source_of("turn 1/ü", &message).unwrap(), "command-once-turn 1/ü");
    for key in ["", "a\nb", &"x".repeat(LONGEST + 1)] {
        assert_eq!(source_of(key, &message).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
    let sourced = SendOptions { source: Some("user".to_owned()), ..SendOptions::default() };
    assert!(source_of("k", &sourced).is_err());
    let steering = SendOptions { mode: Some("immediate".to_owned()), ..SendOptions::default() };
    assert!(source_of("k", &steering).is_err());
    assert!(without_wait(true).is_err() && without_wait(false).is_ok());
}
