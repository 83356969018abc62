//! Looking at what happened. Nothing is taken away.

use std::sync::Arc;
use std::time::Duration;

use copilot_testkit::matching::matches;
use serde::Deserialize;
use serde_json::Value;

use super::{Within, in_order, short};
use crate::event_log::EventLog;
use crate::failure::{Failure, Outcome};
use crate::world::World;

/// Whose events are looked at.
#[derive(Deserialize)]
pub(super) struct Source {
    session: Option<String>,
    subscription: Option<String>,
}

impl Source {
    fn log(&self, world: &World) -> Outcome<Arc<EventLog>> {
        match &self.subscription {
            Some(name) => world.subscription(name),
            None => Ok(world.session(self.session.as_deref().unwrap_or("session"))?.1),
        }
    }
}

fn types(events: &[Arc<Value>]) -> String {
    let types: Vec<_> = events.iter().rev().take(20).rev().map(|event| event["type"].to_string()).collect();
    format!("{} events, at last {}", events.len(), types.join(" "))
}

#[derive(Deserialize)]
pub(super) struct OneEvent {
    #[serde(flatten)]
    source: Source,
    #[serde(rename = "type")]
    kind: String,
    data: Option<Value>,
    #[serde(default)]
    within_ms: Within,
    #[serde(default)]
    absent: bool,
}

pub(super) async fn event(world: &World, args: OneEvent) -> Outcome {
    let log = args.source.log(world)?;
    let fits = |event: &Arc<Value>| {
        event["type"] == *args.kind && args.data.as_ref().is_none_or(|data| matches(data, &event["data"]))
    };
    if args.absent {
        tokio::time::sleep(Duration::from_millis(100)).await;
        return match log.events().iter().find(|event| fits(event)) {
            Some(event) => Failure::unmet(format!("there is {}", short(event))),
            None => Ok(()),
        };
    }
    args.within_ms
        .until(|| {
            let events = log.events();
            if events.iter().any(fits) {
                return Ok(());
            }
            Err(format!("no such event: {}", types(&events)))
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct EventsInOrder {
    #[serde(flatten)]
    source: Source,
    events: Vec<Value>,
    #[serde(default)]
    within_ms: Within,
}

pub(super) async fn events_in_order(world: &World, args: EventsInOrder) -> Outcome {
    let log = args.source.log(world)?;
    args.within_ms
        .until(|| {
            let events = log.events();
            in_order(&args.events, events.iter().map(|event| &**event), matches)
                .map_err(|wrong| format!("{wrong}; there are {}", types(&events)))
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Sequence {
    #[serde(flatten)]
    source: Source,
    #[serde(rename = "type")]
    kind: String,
    field: String,
    count: u64,
    #[serde(default)]
    within_ms: Within,
}

pub(super) async fn sequence(world: &World, args: Sequence) -> Outcome {
    let log = args.source.log(world)?;
    args.within_ms
        .until(|| {
            let events = log.events();
            let numbers =
                events.iter().filter(|event| event["type"] == *args.kind).map(|e| &e["data"][&args.field]);
            let mut next = 0;
            for number in numbers.filter(|number| !number.is_null()) {
                if number.as_u64() != Some(next) {
                    return Err(format!("after {next} numbers in order comes {number}"));
                }
                next += 1;
            }
            if next == args.count { Ok(()) } else { Err(format!("{next} numbers in order, and no more")) }
        })
        .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenValue {
    value: Value,
    equals: Option<Value>,
    contains_in_order: Option<Vec<Value>>,
}

pub(super) fn value(args: GivenValue) -> Outcome {
    let actual = &args.value;
    if args.equals.as_ref().is_some_and(|wanted| wanted != actual) {
        return Failure::unmet(format!("the value is {}", short(actual)));
    }
    if let Some(wanted) = &args.contains_in_order {
        let items = actual.as_array().map(Vec::as_slice).unwrap_or_default();
        in_order(wanted, items.iter(), |wanted, item| wanted == item)
            .map_err(|wrong| format!("{wrong} in {}", short(actual)))?;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Received {
    method: Value,
    #[serde(rename = "where")]
    params: Option<Value>,
    count: Option<usize>,
    #[serde(default)]
    within_ms: Within,
}

/// Compares a number of things with the number wanted: at least one when none is given, exactly that many else.
fn counted(count: usize, wanted: Option<usize>) -> Result<(), String> {
    let right = wanted.map_or(count > 0, |wanted| count == wanted);
    if right { Ok(()) } else { Err(format!("{count} of them, wanted {wanted:?}")) }
}

pub(super) async fn received(world: &World, args: Received) -> Outcome {
    let fits = |frame: &Value| {
        matches(&args.method, &frame["method"])
            && args.params.as_ref().is_none_or(|params| matches(params, &frame["params"]))
    };
    let look = || {
        let frames = world.recording().received();
        counted(frames.iter().filter(|frame| fits(frame)).count(), args.count).map_err(|wrong| {
            let alike = frames.iter().filter(|frame| matches(&args.method, &frame["method"]));
            let alike: Vec<_> = alike.map(|frame| short(&frame["params"])).collect();
            format!("{wrong}; params of that method: {alike:?}")
        })
    };
    if args.count == Some(0) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        return look().map_err(Failure::Unmet);
    }
    args.within_ms.until(look).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceivedInOrder {
    messages: Vec<Value>,
    #[serde(default)]
    within_ms: Within,
}

pub(super) async fn received_in_order(world: &World, args: ReceivedInOrder) -> Outcome {
    args.within_ms
        .until(|| {
            let frames = world.recording().received();
            let fits = |wanted: &Value, frame: &Value| {
                matches(&wanted["method"], &frame["method"])
                    && wanted.get("where").is_none_or(|params| matches(params, &frame["params"]))
            };
            in_order(&args.messages, frames.iter(), fits).map_err(|wrong| {
                let methods: Vec<_> = frames.iter().map(|frame| &frame["method"]).collect();
                format!("{wrong}; there are {methods:?}")
            })
        })
        .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelReceived {
    contains: String,
    count: Option<usize>,
    #[serde(default)]
    within_ms: Within,
}

pub(super) async fn model_received(world: &World, args: ModelReceived) -> Outcome {
    let Some(model) = world.model() else { return Failure::unmet("this case has no model") };
    args.within_ms
        .until(|| {
            let requests = model.requests();
            let count = requests.iter().filter(|body| body.to_string().contains(&args.contains)).count();
            counted(count, args.count).map_err(|wrong| format!("{wrong}, of {} requests", requests.len()))
        })
        .await
}
