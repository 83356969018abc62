//! Sessions.

use std::time::Duration;

use copilot_core::{ErrorKind, SendOptions, SessionConfig, SessionSpec};
use copilot_testkit::matching;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Within, check, given, in_order, read};
use crate::canned::Canned;
use crate::event_log::{EventLog, envelope};
use crate::failure::{Failure, Outcome};
use crate::world::World;

fn client() -> String {
    "client".to_owned()
}

fn session() -> String {
    "session".to_owned()
}

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default = "session")]
    session: String,
}

#[derive(Deserialize)]
pub(super) struct Make {
    #[serde(rename = "as", default = "session")]
    name: String,
    #[serde(default = "client")]
    client: String,
    #[serde(rename = "sessionId")]
    session_id: Option<String>,
    config: Option<Value>,
    expect: Option<Value>,
    #[serde(flatten)]
    canned: Canned,
}

pub(super) async fn make(world: &World, args: Make) -> Outcome {
    let config: SessionConfig = args.config.map(read).transpose()?.unwrap_or_default();
    let mut spec = SessionSpec::new(config);
    args.canned.apply(&mut spec);
    let log = EventLog::new(spec.subscribe());
    let client = world.client(&args.client)?;
    let session = match &args.session_id {
        Some(id) => client.resume_session(id, spec).await?,
        None => client.create_session(spec).await?,
    };
    let stored = json!({"id": &*session.id()});
    world.add_session(&args.name, session, log);
    world.store(Some(&args.name), stored.clone());
    check("the session", args.expect.as_ref(), &stored)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    #[serde(default = "session")]
    session: String,
    prompt: String,
    #[serde(rename = "as")]
    store: Option<String>,
}

pub(super) async fn send(world: &World, args: Send) -> Outcome<Value> {
    let id = world.session(&args.session)?.0.send(args.prompt).await?;
    world.store(args.store.as_deref(), id.clone().into());
    Ok(id.into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SendAndWait {
    #[serde(default = "session")]
    session: String,
    prompt: String,
    timeout_ms: Option<u64>,
    idempotency_key: Option<String>,
    #[serde(default, deserialize_with = "given")]
    expect: Option<Value>,
    #[serde(rename = "as")]
    store: Option<String>,
}

pub(super) async fn send_and_wait(world: &World, args: SendAndWait) -> Outcome<Value> {
    let session = world.session(&args.session)?.0;
    let message =
        SendOptions { prompt: args.prompt, idempotency_key: args.idempotency_key, ..SendOptions::default() };
    let last = session.send_and_wait(message, args.timeout_ms.map(Duration::from_millis)).await?;
    let last = last.as_ref().map_or(Value::Null, envelope);
    check("the answer", args.expect.as_ref(), &last)?;
    world.store(args.store.as_deref(), last.clone());
    Ok(last)
}

pub(super) async fn abort(world: &World, args: Named) -> Outcome {
    Ok(world.session(&args.session)?.0.abort().await?)
}

pub(super) async fn disconnect(world: &World, args: Named) -> Outcome {
    Ok(world.session(&args.session)?.0.disconnect().await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GetEvents {
    #[serde(default = "session")]
    session: String,
    #[serde(default)]
    expect_in_order: Vec<Value>,
    #[serde(default)]
    absent: Vec<Value>,
}

pub(super) async fn get_events(world: &World, args: GetEvents) -> Outcome {
    let events = world.session(&args.session)?.0.get_events().await?;
    let events: Vec<_> = events.iter().map(envelope).collect();
    in_order(&args.expect_in_order, events.iter(), matching::matches).map_err(|wrong| {
        let types: Vec<_> = events.iter().map(|event| &event["type"]).collect();
        format!("history: {wrong}; it holds {types:?}")
    })?;
    match args.absent.iter().find(|kind| events.iter().any(|event| event["type"] == **kind)) {
        Some(kind) => Failure::unmet(format!("the history holds {kind}")),
        None => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct On {
    #[serde(default = "session")]
    session: String,
    #[serde(rename = "as")]
    name: String,
    #[serde(default)]
    throws: bool,
}

/// Subscribers of this surface read a queue, so a throwing one is a task that panics with the queue in its hands.
pub(super) fn on(world: &World, args: On) -> Outcome {
    let log = EventLog::new(world.session(&args.session)?.0.events());
    if args.throws {
        let reader = log.clone();
        tokio::spawn(async move {
            loop {
                let log = reader.clone();
                let look = async move {
                    if !log.events().is_empty() {
                        std::panic::resume_unwind(Box::new("a subscriber that throws"));
                    }
                };
                drop(tokio::spawn(look).await);
                tokio::time::sleep(super::LOOK_AGAIN).await;
            }
        });
    }
    world.add_subscription(&args.name, log);
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Off {
    subscription: String,
}

pub(super) fn off(world: &World, args: Off) -> Outcome {
    world.subscription(&args.subscription)?.leave();
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counters {
    #[serde(default = "session")]
    session: String,
    #[serde(default)]
    received_at_least: u64,
    #[serde(default)]
    delivered_at_least: u64,
    #[serde(default)]
    within_ms: Within,
}

pub(super) async fn counters(world: &World, args: Counters) -> Outcome {
    let (session, log) = world.session(&args.session)?;
    args.within_ms
        .until(|| {
            // What arrived counts for the session, what was handed out for each queue.
            let (received, delivered) = (session.counters().received, log.counters().delivered);
            if received >= args.received_at_least && delivered >= args.delivered_at_least {
                return Ok(());
            }
            Err(format!("received {received}, delivered {delivered}"))
        })
        .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Iterate {
    #[serde(default = "session")]
    session: String,
    #[serde(rename = "as")]
    name: String,
}

pub(super) fn iterate(world: &World, args: Iterate) -> Outcome {
    let mut events = world.session(&args.session)?.0.events();
    let task = tokio::spawn(async move {
        let mut last = String::new();
        while let Some(event) = events.next().await {
            event.event_type().clone_into(&mut last);
        }
        (last, events.end_reason())
    });
    world.add_iteration(&args.name, task);
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IterationEnd {
    name: String,
    ended: String,
    last: String,
}

/// An end that somebody wanted has a kind here, where others have none.
pub(super) async fn iteration(world: &World, args: IterationEnd) -> Outcome {
    let task = world.take_iteration(&args.name)?;
    let (last, why) = task.await.map_err(|error| Failure::Unmet(format!("the iteration broke: {error}")))?;
    let ended = match why.as_ref().map(|error| error.kind()) {
        None => "is under way",
        Some(ErrorKind::SessionClosed) => "done",
        Some(kind) => kind.name(),
    };
    if (ended, &*last) != (&*args.ended, &*args.last) {
        return Failure::unmet(format!("it ended with {ended} after {last}"));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListenAfterCreate {
    #[serde(default = "client")]
    client: String,
    count: usize,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    within_ms: Within,
}

pub(super) async fn listen_after_create(world: &World, args: ListenAfterCreate) -> Outcome {
    let client = world.client(&args.client)?;
    let mut made = Vec::new();
    for _ in 0..args.count {
        let session = client.create_session(SessionSpec::default()).await?;
        let log = EventLog::new(session.events());
        made.push((session, log));
    }
    args.within_ms
        .until(|| {
            let sees = |log: &EventLog| log.events().iter().any(|event| event["type"] == *args.kind);
            let seen = made.iter().filter(|(_, log)| sees(log)).count();
            if seen == args.count { Ok(()) } else { Err(format!("{seen} of {} saw it", args.count)) }
        })
        .await
}
