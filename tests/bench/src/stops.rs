//! How long stopping takes through the engine, and how long a killed runtime takes to end. The plan is in the environment.

use std::sync::Arc;
use std::time::Instant;

use copilot_core::handlers::ApproveAll;
use copilot_core::{
    Client, ClientOptions, Error, ErrorKind, Result, RuntimeConnection, SessionConfig, SessionSpec,
};
use serde_json::json;

fn plan(name: &str) -> String {
    std::env::var(format!("STOPS_{name}")).unwrap_or_default()
}

fn millis(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// A client whose runtime runs; with a session that has had a turn, if it is to.
async fn started(with_session: bool) -> Result<Client> {
    let path = Some(plan("RUNTIME"));
    let connection = Some(RuntimeConnection::Stdio { path, args: Vec::new(), env: None });
    let client = Client::new(ClientOptions { connection, ..ClientOptions::default() })?;
    client.start().await?;
    if with_session {
        let mut spec = SessionSpec::new(SessionConfig {
            model: Some("scripted".to_owned()),
            provider: Some(json!({"type": "openai", "baseUrl": plan("MODEL"), "apiKey": "none"})),
            streaming: Some(true),
            ..SessionConfig::default()
        });
        spec.handlers.permission = Some(Arc::new(ApproveAll));
        client.create_session(spec).await?.send_and_wait("hello", None).await?;
    }
    Ok(client)
}

/// Milliseconds that one stop takes.
async fn one(force: bool, with_session: bool) -> Result<f64> {
    let client = started(with_session).await?;
    let start = Instant::now();
    if force {
        client.force_stop().await;
        return Ok(millis(start));
    }
    match client.stop().await.errors.into_iter().next() {
        Some(error) => Err(Error::new(ErrorKind::StopFailed, error)),
        None => Ok(millis(start)),
    }
}

/// Milliseconds from SIGKILL to the runtime's end, as the kernel tells it: what no force-stop can be faster than.
#[cfg(target_os = "linux")]
async fn killed() -> Result<f64> {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

    let failed = |error: rustix::io::Errno| Error::new(ErrorKind::Internal, error.to_string());
    let client = started(true).await?;
    let pid = client.runtime_pid().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let pid = pid.ok_or_else(|| Error::new(ErrorKind::Internal, "the runtime has no process"))?;
    let told = pidfd_open(pid, PidfdFlags::empty()).map_err(failed)?;
    let start = Instant::now();
    kill_process(pid, Signal::KILL).map_err(failed)?;
    poll(&mut [PollFd::new(&told, PollFlags::IN)], None).map_err(failed)?;
    let taken = millis(start);
    client.force_stop().await;
    Ok(taken)
}

/// Only Linux tells it.
#[cfg(not(target_os = "linux"))]
async fn killed() -> Result<f64> {
    Ok(f64::NAN)
}

async fn rounds() -> Result<serde_json::Value> {
    let (mut stop, mut session, mut force, mut kill) = (vec![], vec![], vec![], vec![]);
    for _ in 0..plan("ROUNDS").parse().unwrap_or(1) {
        stop.push(one(false, false).await?);
        session.push(one(false, true).await?);
        force.push(one(true, true).await?);
        kill.push(killed().await?);
    }
    Ok(json!({"stop": stop, "session": session, "force": force, "kill": kill}))
}

fn main() -> Result<()> {
    let failed = |error: std::io::Error| Error::new(ErrorKind::Internal, error.to_string());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)?;
    println!("{}", runtime.block_on(rounds())?);
    Ok(())
}
