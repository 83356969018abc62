//! How long a wait for an answer lasts, and what ends it.

use std::time::Duration;

use tokio::time::Instant;

use super::core::{SessionCore, disconnected};
use super::turn::Outcome;
use crate::error::{Error, ErrorKind, Result};

/// What ends a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// `session.idle`: the agent and everything it left running in the background have finished.
    #[default]
    Idle,
    /// `assistant.idle`: the agent has finished; background agents and shells may go on.
    ForegroundIdle,
}

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
pub(super) enum Expired {
    Whole(Duration),
    Quiet(Duration),
}

impl Expired {
    pub(super) fn error(&self, seen: &serde_json::Value, until: Until) -> Error {
        let what = match until {
            Until::Idle => "session.idle",
            Until::ForegroundIdle => "assistant.idle",
        };
        let text = match self {
            Self::Whole(limit) => format!("Timeout after {}s waiting for {what}", limit.as_secs_f64()),
            Self::Quiet(limit) => {
                format!("Timeout after {}s without an event, waiting for {what}", limit.as_secs_f64())
            }
        };
        Error::new(ErrorKind::Timeout, format!("{text}; last seen: {seen}")).with_data(seen.to_string())
    }
}

/// Waits for the end within the limits.
pub(super) async fn within(
    core: &SessionCore,
    turn: tokio::sync::oneshot::Receiver<Outcome>,
    options: WaitOptions,
) -> Result<Outcome, Expired> {
    let begin = Instant::now();
    let ended = async { turn.await.unwrap_or_else(|_| Err(disconnected(&core.id()))) };
    tokio::select! {
        biased;
        outcome = ended => Ok(outcome),
        limit = elapsed(begin, options.timeout) => Err(Expired::Whole(limit)),
        limit = quiet(core, begin, options.inactivity) => Err(Expired::Quiet(limit)),
    }
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
