//! Operations that are cancelled in the moment in which they end: each completes exactly once, whoever was first.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::support::door::Door;
use copilot_core::host::{Delivery, Ticket};
use serde_json::json;

const ROUNDS: u64 = 10_000;

/// Begins operations and cancels each after a moment that grows and shrinks; every ticket must complete once.
fn race(door: &mut Door, mut begin: impl FnMut(&Door) -> Ticket) -> usize {
    let (mut open, mut cancelled) = (HashMap::new(), 0);
    for round in 0..ROUNDS {
        let ticket = begin(door);
        open.insert(ticket, 0_u32);
        let until = Instant::now() + Duration::from_nanos(round % 200 * 1000);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        cancelled += usize::from(door.client.cancel(ticket));
        // What has ended is taken out now and then, as a door would.
        if round % 64 == 0 {
            door.client.drain(&mut door.inbox);
        }
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        door.client.drain(&mut door.inbox);
        for delivery in std::mem::take(&mut door.inbox) {
            if let Delivery::Completed { ticket, .. } = delivery {
                *open.entry(ticket).or_default() += 1;
            }
        }
        let lost = open.values().filter(|times| **times == 0).count();
        if lost == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{lost} of {ROUNDS} never completed");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(open.values().all(|times| *times == 1), "some completed twice");
    cancelled
}

#[test]
fn a_call_that_is_cancelled_while_it_is_answered_completes_once() {
    let mut door = Door::new(json!([]));
    door.run("client.start", json!({})).unwrap();
    let cancelled = race(&mut door, |door| door.client.submit("client.ping", "{}"));
    assert!(cancelled > 0);
    door.client.close();
}

#[test]
fn a_call_that_is_answered_when_its_time_is_over_completes_once() {
    let mut door = Door::new(json!([]));
    door.run("client.start", json!({})).unwrap();
    let mut round = 0_u32;
    race(&mut door, |door| {
        round += 1;
        let limit = f64::from(round % 20) / 100.0;
        door.client.submit("client.call", &json!({"method": "ping", "timeoutMs": limit}).to_string())
    });
    door.client.close();
}

#[test]
fn a_wait_that_is_cancelled_while_its_turn_ends_completes_once() {
    let mut door = Door::new(json!([]));
    door.create(1, json!({"events": false}));
    race(&mut door, |door| door.client.submit("session.sendAndWait", r#"{"key":1,"prompt":"x"}"#));
    door.client.close();
}
