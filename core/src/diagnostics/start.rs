//! How long each phase of a start takes, and in which one it failed.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;

use super::trace::millis;
use crate::error::Error;

/// Milliseconds per phase of a start. A phase that does not apply, or was not reached, is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StartTimings {
    /// Looking for the program or the library.
    pub locate: f64,
    /// Starting the process, or the server inside this process.
    pub spawn: f64,
    /// Waiting for the port and connecting to it.
    pub connect: f64,
    /// The three above together.
    pub launch: f64,
    /// First answer of the runtime and version check.
    pub handshake: f64,
    /// Registering what the client provides.
    pub setup: f64,
    /// All of it.
    pub total: f64,
}

/// A start, successful or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StartRecord {
    /// `running`, `ok`, or the name of the error's kind.
    pub outcome: &'static str,
    /// The phase under way, or the one that failed; none after a success.
    pub phase: Option<&'static str>,
    /// How long it took; a phase under way is not in it yet.
    pub timings: StartTimings,
}

/// A phase of a start, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Locate,
    Spawn,
    Connect,
    Handshake,
    Setup,
}

impl Phase {
    const fn name(self) -> &'static str {
        match self {
            Self::Locate => "locate",
            Self::Spawn => "spawn",
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::Setup => "setup",
        }
    }
}

#[derive(Default)]
struct State {
    begin: Option<Instant>,
    phase: Option<(Phase, Instant)>,
    record: Option<StartRecord>,
}

/// The last start of a client.
#[derive(Default)]
pub(crate) struct StartLog(Mutex<State>);

impl StartLog {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A start begins; the record of the one before is forgotten.
    pub(crate) fn begin(&self) {
        let record = StartRecord { outcome: "running", ..StartRecord::default() };
        *self.state() = State { begin: Some(Instant::now()), phase: None, record: Some(record) };
    }

    /// The next phase begins, the one before has ended well.
    pub(crate) fn enter(&self, phase: Phase) {
        let mut state = self.state();
        state.close_phase();
        state.phase = Some((phase, Instant::now()));
        if let Some(record) = &mut state.record {
            record.phase = Some(phase.name());
        }
    }

    /// The start has ended. Only the first end counts.
    pub(crate) fn end(&self, result: Result<(), &Error>) {
        let mut state = self.state();
        if state.record.as_ref().is_none_or(|record| record.outcome != "running") {
            return;
        }
        state.close_phase();
        let total = state.begin.map_or(0.0, millis);
        let Some(record) = &mut state.record else { return };
        record.timings.total = total;
        match result {
            Ok(()) => {
                record.outcome = "ok";
                record.phase = None;
                tracing::info!(target: "copilot_core::client", elapsed_ms = total, "started");
            }
            Err(error) => {
                record.outcome = error.kind().name();
                let phase = record.phase.unwrap_or_default();
                tracing::warn!(target: "copilot_core::client", %error, phase, elapsed_ms = total, "start failed");
            }
        }
    }

    pub(crate) fn read(&self) -> Option<StartRecord> {
        self.state().record.clone()
    }
}

impl State {
    fn close_phase(&mut self) {
        let (Some((phase, begin)), Some(record)) = (self.phase.take(), &mut self.record) else { return };
        let elapsed_ms = millis(begin);
        let timings = &mut record.timings;
        match phase {
            Phase::Locate => timings.locate += elapsed_ms,
            Phase::Spawn => timings.spawn += elapsed_ms,
            Phase::Connect => timings.connect += elapsed_ms,
            Phase::Handshake => timings.handshake += elapsed_ms,
            Phase::Setup => timings.setup += elapsed_ms,
        }
        timings.launch = timings.locate + timings.spawn + timings.connect;
        tracing::debug!(target: "copilot_core::client", phase = phase.name(), elapsed_ms, "phase of the start");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::time::Duration;

    #[test]
    fn a_failed_start_names_its_phase() {
        let log = StartLog::default();
        assert_eq!(log.read(), None);
        log.begin();
        assert_eq!(log.read().unwrap().outcome, "running");
        log.enter(Phase::Locate);
        std::thread::sleep(Duration::from_millis(2));
        log.enter(Phase::Spawn);
        log.end(Err(&Error::new(ErrorKind::SpawnFailed, "x")));
        log.end(Ok(()));
        let record = log.read().unwrap();
        assert_eq!((record.outcome, record.phase), ("SpawnFailed", Some("spawn")));
        assert!(record.timings.locate >= 2.0 && record.timings.total >= record.timings.locate);
        assert_eq!((record.timings.handshake, record.timings.setup), (0.0, 0.0));
    }

    #[test]
    fn a_second_start_forgets_the_first() {
        let log = StartLog::default();
        log.begin();
        log.enter(Phase::Locate);
        log.end(Err(&Error::new(ErrorKind::RuntimeNotFound, "x")));
        log.begin();
        log.enter(Phase::Handshake);
        log.end(Ok(()));
        let record = log.read().unwrap();
        assert_eq!((record.outcome, record.phase, record.timings.locate), ("ok", None, 0.0));
    }
}
