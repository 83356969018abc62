//! The fake runtime, driven over its own pipes and sockets.

mod support;

use std::{fs, io::Read, net::TcpStream, time::Instant};

use copilot_testkit::{
    FakeRuntime,
    runtime::{Action, Rule, RuntimeScript},
};
use serde_json::{Value, json};
use support::{Peer, StdioPeer, scripted, spawn};

#[test]
fn conversation_is_chained_and_recorded() {
    let record = std::env::temp_dir().join(format!("testkit-{}.jsonl", std::process::id()));
    let (mut child, mut peer) = spawn(&["--record", record.to_str().unwrap()]);
    assert_eq!(peer.call("connect", json!({}))["result"]["protocolVersion"], 3);
    assert_eq!(peer.call("ping", json!({"message": "x"}))["result"]["message"], "pong: x");
    assert_eq!(peer.call("nope", json!({}))["error"]["code"], -32601);
    let id = peer.call("session.create", json!({}))["result"]["sessionId"].clone();
    peer.call("session.send", json!({"sessionId": id, "prompt": "hi"}));
    let message = peer.event("assistant.message");
    assert_eq!(message["data"]["content"], "You said: hi");
    peer.event("session.idle");
    let events = peer.call("session.getMessages", json!({"sessionId": id}))["result"]["events"].clone();
    let events = events.as_array().unwrap();
    assert_eq!(events[0]["parentId"], Value::Null);
    assert!(events.windows(2).all(|pair| pair[1]["parentId"] == pair[0]["id"]));
    drop(peer);
    assert_eq!(child.wait().unwrap().code(), Some(0), "the end of input ends it");
    let lines = fs::read_to_string(&record).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["dir"], "start");
    assert_eq!(lines[1]["frame"]["method"], "connect");
    fs::remove_file(record).unwrap();
}

#[test]
fn rules_events_and_expectations() {
    let (_child, mut peer) = scripted(&json!([
        {"on": {"method": "session.send", "where": {"prompt": "tool"}, "nth": 2}, "do": [
            {"event": {"type": "external_tool.requested", "data": {"requestId": "r1", "toolName": "t"}}},
            {"reply": "default"},
            {"expect": {"method": "session.tools.handlePendingToolCall", "where": {"requestId": "r1"}, "as": "tool"}},
            {"event": {"type": "assistant.message", "data": {"content": "got $tool.params.result"}}},
        ]},
        {"on": {"method": "odd"}, "do": [{"reply": {"error": {"code": 7, "message": "no $params.x"}}}]},
    ]));
    peer.call("session.create", json!({"sessionId": "s"}));
    peer.call("session.send", json!({"sessionId": "s", "prompt": "tool"}));
    peer.event("session.idle");
    peer.call("session.send", json!({"sessionId": "s", "prompt": "tool"}));
    assert_eq!(peer.skipped.last().unwrap()["params"]["event"]["type"], "external_tool.requested");
    peer.call(
        "session.tools.handlePendingToolCall",
        json!({"sessionId": "s", "requestId": "r1", "result": "42"}),
    );
    let content = peer.skipped.iter().find(|frame| frame["params"]["event"]["data"]["content"] == "got 42");
    assert!(content.is_some() || peer.event("assistant.message")["data"]["content"] == "got 42");
    assert_eq!(peer.call("odd", json!({"x": "y"}))["error"]["message"], "no y");
    assert_eq!(peer.call("fake.failures", json!({}))["result"]["failures"], json!([]));
}

#[test]
fn requests_to_the_sdk() {
    let (_child, mut peer) = scripted(&json!({}));
    let id = peer.begin("fake.request", json!({"method": "userInput.request", "params": {"question": "?"}}));
    let request = peer.read().unwrap();
    assert_eq!((&request["method"], &request["id"]), (&json!("userInput.request"), &json!(1)));
    peer.send(&json!({"jsonrpc": "2.0", "id": 1, "result": {"answer": "a"}}));
    let response = peer.read().unwrap();
    assert_eq!(response, json!({"jsonrpc": "2.0", "id": id, "result": {"result": {"answer": "a"}}}));
}

