//! A runner that cannot fail proves nothing: each of these cases is wrong in one way, and must be caught.

use copilot_conformance::{Case, Peer, run};
use serde_json::{Value, json};

fn failure(fake: Value, steps: Value) -> String {
    let case = json!({
        "name": "broken", "doc": "Broken on purpose.", "runtime": ["fake"], "levels": [], "fake": fake, "steps": steps,
    });
    let case: Case = serde_json::from_value(case).unwrap();
    run(&case, Peer::Fake).expect_err("the case is wrong, but it passed")
}

/// The steps between start and stop; the last of them is wrong.
fn wrong(steps: &[Value]) -> String {
    let steps: Vec<Value> =
        [json!({"start": {}}), json!({"create": {}})].iter().chain(steps).cloned().collect();
    failure(json!({}), steps.into())
}

#[test]
fn unmet_expectations() {
    let sent = json!({"send_and_wait": {"prompt": "x"}});
    for step in [
        json!({"ping": {"message": "a", "expect": {"message": "pong: b"}}}),
        json!({"send_and_wait": {"prompt": "x", "expect": null}}),
        json!({"expect_event": {"type": "no.such", "within_ms": 0}}),
        json!({"expect_event": {"type": "session.idle", "absent": true}}),
        json!({"expect_event": {"type": "user.message", "data": {"content": "y"}, "within_ms": 50}}),
        json!({"expect_events_in_order": {"events": [{"type": "session.idle"}, {"type": "user.message"}], "within_ms": 0}}),
        json!({"expect_sequence": {"type": "test.flood", "field": "n", "count": 1, "within_ms": 0}}),
        json!({"received": {"method": "session.send", "count": 0}}),
        json!({"received": {"method": "session.send", "count": 2, "within_ms": 50}}),
        json!({"received": {"method": "session.send", "where": {"prompt": "y"}, "within_ms": 50}}),
        json!({"received_in_order": {"messages": [{"method": "session.send"}, {"method": "connect"}], "within_ms": 0}}),
        json!({"get_events": {"absent": ["user.message"]}}),
        json!({"get_events": {"expect_in_order": [{"type": "session.idle"}]}}),
        json!({"counters": {"received_at_least": 1000, "within_ms": 0}}),
        json!({"expect_value": {"value": "$session.id", "equals": "another"}}),
        json!({"expect_no_process": {"within_ms": 0}}),
        json!({"expect_error": {"step": {"ping": {"message": "x"}}, "kind": "Rpc"}}),
        json!({"expect_error": {"step": {"invoke": {"method": "no.such"}}, "kind": "Timeout"}}),
        json!({"expect_error": {"step": {"invoke": {"method": "no.such"}}, "kind": "Rpc", "contains": "another"}}),
        json!({"parallel": {"steps": [{"ping": {}}, {"invoke": {"method": "no.such"}}]}}),
        json!({"no_such_verb": {}}),
    ] {
        let text = wrong(&[sent.clone(), step.clone()]);
        assert!(text.starts_with("step 3 "), "{step}: {text}");
    }
}

#[test]
fn an_error_is_not_an_unmet_expectation() {
    let inner = json!({"ping": {"message": "a", "expect": {"message": "b"}}});
    let text = wrong(&[json!({"expect_error": {"step": inner, "kind": "Internal"}})]);
    assert!(text.contains("the result is"), "{text}");
}

#[test]
fn recorded_failures() {
    let waits_in_vain =
        json!([{"on": {"method": "test.wait"}, "do": [{"expect": {"method": "never", "timeoutMs": 50}}]}]);
    let steps = json!([{"start": {}}, {"expect_error": {"step": {"invoke": {"method": "test.wait"}}, "kind": "Rpc"}}]);
    assert!(failure(waits_in_vain, steps).contains("the fake runtime reports"));
}
