//! The life of sessions: resumed, forked, compacted, listed, deleted, shared by several clients.

use std::sync::Arc;

use copilot_core::{Client, ClientOptions, ErrorKind, Handlers, RuntimeConnection, Secret};
use serde_json::{Value, json};

use crate::support::{Asked, LIMIT, World, calls, content, done, eventually, say, tools, until};
use crate::version::since;

async fn call(client: &Client, method: &str, params: Value) -> Value {
    serde_json::from_slice(&client.call(method, &params.to_string()).await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_goes_on_with_another_runtime() {
    let world = World::new(json!([{"text": "noted"}, {"text": "I remember"}])).await;
    let first = world.client().await;
    let session = first.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    say(&session, "my name is Ada").await;
    let id = session.id();
    assert!(first.stop().await.errors.is_empty());
    let second = world.client().await;
    let session = second.resume_session(&id, world.spec(json!({}), Default::default())).await.unwrap();
    assert_eq!(say(&session, "who am I?").await, "I remember");
    assert!(world.last_messages().contains("my name is Ada"));
    let said = session.get_events().await.unwrap();
    assert_eq!(said.iter().filter(|event| event.event_type() == "user.message").count(), 2);
    let error = second.resume_session("no-such-session", world.config(json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rpc);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_resumed_by_its_own_client_with_new_handlers() {
    let world = World::new(json!([calls("look", json!({})), done(), calls("look", json!({}))])).await;
    let client = world.client().await;
    let (before, after) = (Asked::answering("before".into()), Asked::answering("after".into()));
    let with = |asked: &Arc<Asked>| {
        let tools_by_name = [("look".to_owned(), Arc::clone(asked) as _)].into();
        world.spec(
            json!({"tools": tools(&["look"])}),
            Handlers { tools: tools_by_name, ..Handlers::default() },
        )
    };
    let session = client.create_session(with(&before)).await.unwrap();
    say(&session, "one").await;
    session.disconnect().await.unwrap();
    assert_eq!(session.send("x").await.unwrap_err().kind(), ErrorKind::SessionClosed);
    let again = client.resume_session(&session.id(), with(&after)).await.unwrap();
    say(&again, "two").await;
    assert_eq!((before.seen().len(), after.seen().len()), (1, 1));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_has_the_same_past_and_its_own_future() {
    let world = World::new(json!([{"text": "one"}, {"text": "two"}])).await;
    let client = world.client().await;
    let session = client.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    say(&session, "first").await;
    let forked = call(&client, "sessions.fork", json!({"sessionId": &*session.id()})).await;
    let copy = forked["sessionId"].as_str().unwrap();
    let copy = client.resume_session(copy, world.spec(json!({}), Default::default())).await.unwrap();
    assert_eq!(say(&copy, "second").await, "two");
    assert!(world.last_messages().contains("first"));
    let said = session.get_events().await.unwrap();
    assert_eq!(said.iter().filter(|event| event.event_type() == "user.message").count(), 1);
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compacted_history_goes_on() {
    let world = World::new(json!([{"text": "a long story", "repeat": true}])).await;
    let client = world.client().await;
    let session = client.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    say(&session, "tell me").await;
    say(&session, "more").await;
    let mut events = session.events();
    let compacted: Value =
        serde_json::from_slice(&session.call("session.history.compact", "{}").await.unwrap()).unwrap();
    assert_eq!(compacted["success"], true);
    until(&mut events, "session.compaction_complete", &mut Vec::new()).await;
    assert_eq!(say(&session, "go on").await, "a long story");
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_share_a_session() {
    let world = World::new(json!([calls("shared", json!({})), done()])).await;
    let first = Client::new(world.tcp_options("between us")).unwrap();
    first.start().await.unwrap();
    let uri = RuntimeConnection::Uri {
        url: first.runtime_port().unwrap().to_string(),
        connection_token: Some(Secret("between us".into())),
    };
    let second = Client::new(ClientOptions { connection: Some(uri), ..ClientOptions::default() }).unwrap();
    let shared = Asked::answering("served once".into());
    let served =
        Handlers { tools: [("shared".to_owned(), Arc::clone(&shared) as _)].into(), ..Handlers::default() };
    let one = first.create_session(world.spec(json!({"tools": tools(&["shared"])}), served)).await.unwrap();
    let two = second.resume_session(&one.id(), world.spec(json!({}), Default::default())).await.unwrap();
    let mut events = two.events();
    assert_eq!(say(&one, "use it").await, "done");
    let answer = until(&mut events, "assistant.message", &mut Vec::new()).await;
    assert!(!content(&answer).is_empty() || answer.json().contains("shared"));
    until(&mut events, "session.idle", &mut Vec::new()).await;
    assert_eq!(shared.seen().len(), 1);
    second.stop().await;
    if since(&first, [1, 0, 80], "one client's leaving ends the session for all") {
        assert!(say(&one, "still there?").await.contains("still there?"));
    } else {
        assert_eq!(one.send("still there?").await.unwrap_err().kind(), ErrorKind::Rpc);
    }
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_listed_told_of_and_deleted() {
    let world = World::new(json!([])).await;
    let client = world.client().await;
    let mut lifecycle = client.lifecycle_events();
    let session = client.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    let id = session.id();
    say(&session, "remember me").await;
    let created = async {
        loop {
            let told = lifecycle.next().await.unwrap();
            if told.event_type == "session.created" && told.session_id == *id {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, created).await.unwrap();
    let listed = async || {
        let list = call(&client, "session.list", json!({})).await;
        list["sessions"].as_array().unwrap().iter().any(|each| each["sessionId"] == *id)
    };
    let last = async || call(&client, "session.getLastId", json!({})).await["sessionId"] == *id;
    if !since(&client, [1, 0, 80], "it writes a session down some time after the first turn") {
        eventually("the session is listed", listed).await;
        eventually("the session is the last one", last).await;
    }
    assert!(listed().await && last().await);
    session.disconnect().await.unwrap();
    client.delete_session(&id).await.unwrap();
    assert!(!listed().await, "it is deleted");
    assert!(client.delete_session(&id).await.is_err());
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mode_empty_offers_what_was_chosen_and_nothing_else() {
    let world = World::new(json!([])).await;
    let client = Client::new(ClientOptions { mode: copilot_core::Mode::Empty, ..world.options() }).unwrap();
    client.start().await.unwrap();
    let mine = Asked::answering("x".into());
    let served =
        Handlers { tools: [("mine".to_owned(), Arc::clone(&mine) as _)].into(), ..Handlers::default() };
    let config = json!({"tools": tools(&["mine"]), "availableTools": ["custom:mine"]});
    let session = client.create_session(world.spec(config, served)).await.unwrap();
    say(&session, "hi").await;
    assert_eq!(world.offered(), ["mine"]);
    let error = client.create_session(world.config(json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    client.stop().await;
}
