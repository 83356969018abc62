//! Runs the conformance cases through the public Rust API of the engine.
//!
//! A [`Case`] is read from its file, a [`World`] holds what its steps made, [`verbs`] maps each verb to the API. The results
//! of all surfaces come together in [`parity`].

mod canned;
mod case;
mod event_log;
mod failure;
pub mod parity;
mod peers;
mod recording;
mod report;
mod surfaces;
mod verbs;
mod world;

pub use case::{Case, Peer};
pub use report::{Line, Report, Status};
pub use surfaces::Surfaces;

use std::path::PathBuf;
use std::time::Duration;

use world::World;

/// The name of this surface in reports.
pub const SURFACE: &str = "rust";
/// How long a case may take.
const CASE_TIME: Duration = Duration::from_secs(60);

/// `tests/conformance`.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Runs one case against one peer. The error is the text of what did not hold.
///
/// # Errors
/// What was wrong, and at which step.
pub fn run(case: &Case, peer: Peer) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("tokio: {error}"))?;
    let outcome = runtime.block_on(run_in_world(case, peer));
    // Handlers that hang must not keep the test from ending.
    runtime.shutdown_timeout(Duration::from_secs(5));
    outcome
}

async fn run_in_world(case: &Case, peer: Peer) -> Result<(), String> {
    let world = World::new(case, peer)?;
    let steps = async {
        for (index, step) in case.steps.iter().enumerate() {
            verbs::run(&world, step).await.map_err(|failure| format!("step {index} {step}: {failure}"))?;
        }
        Ok(())
    };
    let outcome = tokio::time::timeout(CASE_TIME, steps)
        .await
        .unwrap_or_else(|_| Err(format!("the case takes longer than {CASE_TIME:?}")));
    world.end_everything().await;
    outcome?;
    let failures = world.recording().failures();
    if case.allow_failures || failures.is_empty() {
        Ok(())
    } else {
        Err(format!("the fake runtime reports: {}", failures.join("; ")))
    }
}