#[test]
fn floods_are_complete_fast_and_before_their_answer() {
    let (_child, mut peer) = scripted(&json!({}));
    peer.call("session.create", json!({"sessionId": "s"}));
    let started = Instant::now();
    let answer = peer.call("fake.flood", json!({"sessionId": "s", "count": 100_000, "bytes": 16}));
    println!("100,000 events in {:?}: {answer}", started.elapsed());
    let numbers = peer.skipped.iter().map(|frame| frame["params"]["event"]["data"]["n"].as_u64().unwrap());
    assert!(numbers.eq(0..100_000));
}

#[test]
fn tool_round_trips() {
    let (_child, mut peer) = scripted(&json!([
        {"on": {"method": "session.send"}, "do": [
            {"reply": "default"},
            {"toolRoundtrips": {"toolName": "t", "count": 50, "inFlight": 4, "as": "calls"}},
            {"event": {"type": "over", "data": {"count": "$calls.count", "failed": "$calls.failed"}}},
        ]},
    ]));
    peer.call("session.create", json!({"sessionId": "s"}));
    let params = json!({"sessionId": "s", "toolName": "t", "count": 50, "inFlight": 4});
    let id = peer.begin("fake.toolRoundtrips", params);
    let answer = answer_tools_until(&mut peer, |frame| frame["id"] == id);
    assert_eq!((&answer["result"]["count"], &answer["result"]["failed"]), (&json!(50), &json!(0)));

    peer.begin("session.send", json!({"sessionId": "s", "prompt": "call"}));
    let over = answer_tools_until(&mut peer, |frame| frame["params"]["event"]["type"] == "over");
    assert_eq!(over["params"]["event"]["data"], json!({"count": 50, "failed": 0}));
}

fn answer_tools_until(peer: &mut StdioPeer, is_end: impl Fn(&Value) -> bool) -> Value {
    loop {
        let frame = peer.read().unwrap();
        if is_end(&frame) {
            return frame;
        }
        if frame["params"]["event"]["type"] == "external_tool.requested" {
            let request = &frame["params"]["event"]["data"]["requestId"];
            let params = json!({"sessionId": "s", "requestId": request, "result": "ok"});
            peer.send(&json!({"jsonrpc": "2.0", "id": request, "method": "session.tools.handlePendingToolCall", "params": params}));
        }
    }
}

#[test]
fn faults() {
    let (mut child, _peer) = scripted(&json!({"onStart": [{"stderr": "bad day\n"}], "exitAtStart": 3}));
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), child.wait().unwrap().code()), ("bad day\n", Some(3)));

    let (mut child, mut peer) = scripted(&json!([
        {"on": {"method": "split"}, "do": [{"raw": {"frame": {"x": "ä"}, "chunk": 1}}, {"reply": {"result": null}}]},
        {"on": {"method": "close"}, "do": [{"close": true}]},
    ]));
    assert_eq!(peer.call("split", json!({}))["result"], Value::Null);
    assert_eq!(peer.skipped, [json!({"x": "ä"})]);
    peer.begin("close", json!({}));
    assert_eq!(peer.read(), None);
    assert!(child.try_wait().unwrap().is_none(), "it lives on with a closed pipe");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn tcp_asks_for_its_token_and_serves_several() {
    let script = RuntimeScript::new([Rule::on("odd", [Action::result(json!(1))])]);
    let mut runtime = FakeRuntime::scripted(script).spawn_tcp(Some("secret")).unwrap();
    let connect = || {
        let stream = TcpStream::connect(("127.0.0.1", runtime.port())).unwrap();
        Peer::new(stream.try_clone().unwrap(), stream)
    };
    let (mut first, mut second) = (connect(), connect());
    assert_eq!(first.call("ping", json!({}))["error"]["code"], -32001);
    assert_eq!(first.call("connect", json!({"token": "wrong"}))["error"]["code"], -32002);
    assert_eq!(first.call("connect", json!({"token": "secret"}))["result"]["ok"], true);
    assert_eq!(first.call("ping", json!({}))["result"]["message"], "pong");
    assert_eq!(second.call("ping", json!({}))["error"]["code"], -32001);
    assert_eq!(first.call("odd", json!({}))["result"], 1);
    runtime.kill().unwrap();
    assert_eq!(first.read(), None);
}
