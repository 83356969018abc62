//! A fault stays in its frame: what it costs, and what goes on.

use std::time::Duration;

use crate::support::door::Door;
use crate::support::{call, eventually_async, fake_client};
use copilot_core::{Client, ErrorKind, SessionConfig};
use serde_json::{Value, json};

/// Answers `test.break` with this body, whatever it is.
fn answers(body: &str) -> Value {
    json!([
        {"on": {"method": "test.break"}, "do": [{"raw": {"body": body}}, {"noReply": true}]},
        {"on": {"method": "test.slow"}, "do": [{"sleep": 300}, {"reply": {"result": {"slow": true}}}]},
    ])
}

/// A client with a slow call under way, and what became of a call whose answer is broken and of the slow one.
async fn both(body: &str) -> (Client, Result<Value, ErrorKind>, ErrorKind) {
    let client = fake_client(answers(body));
    let session = client.create_session(SessionConfig::default()).await.unwrap();
    let slow = tokio::spawn({
        let client = client.clone();
        async move { client.call("test.slow", "{}").await }
    });
    assert!(eventually_async(|| client.diagnostics().pending_calls == 1).await);
    let broken = tokio::time::timeout(Duration::from_secs(60), client.call("test.break", "{}"));
    let broken = broken.await.expect("the call hangs").unwrap_err().kind();
    let slow = slow.await.unwrap().map(|answer| serde_json::from_slice(&answer).unwrap());
    session.send_and_wait("x", Some(Duration::from_secs(60))).await.expect("the session goes on");
    let counted = client.diagnostics().counters;
    assert_eq!((counted.broken_messages, counted.losses), (1, 0));
    (client, slow.map_err(|error| error.kind()), broken)
}

#[tokio::test]
async fn a_broken_answer_fails_the_call_it_names() {
    for body in [r#"{"jsonrpc":"2.0","id":$id,"result":{"a":"#, r#"{"result":[1,2,"id":$id}"#] {
        let (client, slow, broken) = both(body).await;
        assert_eq!((slow, broken), (Ok(json!({"slow": true})), ErrorKind::Protocol), "{body}");
        client.stop().await;
    }
}

#[tokio::test]
async fn one_that_names_no_call_fails_those_under_way() {
    for body in [r#"{"jsonrpc":"2.0","result":{"a":"#, "this is not JSON"] {
        let (client, slow, broken) = both(body).await;
        assert_eq!((slow, broken), (Err(ErrorKind::Protocol), ErrorKind::Protocol), "{body}");
        client.stop().await;
    }
}

#[tokio::test]
async fn broken_notifications_and_requests_fail_no_call() {
    let script = json!([{"on": {"method": "test.break"}, "do": [
        {"raw": {"body": r#"{"jsonrpc":"2.0","method":"session.event","params":{"sessionId":"#}},
        {"raw": {"body": r#"{"jsonrpc":"2.0","id":77,"method":"hooks.invoke","params":{"#}},
        {"reply": {"result": {"fine": true}}},
    ]}]);
    let client = fake_client(script);
    client.start().await.unwrap();
    assert_eq!(call(&client, "test.break", json!({})).await["fine"], true);
    assert_eq!(client.diagnostics().counters.broken_messages, 2);
    // Nobody is left waiting on the other side either.
    let sent = call(&client, "fake.received", json!({})).await;
    let refusals: Vec<_> = sent["messages"].as_array().unwrap().iter().filter(|m| m["id"] == 77).collect();
    assert_eq!((refusals.len(), &refusals[0]["error"]["code"]), (1, &json!(-32700)), "{sent}");
    client.stop().await;
}

#[tokio::test]
async fn lines_between_frames_are_skipped_and_counted() {
    for noise in ["a log line\n", "a log line\r\n", "a log line\n\n", "level: info\n\n"] {
        let script = json!({"onStart": [{"raw": {"text": noise}}], "rules": [
            {"on": {"method": "test.noisy"}, "do": [{"raw": {"text": noise}}, {"reply": {"result": {"fine": true}}}]}]});
        let client = fake_client(script);
        client.start().await.unwrap();
        assert_eq!(call(&client, "test.noisy", json!({})).await["fine"], true, "{noise:?}");
        assert_eq!(client.diagnostics().counters.foreign_bytes, 2 * noise.len() as u64);
        client.stop().await;
    }
}

#[tokio::test]
async fn a_lost_frame_boundary_ends_the_connection() {
    let script = json!([{"on": {"method": "test.lose"}, "do": [
        {"raw": {"text": "Content-Length: 5\r\n\r\n{\"jsonrpc\":\"2.0\"}"}}, {"reply": {"result": {}}}]}]);
    let client = fake_client(script);
    client.start().await.unwrap();
    let lost = tokio::time::timeout(Duration::from_secs(60), client.call("test.lose", "{}"));
    assert_eq!(lost.await.expect("it hangs").unwrap_err().kind(), ErrorKind::Protocol);
    assert!(eventually_async(|| client.diagnostics().counters.losses == 1).await);
}

/// The completion of such a wait asks the connection something: nothing of it may be held meanwhile.
#[test]
fn a_broken_answer_that_names_no_call_ends_the_waits_of_doors() {
    let body = r#"{"jsonrpc":"2.0","id":"#;
    let mut door = Door::new(
        json!([{"on": {"method": "session.send"}, "do": [{"raw": {"body": body}}, {"noReply": true}]}]),
    );
    door.create(1, json!({}));
    let error = door.run("session.sendAndWait", json!({"key": 1, "prompt": "x"})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(door.run("client.ping", json!({})).is_ok(), "the client goes on");
}

#[tokio::test]
async fn an_error_without_a_text_is_given_one() {
    for error in [r#"{"code":-7,"message":""}"#, r#"{"code":-7}"#, r#"{"code":-7,"message":null}"#] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":$id,"error":{error}}}"#);
        let client = fake_client(answers(&body));
        client.start().await.unwrap();
        let refused = client.call("test.break", "{}").await.unwrap_err();
        assert_eq!((refused.message(), refused.rpc_code()), ("Unknown error", Some(-7)), "{error}");
        client.stop().await;
    }
}
