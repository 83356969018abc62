//! Steps about steps.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{check, given, run};
use crate::failure::{Failure, Outcome};
use crate::world::World;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectError {
    step: Value,
    kind: Value,
    contains: Option<String>,
    reason: Option<String>,
}

pub(super) async fn expect_error(world: &World, args: ExpectError) -> Outcome {
    let error = match run(world, &args.step).await {
        Ok(_) => return Failure::unmet("the step did not fail"),
        Err(Failure::Surface(error)) => error,
        Err(unmet) => return Err(unmet),
    };
    let name = error.kind().name();
    let kinds = args.kind.as_array().map_or(std::slice::from_ref(&args.kind), Vec::as_slice);
    if !kinds.iter().any(|kind| kind == name) {
        return Failure::unmet(format!("it failed with {name} ({error}), wanted {}", args.kind));
    }
    let reason = error.reason().map(copilot_core::Reason::code);
    if args.reason.is_some() && args.reason.as_deref() != reason {
        return Failure::unmet(format!("the error's reason is {reason:?}, wanted {:?}", args.reason));
    }
    let contains = args.contains.map(Value::String).map(|text| world.expand(&text));
    match contains.as_ref().and_then(Value::as_str) {
        Some(text) if !error.to_string().contains(text) => {
            Failure::unmet(format!("the error does not say {text:?}: {error}"))
        }
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    #[serde(rename = "as")]
    name: String,
    step: Value,
}

pub(super) fn begin(world: &World, args: Begin) -> Outcome {
    world.add_begun(&args.name, tokio::spawn(run(world, &args.step)));
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Await {
    name: String,
    #[serde(default, deserialize_with = "given")]
    expect: Option<Value>,
}

pub(super) async fn wait_for(world: &World, args: Await) -> Outcome<Value> {
    let task = world.take_begun(&args.name)?;
    let result = task.await.map_err(|error| Failure::Unmet(format!("the step broke: {error}")))??;
    check("the result", args.expect.as_ref(), &result)?;
    Ok(result)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parallel {
    steps: Vec<Value>,
}

pub(super) async fn parallel(world: &World, args: Parallel) -> Outcome {
    let tasks: Vec<_> = args.steps.iter().map(|step| tokio::spawn(run(world, step))).collect();
    let mut outcome = Ok(());
    for task in tasks {
        let ended = task.await.map_err(|error| Failure::Unmet(format!("a step broke: {error}")));
        if let Err(failure) = ended.and_then(|result| result) {
            outcome = outcome.and(Err(failure));
        }
    }
    outcome
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sleep {
    ms: u64,
}

pub(super) async fn sleep(args: Sleep) -> Outcome {
    tokio::time::sleep(Duration::from_millis(args.ms)).await;
    Ok(())
}
