//! Sessions of the host: order around their beginning, their end, and what is left of them.

use std::time::Duration;

use crate::support::door::Door;
use copilot_core::ErrorKind;
use copilot_core::host::{Delivery, Ticket};
use serde_json::{Value, json};

/// The runtime tells of the start behind its answer, both in one write.
fn tells_after_answer() -> Value {
    json!([{"on": {"method": "session.create"}, "do": [{"reply": "default"}, {"event": {"type": "session.start"}}]}])
}

/// Where the completion and the first event of a session are in the inbox.
fn places(door: &mut Door, key: u32, ticket: Ticket) -> (usize, usize) {
    let event = door.wait_for(|d| matches!(d, Delivery::Event { session, .. } if *session == key));
    let done = door.wait_for(|d| matches!(d, Delivery::Completed { ticket: done, .. } if *done == ticket));
    (done, event)
}

#[test]
fn a_creation_completes_before_what_followed_its_answer() {
    // With a handler for MCP tokens, and with options, more calls follow before the session can be used.
    for (config, handlers) in [
        (json!({}), json!({})),
        (json!({}), json!({"mcpAuth": true})),
        (json!({"coauthorEnabled": true}), json!({})),
    ] {
        let mut door = Door::new(tells_after_answer());
        for key in 1..=25 {
            let args = json!({"key": key, "config": config, "handlers": handlers});
            let ticket = door.client.submit("session.create", &args.to_string());
            let (done, event) = places(&mut door, key, ticket);
            assert!(done < event, "{config} {handlers}: session {key}");
        }
        door.client.close();
    }
}

