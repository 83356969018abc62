//! How a session begins and ends for the one who asked for it: what follows the answer is seen, what nobody wants is left.

use std::time::Duration;

use crate::support::{call, eventually_async, fake_client};
use async_trait::async_trait;
use copilot_core::handlers::{CallContext, McpAuthHandler, McpAuthRequest};
use copilot_core::{Client, ErrorKind, Result, SessionConfig, SessionSpec};
use serde_json::{Value, json};

/// The runtime tells of the start behind its answer, both in one write.
fn tells_after_answer() -> Value {
    json!([{"on": {"method": "session.create"}, "do": [{"reply": "default"}, {"event": {"type": "session.start"}}]}])
}

async fn received(client: &Client, method: &str) -> u64 {
    call(client, "fake.received", json!({"method": method})).await["count"].as_u64().unwrap()
}

async fn sees_the_start_of_each() {
    let client = fake_client(tells_after_answer());
    for _ in 0..25 {
        let session = client.create_session(SessionConfig::default()).await.unwrap();
        let mut events = session.events();
        let first = tokio::time::timeout(Duration::from_secs(60), events.next()).await.expect("no event");
        assert_eq!(first.unwrap().event_type(), "session.start");
    }
    client.stop().await;
}

#[tokio::test]
async fn who_subscribes_next_sees_what_followed_the_answer() {
    sees_the_start_of_each().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_is_with_several_threads() {
    sees_the_start_of_each().await;
}

#[tokio::test]
async fn who_uses_a_session_first_is_not_handed_old_events() {
    let client = fake_client(tells_after_answer());
    let session = client.create_session(SessionConfig::default()).await.unwrap();
    session.abort().await.unwrap();
    assert!(session.events().try_next().is_none());
    client.stop().await;
}

struct NoTokens;

#[async_trait]
impl McpAuthHandler for NoTokens {
    async fn authorize(&self, _: &CallContext, _: McpAuthRequest) -> Result<Value> {
        Ok(Value::Null)
    }
}

fn with_tokens() -> SessionSpec {
    let mut spec = SessionSpec::default();
    spec.handlers.mcp_auth = Some(std::sync::Arc::new(NoTokens));
    spec
}

#[tokio::test]
async fn a_session_that_cannot_be_set_up_is_left_in_the_runtime_too() {
    let refuse = json!({"reply": {"error": {"code": 7, "message": "not now"}}});
    for method in ["session.eventLog.registerInterest", "session.options.update"] {
        let client = fake_client(json!([{"on": {"method": method}, "do": [refuse]}]));
        let mut spec = with_tokens();
        spec.config.coauthor_enabled = Some(true);
        let error = client.create_session(spec).await.unwrap_err();
        assert_eq!(error.message(), "not now");
        let mut left = 0;
        for _ in 0..500 {
            left = received(&client, "session.destroy").await;
            if left > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(left, 1, "{method}");
        assert!(eventually_async(|| client.diagnostics().open_sessions == 0).await);
        client.stop().await;
    }
}

#[tokio::test]
async fn a_session_whose_creator_gave_up_is_left() {
    let slow = json!([{"on": {"method": "session.create"}, "do": [{"sleep": 200}, {"reply": "default"}]}]);
    for cloud in [None, Some(json!({}))] {
        let client = fake_client(slow.clone());
        client.start().await.unwrap();
        let config = SessionConfig { cloud, ..SessionConfig::default() };
        let asked = client.create_session(config);
        assert!(tokio::time::timeout(Duration::from_millis(50), asked).await.is_err());
        for _ in 0..500 {
            if received(&client, "session.destroy").await > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(received(&client, "session.destroy").await, 1);
        assert!(eventually_async(|| client.diagnostics().open_sessions == 0).await);
        client.stop().await;
    }
}

#[tokio::test]
async fn a_resume_that_ends_with_the_connection_does_not_bring_the_old_session_back() {
    let dies = json!([
        {"on": {"method": "session.send"}, "do": [{"reply": "default"}]},
        {"on": {"method": "session.resume"}, "do": [{"exit": 3}]},
    ]);
    let client = fake_client(dies);
    let session = client.create_session(SessionConfig::default()).await.unwrap();
    let mut events = session.events();
    let waiting = tokio::spawn({
        let session = session.clone();
        async move { session.send_and_wait("x", None).await }
    });
    assert!(eventually_async(|| client.diagnostics().counters.calls >= 3).await);
    client.resume_session(&session.id(), SessionConfig::default()).await.unwrap_err();
    let ended = tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("the wait never ended");
    assert_eq!(ended.unwrap().unwrap_err().kind(), ErrorKind::ProcessExited);
    while events.next().await.is_some() {}
    assert_eq!(events.end_reason().unwrap().kind(), ErrorKind::ProcessExited);
}

#[tokio::test]
async fn a_failed_resume_gives_the_old_session_its_place_back() {
    let refuses = json!([{"on": {"method": "session.resume"}, "do": [{"reply": {"error": {"code": 1, "message": "no"}}}]}]);
    let client = fake_client(refuses);
    let session = client.create_session(SessionConfig::default()).await.unwrap();
    client.resume_session(&session.id(), SessionConfig::default()).await.unwrap_err();
    session.send_and_wait("x", Some(Duration::from_secs(60))).await.unwrap();
    client.stop().await;
}

#[tokio::test]
async fn streams_tell_why_they_ended() {
    let client = fake_client(json!([{"on": {"method": "test.die"}, "do": [{"exit": 3}]}]));
    let session = client.create_session(SessionConfig::default()).await.unwrap();
    let mut events = session.events();
    session.disconnect().await.unwrap();
    assert!(events.next().await.is_none());
    assert_eq!(events.end_reason().unwrap().kind(), ErrorKind::SessionClosed);
    let session = client.create_session(SessionConfig::default()).await.unwrap();
    let mut events = session.events();
    assert!(events.end_reason().is_none());
    client.call("test.die", "{}").await.unwrap_err();
    assert!(events.next().await.is_none());
    assert_eq!(events.end_reason().unwrap().kind(), ErrorKind::ProcessExited);
    assert_eq!(session.events().end_reason().unwrap().kind(), ErrorKind::ProcessExited, "late ones too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_by_force_is_not_missed() {
    let mute = json!([{"on": {"method": "session.destroy"}, "do": [{"noReply": true}]}]);
    for pause in 0..20_u32 {
        let client = fake_client(mute.clone());
        client.create_session(SessionConfig::default()).await.unwrap();
        let stopping = tokio::spawn({
            let client = client.clone();
            async move { client.stop().await }
        });
        for _ in 0..pause * 50 {
            std::hint::spin_loop();
        }
        client.force_stop().await;
        // Less than the ten seconds that a stop waits by itself.
        tokio::time::timeout(Duration::from_secs(8), stopping).await.expect("the stop went on").unwrap();
    }
}
