//! Sending, waiting, streaming, aborting.

use std::time::Duration;

use copilot_core::{ErrorKind, SendOptions, StructuredOptions, Until, WaitOptions};
use serde_json::{Value, json};

use crate::support::{LIMIT, World, content, say, until};
use crate::version::since;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_messages_each_get_their_own_answer() {
    let world = World::new(json!([])).await;
    let client = world.client().await;
    if !since(&client, [1, 0, 80], "its events do not say which message they belong to") {
        return;
    }
    let session = client.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    let limit = WaitOptions::from(LIMIT);
    let (one, two, three) = tokio::join!(
        session.send_and_wait("apples", limit),
        session.send_and_wait("pears", limit),
        session.send_and_wait("plums", limit),
    );
    for (event, word) in [(one, "apples"), (two, "pears"), (three, "plums")] {
        let text = content(&event.unwrap().unwrap());
        assert!(text.contains(word), "{word}: {text}");
    }
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_end_the_wait_and_not_the_work() {
    let slow = json!([{"when": {"contains": "slow"}, "chunks": ["a", "b", "c"], "chunkDelayMs": 1500},
                      {"when": {"contains": "never"}, "hang": true}]);
    let world = World::new(slow).await;
    let client = world.client().await;
    let session =
        client.create_session(world.spec(json!({"streaming": true}), Default::default())).await.unwrap();
    let quick = Duration::from_millis(700);
    let error = session.send_and_wait("slow please", quick).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let seen: Value = serde_json::from_str(error.data().unwrap()).unwrap();
    assert!(seen["lastEvent"]["type"].is_string(), "{seen}");
    assert!(error.message().starts_with("Timeout after 0.7s waiting for session.idle"), "{error}");
    let mut events = session.events();
    let answer = until(&mut events, "assistant.message", &mut Vec::new()).await;
    assert_eq!(content(&answer), "abc", "the agent went on");
    until(&mut events, "session.idle", &mut Vec::new()).await;

    let quiet = WaitOptions { inactivity: Some(Duration::from_secs(2)), ..LIMIT.into() };
    let error = session.send_and_wait("never answer", quiet).await.unwrap_err();
    assert!(error.message().contains("without an event"), "{error}");
    session.abort().await.unwrap();
    until(&mut events, "session.idle", &mut Vec::new()).await;
    let foreground = WaitOptions { until: Until::ForegroundIdle, ..LIMIT.into() };
    let answer = session.send_and_wait("and now?", foreground).await.unwrap().unwrap();
    assert!(content(&answer).contains("and now?"));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn structured_answers_are_checked_and_asked_for_again() {
    let script = json!([{"text": "Paris, of course"}, {"text": "{\"city\": 7}"}, {"text": "{\"city\": \"Paris\"}"},
                        {"text": "nonsense", "repeat": true}]);
    let world = World::new(script).await;
    let client = world.client().await;
    if !since(&client, [1, 0, 80], "it does not know responseFormat") {
        return;
    }
    let session = client.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
                        "additionalProperties": false});
    let options = StructuredOptions { wait: LIMIT.into(), ..StructuredOptions::new(schema.clone()) };
    let answer = session.send_and_wait_structured("The capital of France?", options.clone()).await.unwrap();
    assert_eq!((&answer.value, answer.tries), (&json!({"city": "Paris"}), 3));
    let requests = world.model.requests();
    assert_eq!(requests[0]["response_format"]["json_schema"]["schema"], schema);
    assert!(requests[1]["messages"].to_string().contains("is not JSON"), "it was told what was wrong");
    assert!(requests[2]["messages"].to_string().contains("is not of type"));

    let once = StructuredOptions { retries: 0, ..options.clone() };
    let error = session.send_and_wait_structured("And of Spain?", once).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    let data: Value = serde_json::from_str(error.data().unwrap()).unwrap();
    assert_eq!((&data["text"], &data["tries"]), (&json!("nonsense"), &json!(1)));
    let plain = say(&session, "Never mind").await;
    assert_eq!(plain, "nonsense");
    assert!(
        world.model.requests().last().unwrap().get("response_format").is_none(),
        "the schema is not kept"
    );

    let immediate = SendOptions { mode: Some("immediate".into()), ..SendOptions::from("x") };
    let error = session.send_and_wait_structured(immediate, options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let broken = StructuredOptions::new(json!({"type": "no such type"}));
    let error = session.send_and_wait_structured("x", broken).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deltas_add_up_and_can_be_left_out() {
    let world = World::new(json!([{"chunks": ["one ", "two ", "three"], "repeat": true}])).await;
    let client = world.client().await;
    for streaming in [true, false] {
        let mut spec = world.spec(json!({"streaming": streaming}), Default::default());
        let mut events = spec.subscribe();
        let session = client.create_session(spec).await.unwrap();
        assert_eq!(say(&session, "count").await, "one two three");
        let (mut text, mut first) = (String::new(), None);
        while let Some(event) = events.try_next() {
            first.get_or_insert_with(|| event.event_type().to_owned());
            if event.event_type() == "assistant.message_delta" {
                text += event.data::<Value>().unwrap()["deltaContent"].as_str().unwrap();
            }
        }
        assert_eq!(text, if streaming { "one two three" } else { "" });
        assert_eq!(first.as_deref(), Some("session.start"), "the first event is not missed");
    }
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aborted_stream_leaves_a_usable_session() {
    let many = vec!["x"; 200];
    let world =
        World::new(json!([{"when": {"contains": "slow"}, "chunks": many, "chunkDelayMs": 100}])).await;
    let client = world.client().await;
    let session =
        client.create_session(world.spec(json!({"streaming": true}), Default::default())).await.unwrap();
    let mut events = session.events();
    let waiting = tokio::spawn({
        let session = session.clone();
        async move { session.send_and_wait("slow please", LIMIT).await }
    });
    until(&mut events, "assistant.message_delta", &mut Vec::new()).await;
    session.abort().await.unwrap();
    let mut seen = Vec::new();
    until(&mut events, "session.idle", &mut seen).await;
    assert!(seen.contains(&"abort".to_owned()), "{seen:?}");
    waiting.await.unwrap().unwrap();
    assert!(say(&session, "again").await.contains("again"));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_model_is_an_error_of_the_session() {
    let world = World::new(
        json!([{"error": {"status": 401, "body": {"error": {"message": "bad key"}}}, "repeat": true}]),
    )
    .await;
    let client = world.client().await;
    let session = client.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    let error = session.send_and_wait("hello", LIMIT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SessionError);
    assert!(error.message().starts_with("Session error: "), "{error}");
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attachments_reach_the_model() {
    let world = World::new(json!([])).await;
    let file = world.home.path().join("notes.txt");
    std::fs::write(&file, "remember the milk").unwrap();
    let client = world.client().await;
    let session = client.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    let message = SendOptions {
        attachments: Some(vec![json!({"type": "file", "path": file, "displayName": "my notes"})]),
        ..SendOptions::from("read this")
    };
    session.send_and_wait(message, LIMIT).await.unwrap();
    assert!(world.last_messages().contains("notes.txt"));
    client.stop().await;
}
