//! Many starts and stops leave nothing behind. Alone in its program, because it counts what belongs to the process.

mod support;

use std::fs;
use std::time::Duration;

use copilot_core::SessionSpec;
use serde_json::json;
use support::{descendants, eventually, fake_client};

const CYCLES: usize = 200;

fn count(of: &str) -> usize {
    fs::read_dir(format!("/proc/self/{of}")).unwrap().count()
}

#[test]
fn two_hundred_cycles_leave_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let client = fake_client(json!({}));
    let cycle = async |client: &copilot_core::Client| {
        let session = client.create_session(SessionSpec::default()).await.unwrap();
        session.send_and_wait("x", Some(Duration::from_secs(60))).await.unwrap();
        assert!(client.stop().await.errors.is_empty());
    };
    runtime.block_on(cycle(&client));
    assert!(eventually(Duration::from_secs(60), || descendants(std::process::id()).is_empty()));
    let (fds, threads) = (count("fd"), count("task"));
    runtime.block_on(async {
        for _ in 0..CYCLES {
            cycle(&client).await;
        }
    });
    let settled = eventually(Duration::from_secs(60), || {
        descendants(std::process::id()).is_empty() && count("fd") <= fds && count("task") <= threads
    });
    assert!(
        settled,
        "processes {:?}, files {fds} -> {}, threads {threads} -> {}",
        descendants(std::process::id()),
        count("fd"),
        count("task")
    );
}
