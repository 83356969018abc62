//! Every method of the typed namespaces is called once on the real runtime, and its result decodes.
//!
//! `COPILOT_UPDATE_METHODS=1` writes what the runtime answered into `tests/generated/methods.json` and `docs/methods.md`.

#![cfg(feature = "types")]
#![allow(missing_docs, unreachable_pub, reason = "a test program has no outside")]

mod call;
#[path = "generated/calls.rs"]
mod calls;
mod files;
mod plan;
mod world;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use call::{Failure, Recorder, Rpc, same};
use copilot_core::ErrorKind;
use copilot_core::generated::{ServerRpc, SessionRpc, names};
use plan::Step;
use serde_json::{Value, json};
use world::World;

const LIMIT: Duration = Duration::from_secs(5);

/// What became of one call.
#[derive(Debug)]
enum Outcome {
    Decoded(Value),
    Refused(String),
    Waits,
    Skipped,
    /// A defect of the types: parameters or result do not fit, or something was lost.
    Misread(#[expect(dead_code, reason = "printed")] String),
}

async fn run(world: &World, step: &Step) -> Outcome {
    if step.skip {
        return Outcome::Skipped;
    }
    let on = step.on.as_deref().unwrap_or("main");
    let (client, session) = world.place(on);
    let (_, function) = calls::CALLS.iter().find(|(name, _)| *name == step.method).unwrap();
    let (of_client, of_session) = (Recorder::new(client), Recorder::new(session));
    let id = session.id();
    let rpc = Rpc { server: ServerRpc::new(&of_client), session: SessionRpc::new(&of_session, &id) };
    let params = plan::fill(&step.params, &world.known());
    let answer = tokio::time::timeout(LIMIT, function(rpc, params)).await;
    match answer {
        Err(_) => Outcome::Waits,
        Ok(Err(Failure::Params(error))) => Outcome::Misread(format!("parameters: {error}")),
        Ok(Err(Failure::Call(error))) if error.kind() == ErrorKind::Rpc => {
            Outcome::Refused(error.to_string())
        }
        Ok(Err(Failure::Call(error))) => {
            let raw = of_client.take().or_else(|| of_session.take()).unwrap_or_default();
            Outcome::Misread(format!("{error}\n  {raw}"))
        }
        Ok(Ok(written)) => {
            let raw = of_client.take().or_else(|| of_session.take()).unwrap_or_default();
            let nothing = written.is_null() && (raw.is_null() || raw == json!({}));
            if !nothing && !same(&raw, &written) {
                return Outcome::Misread(format!("not the same when written back:\n  {raw}\n  {written}"));
            }
            Outcome::Decoded(raw)
        }
    }
}

/// What is wrong with this outcome, if anything.
fn judge(step: &Step, outcome: &Outcome) -> Option<String> {
    let fits = match outcome {
        Outcome::Misread(_) => false,
        Outcome::Decoded(_) => step.refused.is_none() && !step.waits,
        Outcome::Refused(text) => {
            step.refused.as_ref().is_some_and(|part| !part.is_empty() && text.contains(part))
        }
        Outcome::Waits => step.waits,
        Outcome::Skipped => true,
    };
    let needs_reason =
        !matches!(outcome, Outcome::Decoded(_)) && step.why.as_deref().unwrap_or("").is_empty();
    match (fits, needs_reason) {
        (false, _) => Some(format!("{}: {outcome:?}, the plan says {step:?}", step.method)),
        (true, true) => Some(format!("{}: the plan gives no reason", step.method)),
        (true, false) => None,
    }
}

/// The plan as the runtime answered it.
fn corrected(step: &Step, outcome: &Outcome, world: &World) -> Step {
    let mut step = step.clone();
    match outcome {
        Outcome::Decoded(_) => (step.refused, step.waits, step.why) = (None, false, None),
        Outcome::Refused(text) => {
            if !step.refused.as_ref().is_some_and(|part| text.contains(part)) {
                step.refused = Some(world.stable_part(text));
            }
            step.waits = false;
        }
        Outcome::Waits => (step.refused, step.waits) = (None, true),
        Outcome::Skipped | Outcome::Misread(_) => {}
    }
    step
}

/// Names that occur in one of the lists only.
fn missing(steps: &[Step]) -> Vec<String> {
    let planned: Vec<&str> = steps.iter().map(|step| step.method.as_str()).collect();
    let planned_once: BTreeSet<&str> = planned.iter().copied().collect();
    // The runtime of this test does not have the newer ones.
    let newer: BTreeSet<&str> = names::method::NEWER.iter().copied().collect();
    let known: BTreeSet<&str> =
        names::method::ALL.iter().copied().filter(|name| !newer.contains(name)).collect();
    let callable: BTreeSet<&str> =
        calls::CALLS.iter().map(|(name, _)| *name).filter(|name| !newer.contains(name)).collect();
    let mut found: Vec<String> =
        known.difference(&planned_once).map(|name| format!("{name}: not in the plan")).collect();
    found.extend(planned_once.difference(&known).map(|name| format!("{name}: in the plan only")));
    found.extend(known.symmetric_difference(&callable).map(|name| format!("{name}: not in one table")));
    if planned.len() != planned_once.len() {
        found.push("a method is in the plan twice".to_owned());
    }
    found
}

#[test]
fn every_method_is_in_the_plan() {
    assert_eq!(missing(&plan::load()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_answers_as_planned() {
    let steps = plan::load();
    let update = std::env::var_os("COPILOT_UPDATE_METHODS").is_some();
    let mut world = World::start().await;
    let (mut wrong, mut now, mut counts) = (Vec::new(), Vec::new(), HashMap::<&str, usize>::new());
    for step in &steps {
        let outcome = run(&world, step).await;
        if let Outcome::Decoded(result) = &outcome {
            wrong.extend(world.save(&step.save, result));
        }
        if std::env::var_os("COPILOT_SHOW_METHODS").is_some() {
            println!("{} {}", step.method, format!("{outcome:?}").chars().take(300).collect::<String>());
        }
        wrong.extend(judge(step, &outcome));
        *counts.entry(name(&outcome)).or_default() += 1;
        now.push(corrected(step, &outcome, &world));
    }
    world.stop().await;
    println!("{counts:?}");
    if update {
        plan::store(&now);
        std::fs::write(plan::page(), plan::render(&now)).unwrap();
    }
    assert!(wrong.is_empty(), "{} methods answer otherwise:\n{}", wrong.len(), wrong.join("\n"));
    let page = std::fs::read_to_string(plan::page()).unwrap_or_default();
    assert!(
        page == plan::render(&now),
        "docs/methods.md is not up to date: run with COPILOT_UPDATE_METHODS=1"
    );
}

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Decoded(_) => "decoded",
        Outcome::Refused(_) => "refused",
        Outcome::Waits => "waits",
        Outcome::Skipped => "skipped",
        Outcome::Misread(_) => "misread",
    }
}
