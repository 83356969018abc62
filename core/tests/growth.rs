//! Sessions that were left leave nothing behind. Alone in its program, because it measures the process.

mod support;

use copilot_core::SessionConfig;
use copilot_core::host::Delivery;
use serde_json::json;
use support::door::Door;
use support::fake_client;

/// Measured against where it stood after this many.
const FIRST: usize = 1_000;
/// How far the memory may have grown after all of them.
const MOST: usize = 2 << 20;

fn cycles() -> usize {
    if std::env::var_os("COPILOT_SOAK").is_some() { 100_000 } else { 20_000 }
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

fn assert_flat(what: &str, mut cycle: impl FnMut()) {
    for _ in 0..FIRST {
        cycle();
    }
    let before = resident();
    for _ in FIRST..cycles() {
        cycle();
    }
    let grown = resident().saturating_sub(before);
    assert!(grown <= MOST, "{what}: {grown} bytes more after {} sessions", cycles());
}

#[test]
fn sessions_that_were_left_leave_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = fake_client(json!({}));
    assert_flat("Rust", || {
        runtime.block_on(async {
            let session = client.create_session(SessionConfig::default()).await.unwrap();
            session.disconnect().await.unwrap();
        });
    });
    runtime.block_on(client.stop());

    let mut door = Door::new(json!({}));
    let mut key = 0;
    assert_flat("the host's door", || {
        key += 1;
        door.create(key, json!({"permission": true}));
        door.run("session.disconnect", json!({"key": key})).unwrap();
        for delivery in door.inbox.drain(..) {
            if let Delivery::Ended { session, .. } = delivery {
                door.client.release_session(session);
            }
        }
    });
    let seen: serde_json::Value = serde_json::from_str(&door.client.diagnostics()).unwrap();
    assert_eq!(seen["openSessions"], 0);
    door.client.close();
}
