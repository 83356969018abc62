//! The door for foreign languages, as a door uses it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::door::Door;
use crate::support::{assert_gone, eventually, on_send};
use copilot_core::ErrorKind;
use copilot_core::host::{CallError, CallKind, Delivery, Ticket};
use serde_json::{Value, json};

#[test]
fn a_burst_wakes_the_door_rarely_and_completes_last() {
    const COUNT: u64 = 10_000;
    let mut door = Door::new(json!({}));
    let session = door.create(1, json!({}));
    // The waker runs after the queue was filled: the door may have drained already when the edge is told.
    std::thread::sleep(Duration::from_millis(100));
    let before = door.wakes.load(Ordering::SeqCst);
    let flood = json!({"sessionId": session, "count": COUNT, "bytes": 64});
    let ticket =
        door.client.submit("client.call", &json!({"method": "fake.flood", "params": flood}).to_string());
    // A door that is busy with something else.
    while door.client.counters(1).unwrap().received < COUNT {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(door.wakes.load(Ordering::SeqCst) - before, 1, "one edge while nobody drains");
    assert_eq!(door.client.counters(1).unwrap().queued_events, COUNT);
    door.result(ticket).unwrap();
    let mut next = 0;
    for delivery in &door.inbox {
        match delivery {
            Delivery::Event { session: 1, event } => {
                assert_eq!(event.data::<Value>().unwrap()["n"], next);
                next += 1;
            }
            Delivery::Completed { ticket: done, .. } if *done == ticket => {
                assert_eq!(next, COUNT, "the answer does not overtake events");
            }
            _ => {}
        }
    }
    let counters = door.client.counters(1).unwrap();
    assert_eq!((counters.received, counters.delivered, counters.queued_bytes), (COUNT, COUNT, 0));
    assert!(door.run("client.stop", json!({})).unwrap()["errors"].as_array().unwrap().is_empty());
}

#[test]
fn an_eager_door_is_woken_at_most_once_per_batch() {
    let mut door = Door::new(json!({}));
    let session = door.create(1, json!({}));
    let before = door.wakes.load(Ordering::SeqCst);
    let flood = json!({"sessionId": session, "count": 10_000, "bytes": 64});
    door.run("client.call", json!({"method": "fake.flood", "params": flood})).unwrap();
    let wakes = door.wakes.load(Ordering::SeqCst) - before;
    assert!(wakes < 2_500, "{wakes} wakes for 10000 events");
    door.client.close();
}

#[test]
fn calls_are_answered_by_number_in_any_order() {
    let mut door = Door::new(on_send(json!([
        {"event": {"type": "external_tool.requested",
                   "data": {"requestId": "r1", "toolCallId": "c1", "toolName": "t", "arguments": {"n": 1}}}},
        {"event": {"type": "external_tool.requested",
                   "data": {"requestId": "r2", "toolCallId": "c2", "toolName": "t", "arguments": {"n": 2}}}},
        {"expect": {"method": "session.tools.handlePendingToolCall", "where": {"requestId": "r2", "result": "two"}}},
        {"expect": {"method": "session.tools.handlePendingToolCall", "where": {"requestId": "r1", "error": "no"}}},
        {"event": {"type": "session.idle", "data": {}, "ephemeral": true}},
    ])));
    door.create(1, json!({"tools": ["t"]}));
    let turn = door.client.submit("session.sendAndWait", r#"{"key":1,"prompt":"x","timeoutMs":10000}"#);
    let (first, kind, args) = door.call();
    assert_eq!(
        (kind, &args["requestId"], &args["arguments"]["n"]),
        (CallKind::Tool, &json!("r1"), &json!(1))
    );
    let (second, _, _) = door.call();
    let client = door.client.clone();
    std::thread::spawn(move || client.reply(second, "\"two\"").unwrap()).join().unwrap();
    let error = door.client.reply(second, "\"two\"").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState, "a second reply");
    door.client.reply_error(first, &CallError::new("no")).unwrap();
    assert_eq!(door.result(turn).unwrap(), Value::Null);
    let failures = door.run("client.call", json!({"method": "fake.failures"})).unwrap();
    assert_eq!(failures["failures"], json!([]));
    door.client.close();
}

#[test]
fn unwanted_answers_are_called_off() {
    let mut door = Door::new(on_send(json!([
        {"event": {"type": "permission.requested",
                   "data": {"requestId": "p1", "permissionRequest": {"kind": "shell"}}}},
    ])));
    door.create(1, json!({"permission": true}));
    door.run("session.send", json!({"key": 1, "prompt": "x"})).unwrap();
    let (call, kind, _) = door.call();
    assert_eq!(kind, CallKind::Permission);
    door.run("session.disconnect", json!({"key": 1})).unwrap();
    door.wait_for(|d| matches!(d, Delivery::CallCancelled { call: off } if *off == call));
    assert_eq!(door.client.reply(call, "{}").unwrap_err().kind(), ErrorKind::InvalidState);
    door.client.close();
}

#[test]
fn operations_can_be_cancelled() {
    let quiet = json!([{"on": {"method": "session.send"}, "do": [{"reply": "default"}]},
                       {"on": {"method": "test.silent"}, "do": [{"noReply": true}]}]);
    let mut door = Door::new(quiet);
    door.create(1, json!({}));
    let task = door.client.submit("session.sendAndWait", r#"{"key":1,"prompt":"x"}"#);
    let call = door.client.submit("client.call", r#"{"method":"test.silent"}"#);
    for ticket in [task, call] {
        assert!(door.client.cancel(ticket));
        assert_eq!(door.result(ticket).unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(!door.client.cancel(ticket), "it is over");
    }
    assert!(!door.client.cancel(999_999), "no such ticket");
    let pong = door.run("client.call", json!({"method": "ping", "params": {"message": "x"}})).unwrap();
    assert_eq!(pong["message"], "pong: x");
    let mut completions: HashMap<Ticket, usize> = HashMap::new();
    door.client.drain(&mut door.inbox);
    for delivery in &door.inbox {
        if let Delivery::Completed { ticket, .. } = delivery {
            *completions.entry(*ticket).or_default() += 1;
        }
    }
    assert!(completions.values().all(|count| *count == 1), "{completions:?}");
    door.client.close();
}

#[test]
fn a_cancelled_start_leaves_nothing() {
    let mut door = Door::new(json!([{"on": {"method": "connect"}, "do": [{"noReply": true}]}]));
    let ticket = door.client.submit("client.start", "");
    std::thread::sleep(Duration::from_millis(300));
    assert!(door.client.cancel(ticket));
    assert_eq!(door.result(ticket).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(door.client.state(), copilot_core::ConnectionState::Error);
    assert!(door.client.runtime_pid().is_none());
}

#[test]
fn concurrent_starts_spawn_once() {
    let mut door = Door::new(json!({}));
    let tickets: Vec<_> = (0..10).map(|_| door.client.submit("client.start", "")).collect();
    for ticket in tickets {
        door.result(ticket).unwrap();
    }
    let connects = json!({"method": "fake.received", "params": {"method": "connect"}});
    assert_eq!(door.run("client.call", connects).unwrap()["count"], 1);
    let pid = door.client.runtime_pid().unwrap();
    drop(door);
    assert_gone(&[pid], Duration::from_secs(60));
}

#[test]
fn mistakes_arrive_as_completions() {
    let mut door = Door::new(json!({}));
    let kinds = [
        ("no.such.op", json!({}), ErrorKind::InvalidArgument),
        ("client.call", json!({"method": "ping"}), ErrorKind::InvalidState),
        ("client.call", json!({}), ErrorKind::InvalidArgument),
        ("session.send", json!({"key": 5, "prompt": "x"}), ErrorKind::BadHandle),
        ("session.create", json!({"key": 0}), ErrorKind::InvalidArgument),
        ("session.create", json!({"key": 1, "handlers": {"zzz": true}}), ErrorKind::InvalidArgument),
    ];
    for (op, args, kind) in kinds {
        assert_eq!(door.run(op, args.clone()).unwrap_err().kind(), kind, "{op} {args}");
    }
}

#[test]
fn a_lost_runtime_is_told_once() {
    let mut door = Door::new(json!([{"on": {"method": "test.die"}, "do": [{"exit": 3}]}]));
    door.create(1, json!({}));
    let ticket = door.client.submit("client.call", r#"{"method":"test.die"}"#);
    assert_eq!(door.result(ticket).unwrap_err().kind(), ErrorKind::ProcessExited);
    door.wait_for(|d| matches!(d, Delivery::Closed { .. }));
    std::thread::sleep(Duration::from_millis(700));
    door.client.drain(&mut door.inbox);
    let told = door.inbox.iter().filter(|d| matches!(d, Delivery::Closed { .. })).count();
    assert_eq!(told, 1);
    let error = door.run("session.send", json!({"key": 1, "prompt": "x"})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProcessExited, "the session says why it ended: {error}");
}

#[test]
fn nothing_of_a_client_that_was_closed_stays() {
    let starts = json!([{"on": {"method": "host.start"}, "do": [{"reply": {"result": {"hostId": "$params.hostId"}}}]}]);
    let mut door = Door::new(starts);
    door.run("client.startAhpHost", json!({"options": {"localServer": {}}})).unwrap();
    door.create(1, json!({"tools": ["t"]}));
    door.client.submit("client.call", r#"{"method":"fake.nobodyAnswers"}"#);
    // The door hears of the end of its host, and answers nothing any more.
    door.client.close();
    door.wait_for(|delivery| matches!(delivery, Delivery::Call { kind: CallKind::AhpHost, .. }));
    let Door { client, wakes, .. } = door;
    drop(client);
    assert!(
        eventually(Duration::from_secs(60), || Arc::strong_count(&wakes) == 1),
        "something keeps the waker"
    );
}

#[test]
fn what_was_asked_during_a_start_that_failed_is_taken_back() {
    let script = json!([{"on": {"method": "registerExtensionLaunchProvider"}, "do": [
        {"request": {"method": "extensionLaunchProvider.resolve", "wait": false,
                     "params": {"id": "e", "name": "e", "modulePath": "/e.mjs", "source": "user"}}},
        {"reply": {"error": {"code": -32000, "message": "no extensions here"}}},
    ]}]);
    let mut door = Door::with(script, json!({"handlers": {"extensionLaunch": true}}));
    let error = door.run("client.start", json!({})).unwrap_err();
    assert_eq!(error.message(), "no extensions here");
    let at = door.wait_for(|delivery| matches!(delivery, Delivery::Call { .. }));
    let Delivery::Call { call: asked, .. } = door.inbox[at] else { unreachable!() };
    door.wait_for(|delivery| matches!(delivery, Delivery::CallCancelled { call } if *call == asked));
}
