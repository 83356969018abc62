//! What a foreign language's door does, in Rust.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use copilot_core::Error;
use copilot_core::host::{CallKind, Delivery, HostClient, Ticket};
use serde_json::{Value, json};

use super::fake;

/// A door that drains when it is asked to.
pub struct Door {
    pub client: HostClient,
    pub wakes: Arc<AtomicUsize>,
    pub inbox: Vec<Delivery>,
}

impl Door {
    pub fn new(script: Value) -> Self {
        Self::with(script, json!({}))
    }

    /// With more options.
    pub fn with(script: Value, mut options: Value) -> Self {
        let (path, args) = fake(script, None);
        options["connection"] = json!({"kind": "stdio", "path": path, "args": args});
        let wakes = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&wakes);
        let waker = Arc::new(move || {
            seen.fetch_add(1, Ordering::SeqCst);
        });
        Self { client: HostClient::new(&options.to_string(), waker).unwrap(), wakes, inbox: Vec::new() }
    }

    /// Takes deliveries until one fits; returns its index among all deliveries so far.
    pub fn wait_for(&mut self, fits: impl Fn(&Delivery) -> bool) -> usize {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut looked = 0;
        loop {
            if let Some(found) = self.inbox[looked..].iter().position(&fits) {
                return looked + found;
            }
            looked = self.inbox.len();
            assert!(Instant::now() < deadline, "it never came; {looked} deliveries did");
            if self.client.wait(Some(Duration::from_millis(100))) {
                self.client.drain(&mut self.inbox);
            }
        }
    }

    pub fn result(&mut self, ticket: Ticket) -> Result<Value, Error> {
        let at = self.wait_for(|d| matches!(d, Delivery::Completed { ticket: done, .. } if *done == ticket));
        match &self.inbox[at] {
            Delivery::Completed { result, .. } => {
                result.clone().map(|bytes| serde_json::from_slice(&bytes).unwrap())
            }
            _ => unreachable!(),
        }
    }

    pub fn run(&mut self, op: &str, args: Value) -> Result<Value, Error> {
        let ticket = self.client.submit(op, &args.to_string());
        self.result(ticket)
    }

    pub fn create(&mut self, key: u32, handlers: Value) -> String {
        let config = json!({"tools": [{"name": "t", "description": ""}]});
        let made = self.run("session.create", json!({"key": key, "config": config, "handlers": handlers}));
        made.unwrap()["sessionId"].as_str().unwrap().to_owned()
    }

    pub fn call(&mut self) -> (u64, CallKind, Value) {
        let at = self.wait_for(|d| matches!(d, Delivery::Call { .. }));
        match self.inbox.remove(at) {
            Delivery::Call { call, kind, args, .. } => (call, kind, serde_json::from_slice(&args).unwrap()),
            _ => unreachable!(),
        }
    }
}
