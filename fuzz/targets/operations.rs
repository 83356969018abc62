//! Any operation with any arguments, on a client that nobody serves: each ends, with a result or an error that has a text. The
//! first line of the input is the operation, or its number; the rest are its arguments.
#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use copilot_core::ErrorKind;
use copilot_core::host::{Delivery, HostClient};
use libfuzzer_sys::fuzz_target;

const OPS: &[&str] = &[
    "client.call",
    "client.notify",
    "client.setEnv",
    "client.ping",
    "client.listModels",
    "client.listSessions",
    "client.deleteSession",
    "client.diagnostics",
    "client.startAhpHost",
    "client.setForegroundSessionId",
    "client.getSessionMetadata",
    "session.call",
    "session.send",
    "session.sendAndWait",
    "session.create",
    "session.resume",
    "session.disconnect",
    "session.ui",
    "session.setTools",
    "session.setModel",
    "session.log",
    "session.cancelTask",
    "llm.start",
    "llm.write",
    "llm.end",
    "llm.fail",
    "client.stop",
];

/// Port 1 refuses at once, and no runtime is started.
static CLIENT: LazyLock<HostClient> = LazyLock::new(|| {
    HostClient::new(r#"{"connection":{"kind":"uri","url":"127.0.0.1:1"}}"#, Arc::new(|| ())).unwrap()
});

fuzz_target!(|input: &str| {
    let (op, args) = input.split_once('\n').unwrap_or((input, "{}"));
    let op = op.parse().ok().and_then(|number: usize| OPS.get(number)).copied().unwrap_or(op);
    if op == "client.start" {
        return;
    }
    let asked = CLIENT.submit(op, args);
    let (begin, mut taken) = (Instant::now(), Vec::new());
    loop {
        assert!(begin.elapsed() < Duration::from_secs(20), "{op} never ended");
        let _ = CLIENT.wait(Some(Duration::from_millis(50)));
        CLIENT.drain(&mut taken);
        for delivery in taken.drain(..) {
            if let Delivery::Completed { ticket, result } = delivery
                && ticket == asked
            {
                if let Err(error) = result {
                    assert_ne!(error.kind(), ErrorKind::Internal, "{op}: {error}");
                    assert!(!error.message().is_empty());
                }
                return;
            }
        }
    }
});
