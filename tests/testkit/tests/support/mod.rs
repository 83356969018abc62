//! A client as simple as can be: sends what it is told and reads one frame at a time.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use copilot_testkit::wire::{FrameBuffer, append_frame};
use serde_json::{Value, json};

pub(crate) struct Peer<R, W> {
    input: R,
    output: W,
    frames: FrameBuffer,
    next: u64,
    pub(crate) skipped: Vec<Value>,
}

impl<R: Read, W: Write> Peer<R, W> {
    pub(crate) fn new(input: R, output: W) -> Self {
        Self { input, output, frames: FrameBuffer::default(), next: 0, skipped: Vec::new() }
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let mut bytes = Vec::new();
        append_frame(&mut bytes, message);
        self.output.write_all(&bytes).unwrap();
        self.output.flush().unwrap();
    }

    /// The next frame; `None` at the end of the stream.
    pub(crate) fn read(&mut self) -> Option<Value> {
        let mut bytes = vec![0; 64 * 1024];
        loop {
            if let Some(body) = self.frames.next_body().unwrap() {
                return Some(serde_json::from_slice(body).unwrap());
            }
            match self.input.read(&mut bytes).unwrap() {
                0 => return None,
                n => self.frames.extend(&bytes[..n]),
            }
        }
    }

    pub(crate) fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}));
        self.next
    }

    /// Calls and returns the whole response; everything before it goes to `skipped`.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        loop {
            let frame = self.read().expect("an answer");
            if frame["id"] == id && frame.get("method").is_none() {
                return frame;
            }
            self.skipped.push(frame);
        }
    }

    /// Reads up to the first event of this type.
    pub(crate) fn event(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.read().expect("an event");
            if frame["params"]["event"]["type"] == kind {
                return frame["params"]["event"].clone();
            }
            self.skipped.push(frame);
        }
    }
}

pub(crate) type StdioPeer = Peer<ChildStdout, ChildStdin>;

pub(crate) fn spawn(args: &[&str]) -> (Child, StdioPeer) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_copilot-fake-runtime"))
        .args(args)
        .args(["--headless", "--no-auto-update", "--log-level", "info", "--stdio"])
        .env_remove("COPILOT_CONNECTION_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let peer = Peer::new(child.stdout.take().unwrap(), child.stdin.take().unwrap());
    (child, peer)
}

pub(crate) fn scripted(script: &Value) -> (Child, StdioPeer) {
    spawn(&["--script-json", &script.to_string()])
}
