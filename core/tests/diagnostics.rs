//! What can be seen of the engine at work: phases of a start, counters, spans with outcomes.

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use copilot_core::handlers::{CallContext, ToolHandler, ToolInvocation, ToolResult};
use copilot_core::{
    Client, ClientOptions, ErrorKind, Result, RuntimeConnection, SessionConfig, SessionSpec, ToolSpec,
};
use serde_json::{Value, json};
use support::{call, capture, fake_client, fake_options, fake_tcp_options, on_send};

#[tokio::test]
async fn phases_of_a_start_add_up() {
    let client = Client::new(fake_tcp_options(json!({}))).unwrap();
    assert_eq!(client.diagnostics().start, None);
    let info = client.start().await.unwrap();
    let seen = client.diagnostics();
    let record = seen.start.unwrap();
    assert_eq!((record.outcome, record.phase, seen.state), ("ok", None, "connected"));
    let timings = record.timings;
    assert_eq!(timings, info.timings);
    for part in [timings.spawn, timings.connect, timings.handshake] {
        assert!(part > 0.0 && part <= timings.total, "{timings:?}");
    }
    assert_eq!(timings.launch, timings.locate + timings.spawn + timings.connect);
    assert!(timings.launch + timings.handshake + timings.setup <= timings.total, "{timings:?}");
    assert_eq!(seen.runtime_pid, client.runtime_pid());
    client.stop().await;
    let after = client.diagnostics();
    assert_eq!((after.state, after.runtime_pid), ("disconnected", None));
    assert_eq!(after.start.unwrap().timings, timings, "the last start stays readable");
}

#[tokio::test]
async fn a_start_that_fails_names_its_phase() {
    let phase_of = async |options: ClientOptions| {
        let client = Client::new(options).unwrap();
        let error = client.start().await.unwrap_err();
        let record = client.diagnostics().start.unwrap();
        assert_eq!(record.outcome, error.kind().name());
        record.phase
    };
    let at = |path: &str| ClientOptions {
        connection: Some(RuntimeConnection::stdio(path)),
        ..ClientOptions::default()
    };
    assert_eq!(phase_of(at("/nowhere/copilot")).await, Some("locate"));
    assert_eq!(phase_of(at("/etc/passwd")).await, Some("spawn"));
    assert_eq!(phase_of(fake_tcp_options(json!({"exitAtStart": 3}))).await, Some("connect"));
    let refuses = json!([{"on": {"method": "connect"}, "do": [{"reply": {"error": {"code": -32002, "message": "no"}}}]}]);
    assert_eq!(phase_of(fake_options(refuses)).await, Some("handshake"));
    let hangs = json!([{"on": {"method": "connect"}, "do": [{"hang": true}]}]);
    let client = Client::new(fake_options(hangs)).unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), client.start()).await.is_err());
    assert_eq!(client.diagnostics().start.unwrap().outcome, "Cancelled", "a start that was given up");
}

