//! One function per verb. Each verb does one thing through the public API; none knows a case.

mod clients;
mod flow;
mod looking;
mod sessions;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use copilot_testkit::matching;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use crate::failure::{Failure, Outcome};
use crate::world::World;

/// How often a verb that waits looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Runs one step; its value is what `await` may look at.
pub(crate) fn run(world: &World, step: &Value) -> Pin<Box<dyn Future<Output = Outcome<Value>> + Send>> {
    let (world, step) = (world.clone(), step.clone());
    Box::pin(async move {
        let single = step.as_object().filter(|step| step.len() == 1).and_then(|step| step.iter().next());
        let Some((verb, args)) = single else { return Failure::unmet(format!("not one verb: {step}")) };
        // The steps inside are expanded when they run: they may name what comes before them.
        let nested = matches!(verb.as_str(), "expect_error" | "begin" | "parallel");
        let args = if nested { args.clone() } else { world.expand(args) };
        dispatch(&world, verb, args).await
    })
}

#[expect(clippy::cognitive_complexity, reason = "a flat table")]
async fn dispatch(world: &World, verb: &str, args: Value) -> Outcome<Value> {
    let done = |outcome: Outcome| outcome.map(|()| Value::Null);
    match verb {
        "client" => done(clients::client(world, args)),
        "start" => done(clients::start(world, args).await),
        "stop" => done(clients::stop(world, read(args)?).await),
        "force_stop" => done(clients::force_stop(world, read(args)?).await),
        "ping" => clients::ping(world, read(args)?).await,
        "invoke" => clients::invoke(world, read(args)?).await,
        "list_models" => done(clients::list_models(world, read(args)?).await),
        "host" => done(clients::host(world, read(args)?).await),
        "kill_runtime" => done(clients::kill_runtime(world)),
        "expect_no_process" => done(clients::expect_no_process(world, read(args)?).await),
        "create" | "resume" => done(sessions::make(world, read(args)?).await),
        "send" => sessions::send(world, read(args)?).await,
        "send_and_wait" => sessions::send_and_wait(world, read(args)?).await,
        "abort" => done(sessions::abort(world, read(args)?).await),
        "disconnect" => done(sessions::disconnect(world, read(args)?).await),
        "get_events" => done(sessions::get_events(world, read(args)?).await),
        "on" => done(sessions::on(world, read(args)?)),
        "off" => done(sessions::off(world, read(args)?)),
        "iterate" => done(sessions::iterate(world, read(args)?)),
        "iteration" => done(sessions::iteration(world, read(args)?).await),
        "listen_after_create" => done(sessions::listen_after_create(world, read(args)?).await),
        "counters" => done(sessions::counters(world, read(args)?).await),
        "expect_event" => done(looking::event(world, read(args)?).await),
        "expect_events_in_order" => done(looking::events_in_order(world, read(args)?).await),
        "expect_sequence" => done(looking::sequence(world, read(args)?).await),
        "expect_value" => done(looking::value(read(args)?)),
        "received" => done(looking::received(world, read(args)?).await),
        "received_in_order" => done(looking::received_in_order(world, read(args)?).await),
        "model_received" => done(looking::model_received(world, read(args)?).await),
        "expect_error" => done(flow::expect_error(world, read(args)?).await),
        "begin" => done(flow::begin(world, read(args)?)),
        "await" => flow::wait_for(world, read(args)?).await,
        "parallel" => done(flow::parallel(world, read(args)?).await),
        "sleep" => done(flow::sleep(read(args)?).await),
        _ => Failure::unmet(format!("unknown verb {verb}")),
    }
}

fn read<T: DeserializeOwned>(args: Value) -> Outcome<T> {
    serde_json::from_value(args).map_err(|error| Failure::Unmet(format!("arguments: {error}")))
}

/// How long a verb looks.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
struct Within(u64);

impl Default for Within {
    fn default() -> Self {
        Self(5000)
    }
}

impl Within {
    /// Looks at once, then again until the time is over. `look` says what is wrong.
    async fn until<T>(self, mut look: impl FnMut() -> Result<T, String>) -> Outcome<T> {
        let deadline = Instant::now() + Duration::from_millis(self.0);
        loop {
            match look() {
                Ok(found) => return Ok(found),
                Err(wrong) if Instant::now() >= deadline => return Failure::unmet(wrong),
                Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }
}

/// Distinguishes `"expect": null` from no `expect`.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn check(what: &str, expected: Option<&Value>, actual: &Value) -> Outcome {
    match expected {
        Some(expected) if !matching::matches(expected, actual) => {
            Failure::unmet(format!("{what} is {}, expected {}", short(actual), short(expected)))
        }
        _ => Ok(()),
    }
}

/// Whether items that match these patterns come in this order, others in between allowed. Says which one is missing.
fn in_order<'a>(
    patterns: &[Value],
    mut items: impl Iterator<Item = &'a Value>,
    fits: impl Fn(&Value, &Value) -> bool,
) -> Result<(), String> {
    for (index, pattern) in patterns.iter().enumerate() {
        if !items.any(|item| fits(pattern, item)) {
            return Err(format!("number {index} is missing: {pattern}"));
        }
    }
    Ok(())
}

/// JSON that fits into a message.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
