//! No runtime outlives its client, however the client ends.

mod support;

use std::time::{Duration, Instant};

use copilot_core::{Client, ConnectionState, ErrorKind, RuntimeConnection, SessionConfig};
use serde_json::json;
use support::{
    assert_gone, call, command_line, descendants, eventually, eventually_async, fake, fake_client,
    fake_options, fake_tcp_options, is_alive,
};

const SOON: Duration = Duration::from_secs(60);
/// Less than the ten seconds that a stop waits by itself.
const BY_FORCE: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_client_ends_its_runtime() {
    for options in [fake_options(json!({})), fake_tcp_options(json!({}))] {
        let client = Client::new(options).unwrap();
        let session = client.create_session(copilot_core::SessionSpec::default()).await.unwrap();
        let pid = client.runtime_pid().unwrap();
        drop(client);
        assert!(is_alive(pid), "the session keeps the connection");
        session.send_and_wait("still here?", Some(SOON)).await.unwrap();
        drop(session);
        assert_gone(&[pid], SOON);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_starts_spawn_once() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("frames.jsonl");
    let (path, args) = fake(json!({}), Some(&record));
    let mut options = fake_options(json!({}));
    options.connection = Some(RuntimeConnection::Stdio { path: Some(path), args, env: None });
    let client = Client::new(options).unwrap();
    let starts: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.start().await.map(|_| client.runtime_pid()) })
        })
        .collect();
    let mut pids = Vec::new();
    for start in starts {
        pids.push(start.await.unwrap().unwrap().unwrap());
    }
    pids.dedup();
    assert_eq!(pids.len(), 1);
    assert!(client.stop().await.errors.is_empty());
    let frames = std::fs::read_to_string(&record).unwrap();
    assert_eq!(frames.matches(r#""method":"connect""#).count(), 1, "{frames}");
}

/// Whoever waited for a start that failed is told so, and does not try (and wait) again one after the other.
#[tokio::test]
async fn those_who_wait_for_a_start_share_its_error() {
    let silent = json!([{"on": {"method": "connect"}, "do": [{"noReply": true}]}]);
    let mut options = fake_options(silent);
    options.start_timeout_ms = Some(300);
    let client = Client::new(options).unwrap();
    let (first, second, session, _) = tokio::join!(
        client.start(),
        client.start(),
        client.create_session(copilot_core::SessionSpec::default()),
        client.stop()
    );
    for error in [first.unwrap_err(), second.unwrap_err(), session.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::StartTimeout, "{error}");
    }
    assert_eq!(client.diagnostics().counters.starts, 1);
    client.start().await.unwrap_err();
    assert_eq!(client.diagnostics().counters.starts, 2, "a later one tries again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_start_leaves_nothing() {
    let silent = json!([{"on": {"method": "connect"}, "do": [{"noReply": true}]}]);
    let never_announces = json!({"announce": false});
    for (mut options, script) in
        [(fake_options(json!({})), silent), (fake_tcp_options(json!({})), never_announces)]
    {
        let folder = tempfile::tempdir().unwrap();
        let (_, with_record) = fake(script, Some(&folder.path().join("frames.jsonl")));
        if let Some(RuntimeConnection::Stdio { args, .. } | RuntimeConnection::Tcp { args, .. }) =
            &mut options.connection
        {
            *args = with_record;
        }
        let client = Client::new(options).unwrap();
        // The recording's path tells our runtime from those of the other tests.
        let mark = folder.path().to_string_lossy().into_owned();
        let mut started = Vec::new();
        {
            let mut start = std::pin::pin!(client.start());
            for _ in 0..250 {
                assert!(tokio::time::timeout(Duration::from_millis(20), start.as_mut()).await.is_err());
                started = descendants(std::process::id());
                started.retain(|&pid| command_line(pid).contains(&mark));
                if !started.is_empty() {
                    break;
                }
            }
            assert!(!started.is_empty() && client.state() == ConnectionState::Connecting);
        }
        assert_eq!(client.state(), ConnectionState::Error);
        assert_gone(&started, SOON);
        let error = client.call("ping", "").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidState);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn force_stop_ends_a_start_that_hangs() {
    let client = fake_client(json!([{"on": {"method": "connect"}, "do": [{"noReply": true}]}]));
    let starting = tokio::spawn({
        let client = client.clone();
        async move { client.start().await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    client.force_stop().await;
    let outcome = tokio::time::timeout(SOON, starting).await.expect("the start ends").unwrap();
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_ne!(client.state(), ConnectionState::Connected);
}

/// Those who wait behind a start do not start again what was stopped meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn force_stop_ends_every_start_that_waits() {
    let client =
        Client::new(fake_options(json!([{"on": {"method": "connect"}, "do": [{"noReply": true}]}]))).unwrap();
    let mut starts = Vec::new();
    for _ in 0..3 {
        let client = client.clone();
        starts.push(tokio::spawn(
            async move { client.create_session(SessionConfig::default()).await.map(drop) },
        ));
    }
    assert!(
        eventually_async(|| client.diagnostics().counters.messages_out > 0).await,
        "the first one has begun"
    );
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.force_stop().await;
    for start in starts {
        let outcome = tokio::time::timeout(BY_FORCE, start).await.expect("the start ends").unwrap();
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
    }
    assert_eq!(client.diagnostics().counters.starts, 1);
    assert_ne!(client.state(), ConnectionState::Connected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn force_stop_ends_a_stop_that_hangs() {
    let client = fake_client(json!([{"on": {"method": "runtime.shutdown"}, "do": [{"hang": true}]}]));
    client.start().await.unwrap();
    let pid = client.runtime_pid().unwrap();
    let stopping = tokio::spawn({
        let client = client.clone();
        async move { client.stop().await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    client.force_stop().await;
    let report = tokio::time::timeout(BY_FORCE, stopping).await.expect("the stop ends").unwrap();
    assert_eq!(report.errors.len(), 1, "{report:?}");
    assert_gone(&[pid], SOON);
}

/// The session whose end hangs, and those whose turn to end never came.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn force_stop_ends_the_waits_of_a_stop_that_hangs() {
    let client = fake_client(json!([
        {"on": {"method": "session.send"}, "do": [{"reply": "default"}]},
        {"on": {"method": "session.destroy"}, "do": [{"hang": true}]},
    ]));
    let mut waits = Vec::new();
    for _ in 0..3 {
        let session = client.create_session(copilot_core::SessionSpec::default()).await.unwrap();
        session.send("a first one").await.unwrap();
        waits.push(tokio::spawn(async move { session.send_and_wait("x", None).await }));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let stopping = tokio::spawn({
        let client = client.clone();
        async move { client.stop().await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    client.force_stop().await;
    tokio::time::timeout(BY_FORCE, stopping).await.expect("the stop ends").unwrap();
    for wait in waits {
        let ended = tokio::time::timeout(SOON, wait).await.expect("the wait ends").unwrap();
        assert!(ended.is_err(), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_is_bounded_when_the_runtime_hangs() {
    let client = fake_client(json!([{"on": {"method": "test.hang"}, "do": [{"hang": true}]}]));
    for _ in 0..3 {
        client.create_session(copilot_core::SessionSpec::default()).await.unwrap();
    }
    let pid = client.runtime_pid().unwrap();
    let hanging = tokio::spawn({
        let client = client.clone();
        async move { client.call("test.hang", "").await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begin = Instant::now();
    let report = client.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(31), "{:?}", begin.elapsed());
    assert_eq!(report.errors.len(), 4, "three sessions and the shutdown: {report:?}");
    assert!(!is_alive(pid));
    assert!(hanging.await.unwrap().is_err());
    client.start().await.unwrap();
    assert_eq!(call(&client, "ping", json!({"message": "again"})).await["message"], "pong: again");
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_a_runtime_that_is_slow_with_many_sessions() {
    let slow = json!({"on": {"method": "session.destroy"}, "do": [{"sleep": 2800}, {"reply": "default"}]});
    let client = fake_client(json!([slow]));
    for _ in 0..4 {
        client.create_session(copilot_core::SessionSpec::default()).await.unwrap();
    }
    let begin = Instant::now();
    assert!(client.stop().await.errors.is_empty());
    assert!(begin.elapsed() > Duration::from_secs(11), "they were slow: {:?}", begin.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_that_dies_is_noticed_and_replaced() {
    let client = fake_client(json!([{"on": {"method": "test.die"}, "do": [{"exit": 7}]}]));
    client.start().await.unwrap();
    let error = client.call("test.die", "").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProcessExited);
    assert!(error.message().contains("code 7"), "{error}");
    assert!(eventually(SOON, || client.state() == ConnectionState::Disconnected));
    client.start().await.unwrap();
    assert!(client.stop().await.errors.is_empty());
}
