//! How long stopping takes: through the engine, and for a program that only kills its child. The plan is in the environment.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
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

/// Milliseconds that one stop takes.
async fn one(force: bool, with_session: bool) -> Result<f64> {
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

/// Milliseconds from the kill of a runtime that has answered to its end: what no client can be faster than.
fn killed() -> std::io::Result<f64> {
    let mut command = Command::new(plan("RUNTIME"));
    command.args(["--headless", "--no-auto-update", "--stdio"]).stderr(Stdio::null());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(input) = &mut child.stdin {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"connect","params":{}}"#;
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        input.flush()?;
    }
    if let Some(output) = &mut child.stdout {
        output.read_exact(&mut [0; 16])?;
    }
    let start = Instant::now();
    child.kill()?;
    child.wait()?;
    Ok(millis(start))
}

async fn rounds() -> Result<serde_json::Value> {
    let failed = |error: std::io::Error| Error::new(ErrorKind::Internal, error.to_string());
    let (mut stop, mut session, mut force, mut kill) = (vec![], vec![], vec![], vec![]);
    for _ in 0..plan("ROUNDS").parse().unwrap_or(1) {
        stop.push(one(false, false).await?);
        session.push(one(false, true).await?);
        force.push(one(true, true).await?);
        kill.push(killed().map_err(failed)?);
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
