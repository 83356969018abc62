//! Session files kept by the program.

use std::sync::Arc;

use copilot_core::files::{MemoryFiles, ServeFiles, SessionFiles};
use copilot_core::{Client, ClientOptions, Handlers, SessionFsOptions, SessionFsStore};
use serde_json::json;

use crate::support::{World, say};

fn options(world: &World, home: &std::path::Path, store: Option<SessionFsStore>) -> ClientOptions {
    ClientOptions {
        base_directory: Some(home.to_string_lossy().into_owned()),
        session_fs: Some(SessionFsOptions {
            initial_cwd: "/work".into(),
            session_state_path: "/state".into(),
            conventions: "posix".into(),
            capabilities: None,
            store,
        }),
        ..world.options()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_carries_sessions_to_another_runtime() {
    let world =
        World::new(json!([{"text": "I am noted"}, {"text": "not you"}, {"text": "I remember"}])).await;
    let folder = tempfile::tempdir().unwrap();
    let store = || Some(SessionFsStore::Folder { path: folder.path().to_string_lossy().into_owned() });
    let here = tempfile::tempdir().unwrap();
    let first = Client::new(options(&world, here.path(), store())).unwrap();
    let session = first.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    say(&session, "my name is Ada").await;
    let other = first.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    say(&other, "my name is Bob").await;
    let id = session.id();
    first.stop().await;
    drop(here);
    let events = folder.path().join(&*id).join("state/events.jsonl");
    assert!(std::fs::read_to_string(&events).unwrap().contains("Ada"), "{events:?}");

    let there = tempfile::tempdir().unwrap();
    let second = Client::new(options(&world, there.path(), store())).unwrap();
    let session = second.resume_session(&id, world.spec(json!({}), Default::default())).await.unwrap();
    assert_eq!(say(&session, "who am I?").await, "I remember");
    let messages = world.last_messages();
    assert!(messages.contains("my name is Ada") && !messages.contains("my name is Bob"));
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_ones_own_serves_a_session() {
    let world = World::new(json!([{"text": "I am noted"}, {"text": "I remember"}])).await;
    let files = MemoryFiles::new();
    let served =
        || Handlers { session_fs: Some(ServeFiles::new(files.clone()) as Arc<_>), ..Handlers::default() };
    let home = tempfile::tempdir().unwrap();
    let first = Client::new(options(&world, home.path(), None)).unwrap();
    let session = first.create_session(world.spec(json!({}), served())).await.unwrap();
    say(&session, "my name is Ada").await;
    let id = session.id();
    first.stop().await;
    let events = files.read_file("/state/events.jsonl").await.unwrap();
    assert!(events.contains("Ada") && events.contains("session.shutdown"), "{events}");
    let home = tempfile::tempdir().unwrap();
    let second = Client::new(options(&world, home.path(), None)).unwrap();
    let session = second.resume_session(&id, world.spec(json!({}), served())).await.unwrap();
    assert_eq!(say(&session, "who am I?").await, "I remember");
    second.stop().await;
    let third = Client::new(options(&world, home.path(), None)).unwrap();
    let error = third.create_session(world.config(json!({}))).await.unwrap_err();
    assert_eq!(error.reason().unwrap().code(), "files.no_handler", "{error}");
    third.stop().await;
}
