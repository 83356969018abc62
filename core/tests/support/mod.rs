//! What the integration tests share: clients of the fake runtime, and a look at processes by their ids.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test program uses its own part of this")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use copilot_core::{Client, ClientOptions, RuntimeConnection};
use copilot_testkit::FakeRuntime;
use copilot_testkit::runtime::RuntimeScript;
use serde_json::{Value, json};

/// Options of a client whose runtime is the fake with this script.
pub fn fake_options(script: Value) -> ClientOptions {
    let (path, args) = fake(script, None);
    ClientOptions {
        connection: Some(RuntimeConnection::Stdio { path: Some(path), args, env: None }),
        ..ClientOptions::default()
    }
}

pub fn fake_tcp_options(script: Value) -> ClientOptions {
    let (path, args) = fake(script, None);
    ClientOptions {
        connection: Some(RuntimeConnection::Tcp {
            port: 0,
            connection_token: None,
            path: Some(path),
            args,
            env: None,
        }),
        ..ClientOptions::default()
    }
}

/// Program and arguments of the fake runtime.
pub fn fake(script: Value, record: Option<&Path>) -> (String, Vec<String>) {
    let mut runtime = FakeRuntime::scripted(RuntimeScript::from_value(script).unwrap());
    if let Some(record) = record {
        runtime = runtime.record(record);
    }
    (FakeRuntime::path().unwrap().to_string_lossy().into_owned(), runtime.args())
}

pub fn fake_client(script: Value) -> Client {
    Client::new(fake_options(script)).unwrap()
}

/// The real runtime, where there is one.
pub fn real_runtime() -> Option<PathBuf> {
    std::env::var_os("COPILOT_CLI_PATH").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Asks the runtime something through its generic call.
pub async fn call(client: &Client, method: &str, params: Value) -> Value {
    serde_json::from_slice(&client.call(method, &params.to_string()).await.unwrap()).unwrap()
}

/// Events as the fake runtime sends them when a prompt arrives.
pub fn on_send(actions: Value) -> Value {
    let mut actions: Vec<Value> = actions.as_array().unwrap().clone();
    actions.insert(0, json!({"reply": "default"}));
    json!([{"on": {"method": "session.send"}, "do": actions}])
}

/// Process ids to their parents. Ended processes that nobody waited for count as gone.
fn processes() -> HashMap<u32, u32> {
    let mut found = HashMap::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        let mut fields = rest.split_whitespace();
        let (state, parent) = (fields.next(), fields.next().and_then(|parent| parent.parse().ok()));
        if let (Some(state), Some(parent)) = (state, parent)
            && state != "Z"
        {
            found.insert(pid, parent);
        }
    }
    found
}

pub fn is_alive(pid: u32) -> bool {
    processes().contains_key(&pid)
}

/// All processes below this one.
pub fn descendants(root: u32) -> Vec<u32> {
    let all = processes();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|(_, of)| **of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.remove(0);
    found
}

/// What a process was called with, for messages.
pub fn command_line(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ")
}

/// What anybody on this machine can read of this process and of all that it started.
pub fn command_lines() -> Vec<String> {
    let own = std::process::id();
    descendants(own).into_iter().chain([own]).map(command_line).collect()
}

/// Looks again until it holds.
pub fn eventually(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Fails when one of these processes outlives the limit.
pub fn assert_gone(pids: &[u32], limit: Duration) {
    let gone = eventually(limit, || pids.iter().all(|&pid| !is_alive(pid)));
    let left: Vec<_> = pids.iter().filter(|&&pid| is_alive(pid)).map(|&pid| command_line(pid)).collect();
    assert!(gone, "still there after {limit:?}: {left:?}");
}

pub mod capture;
pub mod door;

/// Looks again until it holds, for up to 20 seconds.
pub async fn eventually_async(mut holds: impl FnMut() -> bool) -> bool {
    for _ in 0..1000 {
        if holds() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}
