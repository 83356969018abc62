//! A host that is killed takes its runtime along, and the runtime's own children.

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use copilot_core::handlers::ApproveAll;
use copilot_core::{Client, ClientOptions, RuntimeConnection, SessionConfig, SessionSpec};
use copilot_testkit::ScriptedModel;
use copilot_testkit::model::ModelScript;
use serde_json::json;
use support::{assert_gone, command_line, descendants, eventually, fake, real_runtime};

const ROLE: &str = "KILLED_HOST_OPTIONS";
const MODEL: &str = "KILLED_HOST_MODEL";

/// Not a test of its own: the host that the other tests start and kill.
#[test]
fn host() {
    let Ok(options) = std::env::var(ROLE) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::new(ClientOptions::from_json(&options).unwrap()).unwrap();
        client.start().await.unwrap();
        let mut session = None;
        if let Ok(url) = std::env::var(MODEL) {
            let mut spec = SessionSpec::new(SessionConfig {
                model: Some("scripted".to_owned()),
                provider: Some(json!({"type": "openai", "baseUrl": url, "apiKey": "none"})),
                ..SessionConfig::default()
            });
            spec.handlers.permission = Some(Arc::new(ApproveAll));
            let made = client.create_session(spec).await.unwrap();
            made.send("run it").await.unwrap();
            session = Some(made);
        }
        println!("runtime {}", client.runtime_pid().unwrap());
        std::future::pending::<()>().await;
        drop(session);
    });
}

/// Starts a host; returns it with the process id of its runtime.
fn start_host(connection: RuntimeConnection, home: &str, model: Option<&ScriptedModel>) -> (Child, u32) {
    let options = ClientOptions {
        connection: Some(connection),
        base_directory: Some(home.to_owned()),
        ..ClientOptions::default()
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "host", "--nocapture"]).env(ROLE, serde_json::to_string(&options).unwrap());
    if let Some(model) = model {
        command.env(MODEL, model.base_url());
    }
    let mut host = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let pid = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("runtime ").and_then(|(_, pid)| pid.trim().parse().ok()));
    std::thread::spawn(move || lines.for_each(drop));
    (host, pid.expect("the host tells the process of its runtime"))
}

fn kill_and_check(mut host: Child, runtime: u32, wanted: &[&str]) {
    let complete = eventually(Duration::from_secs(60), || {
        let lines: Vec<_> = descendants(host.id()).into_iter().map(command_line).collect();
        wanted.iter().all(|wanted| lines.iter().any(|line| line.contains(wanted)))
    });
    let family = descendants(host.id());
    let shown: Vec<_> = family.iter().map(|&pid| command_line(pid)).collect();
    assert!(complete && family.contains(&runtime), "{wanted:?} not in {shown:?}");
    host.kill().unwrap();
    host.wait().unwrap();
    let begin = Instant::now();
    assert_gone(&family, Duration::from_secs(60));
    println!("{} processes gone after {:?}", family.len(), begin.elapsed());
}

fn stdio(path: String, args: Vec<String>) -> RuntimeConnection {
    RuntimeConnection::Stdio { path: Some(path), args, env: None }
}

fn tcp(path: String, args: Vec<String>) -> RuntimeConnection {
    RuntimeConnection::Tcp { port: 0, connection_token: None, path: Some(path), args, env: None }
}

#[test]
fn fake_runtimes_end_with_a_killed_host() {
    let home = tempfile::tempdir().unwrap();
    for connect in [stdio, tcp] {
        let (path, mut args) = fake(json!({}), None);
        // It must not notice by itself that its parent is gone.
        args.push("--detached".to_owned());
        let (host, runtime) = start_host(connect(path, args), &home.path().to_string_lossy(), None);
        kill_and_check(host, runtime, &[]);
    }
}

#[test]
fn real_runtimes_end_with_a_killed_host() {
    let Some(path) = real_runtime() else {
        return println!("skipped: COPILOT_CLI_PATH is not set");
    };
    let script = json!([
        {"when": {"lastRole": "user"}, "repeat": true, "toolCalls": [{"name": "bash", "arguments":
            {"command": "sleep 297", "description": "waits", "mode": "sync", "initial_wait": 60}}]},
        {"text": "done", "repeat": true},
    ]);
    for connect in [stdio, tcp] {
        let home = tempfile::tempdir().unwrap();
        let model = ScriptedModel::start(ModelScript::from_value(script.clone()).unwrap()).unwrap();
        let connection = connect(path.to_string_lossy().into_owned(), Vec::new());
        let (host, runtime) = start_host(connection, &home.path().to_string_lossy(), Some(&model));
        kill_and_check(host, runtime, &["sleep 297"]);
    }
}
