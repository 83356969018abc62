//! Messages with an idempotency key, and sessions that are not there.

use std::time::Duration;

use copilot_core::{Client, ErrorKind, Event, SendOptions, Session, SessionFsStore};
use serde_json::json;

use crate::files::{leased, options};
use crate::support::{Asked, World, calls, tool};
use crate::tools::handlers;

/// Cuts the first client off while the model still has the message, or the answer to a tool, before it.
async fn cut_off_and_asked_again(world: &World, waits_for: &str) -> (Session, Option<Event>) {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let message =
        || SendOptions { idempotency_key: Some("mail 1".to_owned()), ..SendOptions::from("send the mail") };
    let mail = Asked::answering("it is sent".into());
    let spec = || world.spec(json!({"tools": [tool("mail")]}), handlers(&[("mail", &mail)]));
    let first = Client::new(leased(world, here.path(), folder.path(), "here")).unwrap();
    let session = first.create_session(spec()).await.unwrap();
    let id = session.id();
    let mut events = session.events();
    let (asked, ()) = tokio::join!(session.send_and_wait(message(), None), async {
        while events.next().await.unwrap().event_type() != waits_for {}
        // The model is asked next; the events before are written meanwhile.
        tokio::time::sleep(Duration::from_secs(1)).await;
        first.force_stop().await;
    });
    assert_eq!(asked.unwrap_err().kind(), ErrorKind::SessionClosed);
    let second = Client::new(leased(world, there.path(), folder.path(), "there")).unwrap();
    let session = second.resume_session(&id, spec()).await.unwrap();
    let answer = session.send_and_wait(message(), None).await.unwrap();
    let again = session.send_and_wait(message(), None).await.unwrap();
    assert_eq!(answer.as_ref().map(Event::data_json), again.as_ref().map(Event::data_json));
    assert!(mail.seen().len() <= 1);
    (session, answer)
}

async fn user_messages(session: &Session) -> usize {
    let events = session.get_events().await.unwrap();
    events.iter().filter(|event| event.event_type() == "user.message").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_cut_off_is_sent_once() {
    let world = World::new(json!([{"hang": true}, {"text": "done"}])).await;
    let (session, answer) = cut_off_and_asked_again(&world, "assistant.turn_start").await;
    assert!(answer.unwrap().json().contains("done"));
    assert_eq!(user_messages(&session).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_that_ran_before_the_cut_does_not_run_again() {
    let call = calls("mail", json!({}));
    let world = World::new(json!([call, {"hang": true}, {"text": "done"}])).await;
    let (session, answer) = cut_off_and_asked_again(&world, "tool.execution_complete").await;
    assert!(answer.unwrap().json().contains("done"));
    let messages = world.last_messages();
    assert!(messages.contains("it is sent") && messages.contains("was interrupted"), "{messages}");
    assert_eq!(user_messages(&session).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_not_there_is_told_by_its_reason() {
    let world = World::new(json!([])).await;
    let home = tempfile::tempdir().unwrap();
    let client = Client::new(options(&world, home.path(), Some(SessionFsStore::Memory))).unwrap();
    let error = client.resume_session("none", world.spec(json!({}), Default::default())).await.unwrap_err();
    assert_eq!(error.reason().unwrap().code(), "session.not_found", "{error}");
    assert!(error.rpc_code().is_some() && error.kind() == ErrorKind::Rpc);
    client.stop().await;
}
