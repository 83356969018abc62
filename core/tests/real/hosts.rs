//! Hosts for the Agent Host Protocol.

use std::sync::Arc;

use async_trait::async_trait;
use copilot_core::handlers::{AhpHostExit, AhpSessionRequest};
use copilot_core::{AhpHostHandler, AhpHostOptions, Client, Error, ErrorKind, Handlers, Result};
use serde_json::{Map, json};
use tokio::sync::Notify;

use crate::support::{LIMIT, World, done, say};
use crate::version::since;

#[derive(Default)]
struct Exits(Notify);

#[async_trait]
impl AhpHostHandler for Exits {
    async fn session(&self, _: &Client, _: AhpSessionRequest) -> Result<String> {
        Err(Error::new(ErrorKind::Unsupported, "this host offers what it publishes"))
    }

    async fn exited(&self, exit: AhpHostExit) {
        assert_eq!(exit.reason, "disposed");
        self.0.notify_one();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_offered_and_taken_back() {
    let world = World::new(json!([done()])).await;
    let client = world.client().await;
    let exits = Arc::new(Exits::default());
    let options =
        AhpHostOptions { local_server: Some(Map::new()), resume_factory: true, ..AhpHostOptions::default() };
    let started = client.start_ahp_host(options, exits.clone()).await;
    if !since(&client, [1, 0, 102], "it knows no hosts") {
        let error = started.unwrap_err();
        let reason = error.reason().unwrap();
        assert_eq!(
            (reason.code(), &reason.params()["since"]),
            ("method.since", &json!("1.0.102")),
            "{error}"
        );
        client.stop().await;
        return;
    }
    let host = started.unwrap();
    assert!(host.url().unwrap().starts_with("ws://127.0.0.1:"));
    assert!(host.list_sessions().await.unwrap().is_empty());
    let session = client.create_session(world.spec(json!({}), Handlers::default())).await.unwrap();
    say(&session, "hello").await;
    let uri = host.publish_session(&session.id()).await.unwrap();
    assert_eq!(host.list_sessions().await.unwrap()[0]["resource"], json!(uri));
    assert!(host.unpublish_session(&session.id()).await.unwrap());
    assert!(!host.unpublish_session(&session.id()).await.unwrap());
    host.dispose().await.unwrap();
    tokio::time::timeout(LIMIT, exits.0.notified()).await.unwrap();
    session.disconnect().await.unwrap();
    assert!(client.stop().await.errors.is_empty());
}
