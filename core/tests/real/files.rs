//! Session files kept by the program.

use std::sync::Arc;

use copilot_core::files::{MemoryFiles, ServeFiles, SessionFiles};
use copilot_core::{Client, ClientOptions, Handlers, LeaseOptions, SessionFsOptions, SessionFsStore};
use serde_json::json;

use crate::support::{World, say};

pub fn options(world: &World, home: &std::path::Path, store: Option<SessionFsStore>) -> ClientOptions {
    ClientOptions {
        base_directory: Some(home.to_string_lossy().into_owned()),
        session_fs: Some(SessionFsOptions {
            initial_cwd: "/work".into(),
            session_state_path: "/state".into(),
            conventions: "posix".into(),
            capabilities: None,
            store,
            lease: None,
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

/// What the agent keeps in its database goes with the session's files.
#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_of_a_session_goes_along() {
    let sql = |query: &str| json!({"toolCalls": [{"name": "sql", "arguments": {"query": query, "description": "x"}}]});
    let world = World::new(json!([
        sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)"),
        sql("INSERT INTO notes (text) VALUES ('remember Ada')"),
        {"text": "noted"},
        sql("SELECT text FROM notes"),
        {"text": "remembered"},
    ]))
    .await;
    let (folder, here, there) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Client::new(leased(&world, here.path(), folder.path(), "here")).unwrap();
    let session = first.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    assert_eq!(say(&session, "take a note").await, "noted");
    let id = session.id();
    assert!(first.stop().await.errors.is_empty());
    let second = Client::new(leased(&world, there.path(), folder.path(), "there")).unwrap();
    let session = second.resume_session(&id, world.spec(json!({}), Default::default())).await.unwrap();
    assert_eq!(say(&session, "what did you note?").await, "remembered");
    assert!(world.last_message().contains("remember Ada"), "{}", world.last_message());
    assert!(second.stop().await.errors.is_empty());
}

/// Options of a client on a machine of its own, which owns the sessions that it opens in a shared folder.
pub fn leased(world: &World, home: &std::path::Path, folder: &std::path::Path, owner: &str) -> ClientOptions {
    let store = SessionFsStore::Folder { path: folder.to_string_lossy().into_owned() };
    let mut options = options(world, home, Some(store));
    let lease = LeaseOptions { owner: Some(owner.into()), ttl_ms: Some(1500), wait_ms: None };
    options.session_fs.as_mut().unwrap().lease = Some(lease);
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_owned_by_one_machine_at_a_time() {
    let world = World::new(json!([{"text": "I am noted"}, {"text": "I remember"}])).await;
    let (folder, here, there) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Client::new(leased(&world, here.path(), folder.path(), "here")).unwrap();
    let second = Client::new(leased(&world, there.path(), folder.path(), "there")).unwrap();
    let session = first.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    say(&session, "my name is Ada").await;
    let id = session.id();
    let resumed = async || second.resume_session(&id, world.spec(json!({}), Default::default())).await;
    let refused = resumed().await.unwrap_err();
    assert_eq!(refused.reason().unwrap().code(), "session.in_use");
    assert!(refused.message().contains("in use by here until"), "{refused}");
    session.disconnect().await.unwrap();
    let session = resumed().await.unwrap();
    assert_eq!(say(&session, "who am I?").await, "I remember");
    assert!(world.last_messages().contains("my name is Ada"));
    assert!(second.stop().await.errors.is_empty());
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_taken_over_ends_where_it_was() {
    let world =
        World::new(json!([{"text": "I am noted"}, {"text": "I remember"}, {"text": "too late"}])).await;
    let (folder, here, there) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut options = leased(&world, here.path(), folder.path(), "here");
    // Long enough for the first to say nothing while the second starts its runtime.
    options.session_fs.as_mut().unwrap().lease.as_mut().unwrap().ttl_ms = Some(600_000);
    let first = Client::new(options).unwrap();
    let session = first.create_session(world.spec(json!({}), Default::default())).await.unwrap();
    let mut events = session.events();
    say(&session, "my name is Ada").await;
    let id = session.id();
    // As when the first one's machine stood still: its last word is long ago.
    let lease = folder.path().join(&*id).join(".~lease");
    let journal = folder.path().join(&*id).join(".~journal");
    for entry in std::fs::read_dir(&lease).unwrap() {
        std::fs::write(entry.unwrap().path(), r#"{"until":0,"from":0}"#).unwrap();
    }
    let opened = std::fs::read_to_string(journal.join(format!("{:012x}", 1))).unwrap();
    let (before, rest) = opened.split_once(r#""until":"#).unwrap();
    let until = rest.find(',').unwrap();
    std::fs::write(journal.join(format!("{:012x}", 1)), format!(r#"{before}"until":1{}"#, &rest[until..]))
        .unwrap();

    let second = Client::new(leased(&world, there.path(), folder.path(), "there")).unwrap();
    let resumed = second.resume_session(&id, world.spec(json!({}), Default::default())).await.unwrap();
    assert_eq!(say(&resumed, "who am I?").await, "I remember");
    // It learns of it by its next write.
    drop(session.send("and who am I?").await);
    while events.next().await.is_some() {}
    let ended = events.end_reason().expect("the session was taken");
    assert_eq!(ended.reason().unwrap().code(), "session.taken", "{ended}");
    assert!(ended.message().contains("taken over by there at 20"), "{ended}");
    let late = session.send("still here?").await.unwrap_err();
    assert_eq!(late.reason().unwrap().code(), "session.taken", "{late}");
    first.stop().await;
    assert!(second.stop().await.errors.is_empty());
}
