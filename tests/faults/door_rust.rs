//! The plan of README.md through the engine itself.

use std::future::Future;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use copilot_core::{
    Client, ClientOptions, Error, ErrorKind, Result, RuntimeConnection, SendOptions, Session, SessionConfig,
    SessionSpec, ToolSpec,
    handlers::{ApproveAll, CallContext, ToolHandler, ToolInvocation, ToolResult},
};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

fn plan(name: &str) -> String {
    std::env::var(format!("FAULTS_{name}")).unwrap_or_default()
}

fn number(name: &str) -> u64 {
    plan(name).parse().unwrap_or_default()
}

fn say(line: &str) {
    println!("{line}");
    drop(io::stdout().flush());
}

fn told(step: &str, error: Option<&Error>) -> Value {
    let (kind, message) =
        error.map(|error| (format!("{:?}", error.kind()), error.message())).unwrap_or_default();
    json!({"step": step, "kind": kind, "message": message, "force": ""})
}

struct Probe {
    aloud: bool,
}

#[async_trait]
impl ToolHandler for Probe {
    async fn call(&self, _: &CallContext, _: ToolInvocation) -> Result<ToolResult> {
        if self.aloud {
            say("tool");
            if plan("TOOL") == "wait" {
                std::future::pending::<()>().await;
            }
        }
        Ok("ok".into())
    }
}

fn new_client() -> Result<Client> {
    let path = Some(plan("RUNTIME"));
    let connection = match plan("CONNECTION").as_str() {
        "tcp" => {
            RuntimeConnection::Tcp { port: 0, connection_token: None, path, args: Vec::new(), env: None }
        }
        "inprocess" => RuntimeConnection::Inprocess { path },
        _ => RuntimeConnection::Stdio { path, args: Vec::new(), env: None },
    };
    let more = Some(plan("OPTIONS")).filter(|more| !more.is_empty());
    let options: ClientOptions = serde_json::from_str(more.as_deref().unwrap_or("{}")).map_err(wrong)?;
    Client::new(ClientOptions {
        connection: Some(connection),
        base_directory: Some(plan("HOME")).filter(|home| !home.is_empty()),
        use_logged_in_user: Some(false),
        ..options
    })
}

fn wrong(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::InvalidArgument, error.to_string())
}

async fn new_session(client: &Client, aloud: bool) -> Result<Session> {
    let mut config: SessionConfig = serde_json::from_str(&plan("SESSION")).map_err(wrong)?;
    let parameters = json!({"type": "object", "properties": {}});
    config.tools = Some(vec![ToolSpec {
        name: "probe".into(),
        description: "Answers ok".into(),
        parameters: Some(parameters),
        ..ToolSpec::default()
    }]);
    let mut spec = SessionSpec::new(config);
    spec.handlers.tools.insert("probe".into(), Arc::new(Probe { aloud }));
    spec.handlers.permission = Some(Arc::new(ApproveAll));
    match plan("RESUME").as_str() {
        "" => client.create_session(spec).await,
        id => client.resume_session(id, spec).await,
    }
}

async fn stop(client: &Client) -> Result<()> {
    let report = client.stop().await;
    if report.errors.is_empty() {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::StopFailed, report.errors.join("; ")))
    }
}

async fn within<T>(step: &str, call: impl Future<Output = Result<T>>) -> Result<T> {
    let limit = if plan("HANGS") == step { Duration::from_millis(number("LIMIT")) } else { LIMIT };
    let late = |_| Err(Error::new(ErrorKind::Timeout, "the caller's limit"));
    tokio::time::timeout(limit, call).await.unwrap_or_else(late)
}

async fn steps(client: &Client, step: &mut &'static str) -> Result<()> {
    *step = "start";
    within(step, client.start()).await?;
    *step = "create";
    let session = within(step, new_session(client, true)).await?;
    *step = "turn";
    let key = Some(plan("KEY")).filter(|key| !key.is_empty());
    let message = SendOptions { prompt: "go".to_owned(), idempotency_key: key, ..SendOptions::default() };
    within(step, session.send_and_wait(message, None)).await?;
    *step = "stop";
    within(step, stop(client)).await
}

/// Start, session, turn and stop; the first that fails is told, and the client stopped by force.
async fn turn() -> Result<Value> {
    let (client, mut step) = (new_client()?, "");
    let Err(error) = steps(&client, &mut step).await else { return Ok(told("", None)) };
    let mut result = told(step, Some(&error));
    if tokio::time::timeout(LIMIT, client.force_stop()).await.is_err() {
        result["force"] = "hangs".into();
    }
    Ok(result)
}

/// Waits until the driver has looked at this process.
fn mark() {
    say("mark");
    drop(io::stdin().read_line(&mut String::new()));
}

async fn cycles() -> Result<Value> {
    for cycle in 0..number("COUNT") {
        if cycle == number("WARM") {
            mark();
        }
        let client = new_client()?;
        let session = new_session(&client, false).await?;
        session.send_and_wait("go", Some(LIMIT)).await?;
        stop(&client).await?;
    }
    mark();
    Ok(told("", None))
}

#[derive(Default)]
struct Sample {
    micros: Vec<u64>,
    failed: u64,
}

impl Sample {
    async fn timed<T>(&mut self, call: impl Future<Output = Result<T>>) {
        let start = Instant::now();
        match call.await {
            Ok(_) => self.micros.push(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)),
            Err(error) => {
                self.failed += 1;
                eprintln!("{error}");
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    /// One round of conversations; every third ends politely, by force, by a runtime that dies in a turn.
    async fn round(&mut self, number: u64) -> Result<()> {
        let client = new_client()?;
        self.timed(client.start()).await;
        let mut session = new_session(&client, false).await?;
        for turn in 0..20 {
            self.timed(session.send_and_wait(if turn % 5 == 4 { "tool" } else { "hello" }, Some(LIMIT)))
                .await;
            if turn % 7 == 6 {
                session.send("long").await?;
                session.abort().await?;
                session.disconnect().await?;
                session = new_session(&client, false).await?;
            }
        }
        if number.is_multiple_of(3) {
            return stop(&client).await;
        }
        if number % 3 == 2 {
            let died = session.send_and_wait("die", Some(LIMIT)).await.err().map(|error| error.kind());
            let as_it_should = matches!(died, Some(ErrorKind::ProcessExited | ErrorKind::SessionClosed));
            self.failed += u64::from(!as_it_should);
        }
        client.force_stop().await;
        Ok(())
    }
}

async fn soak() -> Result<Value> {
    let (start, mut last, mut sample) = (Instant::now(), Instant::now(), Sample::default());
    for round in 0.. {
        if start.elapsed() >= Duration::from_secs(number("SECONDS")) {
            break;
        }
        sample.round(round).await?;
        if last.elapsed() >= Duration::from_secs(number("INTERVAL")) {
            say(&json!({"micros": sample.micros, "failed": sample.failed}).to_string());
            (last, sample) = (Instant::now(), Sample::default());
        }
    }
    Ok(told("", None))
}

fn main() -> Result<()> {
    let failed = |error: io::Error| Error::new(ErrorKind::Internal, error.to_string());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)?;
    let result = runtime.block_on(async {
        match plan("MODE").as_str() {
            "cycles" => cycles().await,
            "soak" => soak().await,
            _ => turn().await,
        }
    })?;
    say(&result.to_string());
    Ok(())
}
