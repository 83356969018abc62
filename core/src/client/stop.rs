//! Stopping, graded and bounded at every step.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Client, ConnectionState, Link, Live};
use crate::diagnostics::Timed;
use crate::error::reasons;
use crate::protocol::method;
use crate::session::leave;

/// How long the runtime may take to end a session. A thousand take it half a minute: it ends one after the other.
const SESSION_TIME: Duration = Duration::from_secs(10);
/// How long the runtime may take to clean up.
const SHUTDOWN_TIME: Duration = Duration::from_secs(10);
/// How long a process may take to end after each signal.
const EXIT_TIME: Duration = Duration::from_secs(5);

/// What did not go well while stopping. The client is stopped all the same.
#[derive(Clone, Debug, Default)]
pub struct StopReport {
    /// One text per failed step; empty when all went well.
    pub errors: Vec<String>,
}

impl Client {
    /// Disconnects all sessions, lets the runtime clean up, and ends it when this client started it. With a healthy runtime
    /// that is a few milliseconds, and some for each session; one that says nothing for 10 seconds is ended without it, within 30.
    /// Does nothing when not started; waits for a start under way.
    pub async fn stop(&self) -> StopReport {
        let span = tracing::info_span!(target: "copilot_core::client", "client.stop");
        let timed = Timed::new(span.clone());
        let report = self.stop_once().instrument(span).await;
        timed.end(if report.errors.is_empty() { "ok" } else { "with errors" });
        report
    }

    async fn stop_once(&self) -> StopReport {
        let _transition = self.0.transition.lock().await;
        let mut report = StopReport::default();
        let Some((live, abandoned)) = self.take_live() else { return report };
        tokio::select! {
            biased;
            () = wind_down(&live, &mut report) => {}
            () = end_when(abandoned, &live) => {}
        }
        // Those that a stop by force, or a creation meanwhile, left behind.
        live.router.shut(&reasons::session_stopped(""));
        live.connection.close();
        self.0.models.clear();
        if !self.0.files.settle(EXIT_TIME).await {
            report.errors.push("timed out waiting for the files of sessions to be given up".to_owned());
        }
        if let Some(child) = &live.child
            && !child.end_within(EXIT_TIME).await
        {
            report.errors.push(format!("timed out waiting for runtime process {} after kill", child.pid()));
        }
        if let Some(hosted) = &live.hosted
            && !hosted.end_within(EXIT_TIME).await
        {
            report.errors.push("timed out waiting for the in-process runtime to end".to_owned());
        }
        report
    }

    /// Ends everything at once: nothing is said to the runtime, a child is killed. Can be called at any time, also while
    /// a start or a stop hangs.
    pub async fn force_stop(&self) {
        let live = {
            let mut link = self.0.link();
            std::mem::take(&mut link.abandon).cancel();
            link.take_live()
        };
        if let Some(live) = live {
            live.router.shut(&reasons::session_stopped(" by force"));
            live.connection.close();
            if let Some(child) = live.child {
                child.kill();
                drop(tokio::time::timeout(EXIT_TIME, child.exited()).await);
            }
            if let Some(hosted) = live.hosted {
                hosted.end_within(EXIT_TIME).await;
            }
        }
        self.0.models.clear();
    }

    /// The connection, and what a stop by force from now on cancels.
    fn take_live(&self) -> Option<(Live, CancellationToken)> {
        let mut link = self.0.link();
        Some((link.take_live()?, link.abandon.clone()))
    }
}

impl Link {
    fn take_live(&mut self) -> Option<Live> {
        self.state = ConnectionState::Disconnected;
        self.live.take()
    }
}

/// All that the runtime has to say yes to.
async fn wind_down(live: &Live, report: &mut StopReport) {
    live.connection.hurry();
    disconnect_sessions(live, report).await;
    if live.child.is_none() && live.hosted.is_none() {
        return;
    }
    let shutdown = live.connection.call(method::RUNTIME_SHUTDOWN, "{}");
    match tokio::time::timeout(SHUTDOWN_TIME, shutdown).await {
        Ok(Ok(_)) => {
            if let Some(child) = &live.child {
                child.has_cleaned_up();
            }
        }
        Ok(Err(error)) => report.errors.push(format!("Failed to gracefully shut down runtime: {error}")),
        Err(_) => report
            .errors
            .push(format!("Failed to gracefully shut down runtime: no answer within {SHUTDOWN_TIME:?}")),
    }
}

/// Lets every call of a stop that hangs fail once somebody stops by force. Never ends by itself.
async fn end_when(abandoned: CancellationToken, live: &Live) {
    abandoned.cancelled().await;
    live.connection.close();
    if let Some(child) = &live.child {
        child.kill();
    }
    if let Some(hosted) = &live.hosted {
        hosted.dispose();
    }
    std::future::pending().await
}

/// One session after the other. Each is served until the runtime has answered: ending it may mean to write its files.
async fn disconnect_sessions(live: &Live, report: &mut StopReport) {
    let later = || tokio::time::Instant::now() + SESSION_TIME;
    let mut deadline = later();
    let stopped = reasons::session_stopped("");
    for core in live.router.all() {
        let id = core.id();
        if core.is_open() {
            let left = tokio::time::timeout_at(deadline, leave(&live.connection, &id)).await;
            // Once it has been silent for so long, the other sessions are not waited for either.
            if left.is_ok() {
                deadline = later();
            }
            match left {
                Ok(Ok(())) => {}
                Ok(Err(error)) => report.errors.push(format!("Failed to disconnect session {id}: {error}")),
                Err(_) => report
                    .errors
                    .push(format!("Failed to disconnect session {id}: no answer within {SESSION_TIME:?}")),
            }
        }
        live.router.remove(&*core);
        core.close(&stopped);
    }
}