#[test]
fn an_event_before_the_answer_stays_before_the_completion() {
    let mut door = Door::new(json!([{"on": {"method": "session.create"}, "do": [
        {"event": {"type": "session.start"}}, {"reply": "default"}]}]));
    let ticket = door.client.submit("session.create", r#"{"key":1,"config":{},"handlers":{"mcpAuth":true}}"#);
    let (done, event) = places(&mut door, 1, ticket);
    assert!(event < done);
    door.client.close();
}

#[test]
fn who_listens_later_gets_the_first_events_unless_the_session_was_used() {
    let mut door = Door::new(tells_after_answer());
    for (key, used) in [(1, false), (2, true)] {
        let args = json!({"key": key, "config": {}, "handlers": {"events": false}});
        door.run("session.create", args).unwrap();
        // Whatever follows the answer has been read once this is answered.
        door.run("client.ping", json!({})).unwrap();
        if used {
            door.run("session.abort", json!({"key": key})).unwrap();
        }
        door.client.set_events(key, true);
        door.run("client.ping", json!({})).unwrap();
        let seen = door.inbox.iter().any(|d| matches!(d, Delivery::Event { session, .. } if *session == key));
        assert_eq!(seen, !used);
        door.inbox.clear();
    }
    door.client.close();
}

#[test]
fn a_wait_completes_before_what_followed_the_end_of_its_turn() {
    let mut door = Door::new(crate::support::on_send(json!([
        {"event": {"type": "session.idle", "ephemeral": true}}, {"event": {"type": "later"}}])));
    door.create(1, json!({}));
    for limits in [json!({}), json!({"timeoutMs": 20_000, "inactivityTimeoutMs": 20_000})] {
        let mut args = json!({"key": 1, "prompt": "x"});
        args.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        let ticket = door.client.submit("session.sendAndWait", &args.to_string());
        let later =
            door.wait_for(|d| matches!(d, Delivery::Event { event, .. } if event.event_type() == "later"));
        let done =
            door.wait_for(|d| matches!(d, Delivery::Completed { ticket: done, .. } if *done == ticket));
        assert!(done < later, "{limits}");
        door.inbox.clear();
    }
    door.client.close();
}

#[test]
fn a_limited_call_completes_in_order_or_in_time() {
    let mut door = Door::new(json!([
        {"on": {"method": "test.news"}, "do": [{"reply": {"result": {}}}, {"notify": {"method": "some.news"}}]},
        {"on": {"method": "test.silent"}, "do": [{"noReply": true}]},
    ]));
    door.create(1, json!({}));
    let ticket = door.client.submit("client.call", r#"{"method":"test.news","timeoutMs":20000}"#);
    let news = door.wait_for(|d| matches!(d, Delivery::Notification { .. }));
    let done = door.wait_for(|d| matches!(d, Delivery::Completed { ticket: done, .. } if *done == ticket));
    assert!(done < news);
    let error = door.run("client.call", json!({"method": "test.silent", "timeoutMs": 20})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let seen: Value = serde_json::from_str(&door.client.diagnostics()).unwrap();
    assert_eq!((&seen["pendingCalls"], &seen["counters"]["callsAbandoned"]), (&json!(0), &json!(1)));
    door.client.close();
}

fn ended(door: &mut Door, key: u32) -> ErrorKind {
    let at = door.wait_for(|d| matches!(d, Delivery::Ended { session, .. } if *session == key));
    match &door.inbox[at] {
        Delivery::Ended { error, .. } => error.kind(),
        _ => unreachable!(),
    }
}

#[test]
fn every_session_tells_its_end_and_why() {
    let mut door = Door::new(json!([{"on": {"method": "test.die"}, "do": [{"exit": 3}]}]));
    let id = door.create(1, json!({}));
    door.run("session.resume", json!({"key": 2, "sessionId": id, "config": {}, "handlers": {}})).unwrap();
    assert_eq!(ended(&mut door, 1), ErrorKind::SessionClosed, "another object took its place");
    let ticket = door.client.submit("session.disconnect", r#"{"key":2}"#);
    assert_eq!(ended(&mut door, 2), ErrorKind::SessionClosed);
    let over = door.wait_for(|d| matches!(d, Delivery::Ended { session: 2, .. }));
    let done = door.wait_for(|d| matches!(d, Delivery::Completed { ticket: done, .. } if *done == ticket));
    assert!(over < done);
    let deleted = door.create(3, json!({}));
    door.run("client.deleteSession", json!({"sessionId": deleted})).unwrap();
    assert_eq!(ended(&mut door, 3), ErrorKind::SessionClosed);
    door.create(4, json!({}));
    door.client.submit("client.call", r#"{"method":"test.die"}"#);
    assert_eq!(ended(&mut door, 4), ErrorKind::ProcessExited);
    let lost = door.wait_for(|d| matches!(d, Delivery::Closed { .. }));
    let over = door.wait_for(|d| matches!(d, Delivery::Ended { session: 4, .. }));
    assert!(over < lost);
    let told = door.inbox.iter().filter(|d| matches!(d, Delivery::Ended { .. })).count();
    assert_eq!(told, 4, "once each");
}

#[test]
fn a_session_that_was_never_made_has_no_end() {
    let mut door = Door::new(
        json!([{"on": {"method": "session.create"}, "do": [{"reply": {"error": {"code": 1, "message": "no"}}}]}]),
    );
    door.run("session.create", json!({"key": 1, "config": {}, "handlers": {}})).unwrap_err();
    door.run("client.ping", json!({})).unwrap();
    assert!(!door.inbox.iter().any(|d| matches!(d, Delivery::Ended { .. })));
    // Its key is free.
    door.run("session.create", json!({"key": 1, "config": {}, "handlers": {}})).unwrap_err();
    door.client.close();
}

#[test]
fn what_was_counted_outlives_its_session() {
    let mut door = Door::new(json!({}));
    for key in 1..=3 {
        let id = door.create(key, json!({}));
        let flood = json!({"sessionId": id, "count": 10, "bytes": 8});
        door.run("client.call", json!({"method": "fake.flood", "params": flood})).unwrap();
        door.run("session.disconnect", json!({"key": key})).unwrap();
        ended(&mut door, key);
        assert!(door.client.session_state(key).is_some(), "answers until the key is released");
        assert!(door.client.counters(key).unwrap().received >= 10);
        let before = door.client.client_counters();
        door.client.release_session(key);
        assert_eq!(door.client.client_counters(), before);
        assert!(door.client.session_state(key).is_none() && door.client.counters(key).is_none());
        let error = door.run("session.abort", json!({"key": key})).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SessionClosed);
        assert!(error.message().contains(&id), "{error}");
        door.inbox.clear();
    }
    assert!(door.client.client_counters().received >= 30);
    door.client.close();
}

#[test]
fn a_cancelled_creation_is_left_in_the_runtime() {
    let mut door = Door::new(
        json!([{"on": {"method": "session.create"}, "do": [{"sleep": 200}, {"reply": "default"}]}]),
    );
    door.run("client.start", json!({})).unwrap();
    let ticket = door.client.submit("session.create", r#"{"key":1,"config":{},"handlers":{}}"#);
    std::thread::sleep(Duration::from_millis(50));
    assert!(door.client.cancel(ticket));
    assert_eq!(door.result(ticket).unwrap_err().kind(), ErrorKind::Cancelled);
    let asked = json!({"method": "fake.received", "params": {"method": "session.destroy"}});
    let left = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        door.run("client.call", asked.clone()).unwrap()["count"] == 1
    });
    assert!(left);
    let is_over = |d: &Delivery| matches!(d, Delivery::Ended { .. });
    assert!(!door.inbox.iter().any(is_over) || door.client.counters(1).is_none());
    door.client.close();
}

#[test]
fn unpaired_surrogates_arrive_as_replacement_characters() {
    let mut door = Door::new(json!({}));
    door.run("client.start", json!({})).unwrap();
    let ticket = door.client.submit("client.call", r#"{"method":"fake.echo","params":{"name":"caf\udce9"}}"#);
    assert_eq!(door.result(ticket).unwrap()["name"], "caf\u{fffd}");
    door.client.close();
}

#[test]
fn notifications_that_say_nothing_are_counted_and_skipped() {
    let mut door = Door::new(json!([{"on": {"method": "test.news"}, "do": [
        {"notify": {"method": "session.lifecycle", "params": null}},
        {"notify": {"method": "session.lifecycle", "params": {"sessionId": "s"}}},
        {"notify": {"method": "gitHubTelemetry.event", "params": {}}},
        {"notify": {"method": "some.news", "params": null}},
        {"reply": {"result": {}}},
    ]}]));
    door.run("client.start", json!({})).unwrap();
    door.run("client.call", json!({"method": "test.news"})).unwrap();
    let told: Vec<_> = door
        .inbox
        .iter()
        .filter_map(|d| match d {
            Delivery::Notification { method, .. } => Some(method.as_str()),
            Delivery::Lifecycle { .. } => Some("lifecycle"),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["some.news"]);
    let seen: Value = serde_json::from_str(&door.client.diagnostics()).unwrap();
    assert_eq!(seen["counters"]["unreadableNotifications"], 3);
    door.client.close();
}