#[tokio::test]
async fn counters_tell_what_went_over_the_wire() {
    let script = json!([
        {"on": {"method": "test.no"}, "do": [{"reply": {"error": {"code": 1, "message": "no"}}}]},
        {"on": {"method": "test.late"}, "do": [{"sleep": 700}, {"reply": {"result": {}}}]},
        {"on": {"method": "test.odd"}, "do": [
            {"raw": {"frame": [1, 2]}}, {"notify": {"method": "some.news"}},
            {"event": {"type": "x", "sessionId": "nobody"}}]},
    ]);
    let client = fake_client(script);
    client.start().await.unwrap();
    let session = client.create_session(SessionConfig::default()).await.unwrap();
    call(&client, "fake.flood", json!({"sessionId": *session.id(), "count": 500, "bytes": 64})).await;
    client.call("test.no", "{}").await.unwrap_err();
    let late = client.call("test.late", "{}");
    assert!(tokio::time::timeout(Duration::from_millis(5), late).await.is_err());
    client.call("test.odd", "{}").await.unwrap_err();
    let unserved = json!({"method": "no.such.request", "params": {}});
    call(&client, "fake.request", unserved).await;
    let answered = support::eventually_async(|| client.diagnostics().counters.late_results == 1).await;
    assert!(answered, "{:?}", client.diagnostics());
    let seen = client.diagnostics();
    let counted = seen.counters;
    assert_eq!((seen.open_sessions, seen.pending_calls), (1, 0));
    assert_eq!((counted.starts, counted.losses, counted.events, counted.events_dropped), (1, 0, 501, 1));
    assert_eq!((counted.calls, counted.calls_refused, counted.calls_abandoned), (7, 2, 1));
    assert_eq!((counted.requests, counted.requests_refused), (1, 1));
    assert_eq!((counted.notifications, counted.ignored_messages, counted.broken_messages), (1, 1, 0));
    // Calls and the answer to the runtime's request; answers, events, request, notification, what was no message.
    assert_eq!((counted.messages_out, counted.messages_in), (8, 7 + 501 + 1 + 1 + 1));
    assert!(counted.bytes_in > 500 * 64 && counted.bytes_out > 100, "{counted:?}");
    client
        .call(
            "fake.script",
            &json!({"script": [
        {"on": {"method": "test.bad"}, "do": [{"raw": {"body": "no json"}}]}]})
            .to_string(),
        )
        .await
        .unwrap();
    assert_eq!(client.call("test.bad", "{}").await.unwrap_err().kind(), ErrorKind::Protocol);
    let counted = client.diagnostics().counters;
    assert_eq!((counted.broken_messages, counted.losses), (1, 0));
    client.ping(None).await.unwrap();
}

struct Adds;

#[async_trait]
impl ToolHandler for Adds {
    async fn call(&self, _: &CallContext, _: ToolInvocation) -> Result<ToolResult> {
        Ok("3".into())
    }
}

/// The lines that belong to a span which began with this text.
fn of_span(lines: &[String], begin: &str) -> Vec<String> {
    let Some(start) = lines.iter().find(|line| line.starts_with("span ") && line.contains(begin)) else {
        panic!("no span {begin:?} in {lines:#?}");
    };
    let id = start.split(' ').nth(1).unwrap();
    let own = |line: &&String| {
        line.starts_with(&format!("in {id} ")) || line.starts_with(&format!("record {id} ")) || *line == start
    };
    lines.iter().filter(own).cloned().collect()
}

#[tokio::test]
async fn spans_have_an_outcome() {
    capture::begin();
    let client = fake_client(on_send(json!([
        {"event": {"type": "external_tool.requested", "data":
            {"requestId": "trace-r", "toolCallId": "trace-c", "toolName": "trace-adds", "arguments": {"a": "private"}}}},
        {"expect": {"method": "session.tools.handlePendingToolCall"}},
        {"event": {"type": "session.idle", "ephemeral": true}},
    ])));
    let tool = ToolSpec { name: "trace-adds".to_owned(), ..ToolSpec::default() };
    let mut spec = SessionSpec::new(SessionConfig { tools: Some(vec![tool]), ..SessionConfig::default() });
    spec.handlers.tools.insert("trace-adds".to_owned(), Arc::new(Adds));
    let session = client.create_session(spec).await.unwrap();
    session.send_and_wait("private", Some(Duration::from_secs(30))).await.unwrap();
    client.call("trace.unknown", "{}").await.unwrap_err();
    client.stop().await;

    let lines = capture::lines();
    let has = |span: &str, text: &str| {
        let own = of_span(&lines, span);
        assert!(own.iter().any(|line| line.contains(text)), "{text:?} is not in {own:#?}");
    };
    has("client.start", "elapsed_ms=");
    has("client.stop", "outcome=");
    let id: Value = (*session.id()).into();
    has(&format!("session.create session_id={id}"), "outcome=\"ok\"");
    has("rpc.call method=\"session.send\"", "outcome=\"ok\"");
    has("rpc.call method=\"trace.unknown\"", "outcome=\"refused\"");
    let handler = format!("handler kind=\"external_tool.requested\" session_id={}", session.id());
    for text in
        ["request_id=\"trace-r\"", "tool=\"trace-adds\"", "tool_call_id=\"trace-c\"", "outcome=\"ok\""]
    {
        has(&handler, text);
    }
    let leaks: Vec<_> =
        lines.iter().filter(|line| line.contains("private") && !line.contains("TRACE")).collect();
    assert!(leaks.is_empty(), "content below level trace: {leaks:#?}");
}
