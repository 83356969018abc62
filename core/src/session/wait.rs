//! Waiting for the end of a turn: how long, and what ends it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::core::{SessionCore, SessionOwner};
use super::observe;
use super::turn::{Done, Outcome, WaitId};
use super::until::Until;
use crate::error::{Error, Result, reasons};
use crate::protocol::{json, method};

/// The limits of a wait. Running out of time ends the wait, never the agent's work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitOptions {
    /// The whole time from the moment the runtime accepted the message; none is no limit.
    pub timeout: Option<Duration>,
    /// The longest time without any event of the session; none is no limit.
    pub inactivity: Option<Duration>,
    /// What ends it.
    pub until: Until,
}

impl From<Option<Duration>> for WaitOptions {
    fn from(timeout: Option<Duration>) -> Self {
        Self { timeout, ..Self::default() }
    }
}

impl From<Duration> for WaitOptions {
    fn from(timeout: Duration) -> Self {
        Some(timeout).into()
    }
}

/// Which limit was reached.
enum Expired {
    Whole(Duration),
    Quiet(Duration),
}

impl Expired {
    fn error(&self, seen: &Value, until: Until) -> Error {
        let what = until.event_type();
        let error = match self {
            Self::Whole(limit) => reasons::timeout_turn(limit.as_secs_f64(), what, seen),
            Self::Quiet(limit) => reasons::timeout_quiet(limit.as_secs_f64(), what, seen),
        };
        error.with_data(seen.to_string())
    }
}

/// A wait under way. Dropping it gives it up; the agent's work goes on.
pub(crate) struct Waiting {
    core: Arc<SessionCore>,
    wait: WaitId,
    call: u64,
}

/// Gives the wait up: its end will not be told, unless that is under way.
impl Drop for Waiting {
    fn drop(&mut self) {
        self.core.connection().forget(self.call);
        self.core.take_wait(self.wait);
    }
}

/// A message on its way, and who wants to know how its turn ends.
pub(crate) struct Turn {
    /// Params of `session.send`, JSON text.
    pub(crate) message: String,
    pub(crate) options: WaitOptions,
    /// Runs once, unless the wait is given up or does not begin: on the reader, in the order of the wire, or on the task
    /// that keeps the limits.
    pub(crate) done: Done,
}

impl Turn {
    /// Sends the message and begins to wait; `waiting` is handed out before the wait can end. Fails when the session is
    /// closed.
    pub(super) fn begin(
        self,
        core: Arc<SessionCore>,
        owner: Weak<dyn SessionOwner>,
        waiting: impl FnOnce(Waiting),
    ) -> Result<()> {
        let Self { message, options, done } = self;
        core.begin_use()?;
        let (begin, id, wait) = (std::time::Instant::now(), core.id(), core.next_wait());
        let done = Box::new(move |outcome: Outcome| {
            observe::waited(&id, begin, outcome.as_ref().err());
            done(outcome);
        });
        core.wait_for_turn(wait, options.until, done)?;
        let sender = Arc::clone(&core);
        let accepted = move |answer: Result<Bytes>| match answer.and_then(|answer| message_id(&answer)) {
            Ok(id) => {
                observe::sent(&sender.id(), &id, begin);
                keep_limits(&sender, owner, wait, options);
                sender.claim_turn(wait, &id);
            }
            Err(error) => {
                if let Some(done) = sender.take_wait(wait) {
                    done(Err(error));
                }
            }
        };
        let connection = core.connection().clone();
        let call = connection.next_id();
        waiting(Waiting { core, wait, call });
        connection.call_as(call, method::SESSION_SEND, &message, Box::new(accepted));
        Ok(())
    }
}

/// The id in the answer to `session.send`.
pub(super) fn message_id(answer: &[u8]) -> Result<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Sent {
        message_id: String,
    }
    Ok(json::parse_answer::<Sent>("session.send", answer)?.message_id)
}

/// Ends the wait when its time is over. The clock starts now: the runtime has accepted the message.
fn keep_limits(core: &Arc<SessionCore>, owner: Weak<dyn SessionOwner>, wait: WaitId, options: WaitOptions) {
    if options.timeout.is_none() && options.inactivity.is_none() {
        return;
    }
    let (kept, begin) = (Arc::clone(core), Instant::now());
    let timer = tokio::spawn(async move {
        let expired = tokio::select! {
            limit = elapsed(begin, options.timeout) => Expired::Whole(limit),
            limit = quiet(&kept, begin, options.inactivity) => Expired::Quiet(limit),
        };
        expire(&kept, &owner, wait, &expired, options.until);
    });
    core.keep_time(wait, timer.abort_handle());
}

/// The time of a wait is over, unless it has ended by now.
fn expire(core: &SessionCore, owner: &Weak<dyn SessionOwner>, wait: WaitId, expired: &Expired, until: Until) {
    if let Some(done) = core.take_wait(wait) {
        let seen = last_seen(core, owner.upgrade().and_then(|owner| owner.stderr_tail()));
        done(Err(expired.error(&seen, until)));
    }
}

fn last_seen(core: &SessionCore, stderr: Option<String>) -> Value {
    let mut seen = core.state().last_seen();
    if let Some(stderr) = stderr.filter(|text| !text.is_empty()) {
        seen["stderr"] = stderr.into();
    }
    seen
}

async fn elapsed(begin: Instant, limit: Option<Duration>) -> Duration {
    let Some(limit) = limit else { return std::future::pending().await };
    match begin.checked_add(limit) {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
    limit
}

/// Ends when the session has been silent for so long.
async fn quiet(core: &SessionCore, begin: Instant, limit: Option<Duration>) -> Duration {
    let Some(limit) = limit else { return std::future::pending().await };
    loop {
        let last = core.state().last_time().map_or(begin, |last| begin.max(last.into()));
        if last.elapsed() >= limit {
            return limit;
        }
        match last.checked_add(limit) {
            Some(end) => tokio::time::sleep_until(end).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(all(test, shuttle))]
#[path = "wait_model_tests.rs"]
mod model_tests;
