//! A runtime that misbehaves by a seed, against everything a door can ask. `ADVERSARY_SEEDS=FROM..TO` chooses the seeds, one
//! seed repeats what was found. Alone in its program: it looks at its own children and counts panics.

mod support;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use copilot_core::ErrorKind;
use copilot_core::host::{CallError, Delivery, HostClient, Ticket};
use copilot_testkit::FakeRuntime;
use serde_json::{Value, json};

/// How long the program waits for an answer before it cancels the call.
const PATIENCE: Duration = Duration::from_millis(150);
/// What must be over by then whatever the runtime does, on a busy machine too.
const BOUND: Duration = Duration::from_secs(90);
/// Seeds at work at the same time: they wait most of the time.
const AT_ONCE: usize = 20;

/// Answers that the runtime does not have by itself.
const SCRIPT: &str = r#"[
    {"on": {"method": "host.start"}, "do": [{"reply": {"result": {"hostId": "$params.hostId"}}}]},
    {"on": {"method": "registerExtensionLaunchProvider"}, "do": [{"reply": {"result": {}}}]}
]"#;

/// Every client holds it as long as anything of the client is there.
static HELD: LazyLock<Arc<()>> = LazyLock::new(Arc::default);

/// How often calls ended how.
static OUTCOMES: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

fn seeds() -> Range<u64> {
    let chosen = std::env::var("ADVERSARY_SEEDS").unwrap_or_else(|_| "0..120".to_owned());
    let (from, to) = chosen.split_once("..").unwrap_or((&chosen, ""));
    let from = from.parse().unwrap();
    from..to.parse().unwrap_or(from + 1)
}

fn serves_files(seed: u64) -> bool {
    seed.is_multiple_of(2)
}

/// Nothing of any client, no process and no more descriptors and threads than these are left.
fn assert_nothing_left(descriptors: usize, threads: usize) {
    let me = std::process::id();
    let count = |folder: &str| std::fs::read_dir(folder).map_or(0, Iterator::count);
    let now = || (count("/proc/self/fd"), count("/proc/self/task"));
    let gone = support::eventually(BOUND, || {
        let (open, running) = now();
        Arc::strong_count(&HELD) == 1
            && support::descendants(me).is_empty()
            && (open <= descriptors && running <= threads)
    });
    let clients = Arc::strong_count(&HELD) - 1;
    assert!(
        gone,
        "left behind: {clients} clients, processes {:?}, descriptors and threads {:?}, allowed {:?}",
        support::descendants(me),
        now(),
        (descriptors, threads)
    );
}

/// A program that uses all it can.
struct Program {
    seed: u64,
    client: HostClient,
    waiting: Vec<Ticket>,
    questions: u64,
}

impl Program {
    fn new(seed: u64) -> Self {
        let runtime = FakeRuntime::path().unwrap().to_string_lossy().into_owned();
        let kind = if seed.is_multiple_of(4) { "tcp" } else { "stdio" };
        let mut options = json!({
            "connection": {"kind": kind, "path": runtime, "args": ["--script-json", SCRIPT, "--adversary", seed.to_string()]},
            "startTimeoutMs": 2000,
            "handlers": {
                "requestHandler": true, "lifecycle": true, "gitHubTelemetry": true, "extensionLaunch": true,
                "installationConfirmation": true, "uiThread": true,
            },
        });
        if serves_files(seed) {
            options["sessionFs"] =
                json!({"initialCwd": "/", "sessionStatePath": "/state", "conventions": "posix"});
        }
        let held = Arc::clone(&HELD);
        let waker = Arc::new(move || assert!(Arc::strong_count(&held) > 1));
        let client = HostClient::new(&options.to_string(), waker).unwrap();
        Self { seed, client, waiting: Vec::new(), questions: 0 }
    }

    /// Submits, waits a while, and gives up politely; what was given up must end too.
    fn run(&mut self, op: &str, args: &Value) {
        self.within(op, args, PATIENCE);
    }

    /// Submits and goes on; it must have ended when the client has.
    fn begin(&mut self, op: &str, args: &Value) -> Ticket {
        let ticket = self.client.submit(op, &args.to_string());
        self.waiting.push(ticket);
        ticket
    }

    fn within(&mut self, op: &str, args: &Value, patience: Duration) {
        let ticket = self.begin(op, args);
        let (start, mut cancelled) = (Instant::now(), false);
        while self.waiting.contains(&ticket) {
            assert!(start.elapsed() < BOUND, "seed {}: {op} never ended", self.seed);
            if !cancelled && start.elapsed() > patience {
                let _ = self.client.cancel(ticket);
                cancelled = true;
            }
            let _ = self.client.wait(Some(Duration::from_millis(20)));
            self.deliveries(op);
        }
    }

    fn deliveries(&mut self, op: &str) {
        let mut taken = Vec::new();
        self.client.drain(&mut taken);
        for delivery in taken {
            match delivery {
                Delivery::Completed { ticket, result } => {
                    self.waiting.retain(|waiting| *waiting != ticket);
                    let kind = result.as_ref().err().map(|error| error.kind());
                    *OUTCOMES.lock().unwrap().entry(format!("{kind:?}")).or_default() += 1;
                    if let Err(error) = result {
                        assert_ne!(error.kind(), ErrorKind::Internal, "seed {}: {op}: {error}", self.seed);
                        assert!(
                            !error.message().is_empty(),
                            "seed {}: {op} failed without a word",
                            self.seed
                        );
                    }
                }
                Delivery::Call { call, .. } => self.answer(call),
                _ => {}
            }
        }
    }

    /// Well, badly, with an error, or not at all.
    fn answer(&mut self, call: u64) {
        self.questions += 1;
        // A call that was cancelled meanwhile refuses its answer.
        drop(match self.questions % 5 {
            0 => Ok(()),
            1 => self.client.reply_error(call, &CallError::new("no")),
            2 => {
                self.client.reply(call, ["7", "null", "[]", "{}", "\"yes\""][self.questions as usize / 5 % 5])
            }
            3 => self.client.reply(call, r#"{"kind":"approve-once","answer":"a","wasFreeform":false}"#),
            _ => self.client.reply(call, "\"text\""),
        });
    }

    fn live(mut self) {
        let served = json!({
            "tools": ["t"], "permission": true, "userInput": true, "exitPlanMode": true, "autoModeSwitch": true,
            "hooks": ["preToolUse", "sessionStart"], "transforms": ["tone"], "elicitation": true, "mcpAuth": true,
            "commands": ["c"], "providerTokens": ["default"], "canvas": true, "skillProvider": true, "gitHubToken": true,
            "factories": ["f"], "sessionFs": serves_files(self.seed), "events": true,
        });
        let host = json!({
            "localServer": {}, "sessionFactory": true, "authenticate": true,
            "authentication": {"mode": "custom", "requireIdentity": "ada"},
        });
        let config = json!({
            "streaming": true,
            "sessionId": "s",
            "tools": [{"name": "t", "description": ""}],
            "commands": [{"name": "c", "description": ""}],
        });
        self.within("client.start", &json!({}), Duration::from_secs(3));
        for op in ["client.ping", "client.getStatus", "client.listModels", "client.listSessions"] {
            self.run(op, &json!({}));
        }
        self.run("client.startAhpHost", &json!({"options": host}));
        self.run("session.create", &json!({"key": 1, "config": config, "handlers": served}));
        self.run("session.send", &json!({"key": 1, "prompt": "a"}));
        if self.seed % 2 == 1 {
            for _ in 0..3 {
                self.begin("session.sendAndWait", &json!({"key": 1, "prompt": "at once"}));
                self.begin("client.ping", &json!({}));
                self.begin("session.getEvents", &json!({"key": 1}));
            }
        }
        self.run("session.sendAndWait", &json!({"key": 1, "prompt": "b"}));
        self.run("session.sendAndWait", &json!({"key": 1, "prompt": "c", "timeoutMs": 50}));
        for op in ["session.getEvents", "session.abort", "session.disconnect"] {
            self.run(op, &json!({"key": 1}));
        }
        self.run(
            "session.resume",
            &json!({"key": 2, "sessionId": "s", "config": config, "handlers": served}),
        );
        self.run("session.setModel", &json!({"key": 2, "model": "m"}));
        self.run("session.ui", &json!({"key": 2, "form": "confirm", "message": "?"}));
        self.run("client.deleteSession", &json!({"sessionId": "s"}));
        let end = if self.seed.is_multiple_of(3) { "client.forceStop" } else { "client.stop" };
        self.within(end, &json!({}), BOUND);
        let begin = Instant::now();
        while !self.waiting.is_empty() {
            assert!(begin.elapsed() < BOUND, "seed {}: what was waited for outlives the client", self.seed);
            let _ = self.client.wait(Some(Duration::from_millis(20)));
            self.deliveries("a call that was not waited for");
        }
        assert!(serde_json::from_str::<Value>(&self.client.diagnostics()).is_ok());
        // Every third program forgets to close.
        if !self.seed.is_multiple_of(3) {
            self.client.close();
        }
    }
}

#[test]
fn whatever_the_runtime_does_every_call_ends_with_a_typed_error_or_a_result() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        usual(info);
    }));
    let (seeds, next) = (seeds(), Arc::new(AtomicU64::new(0)));
    // The first client starts what lives as long as the process.
    Program::new(seeds.start).live();
    assert_nothing_left(usize::MAX, usize::MAX);
    let count = |folder: &str| std::fs::read_dir(folder).map_or(usize::MAX, Iterator::count);
    let (descriptors, threads) = (count("/proc/self/fd"), count("/proc/self/task"));
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (next, seeds) = (Arc::clone(&next), seeds.clone());
            thread::spawn(move || {
                while let Some(seed) = seeds.clone().nth(next.fetch_add(1, Ordering::SeqCst) as usize) {
                    Program::new(seed).live();
                }
            })
        })
        .collect();
    let failed = workers.into_iter().filter_map(|worker| worker.join().err()).count();
    assert_eq!((failed, PANICS.load(Ordering::SeqCst)), (0, 0), "panics: see above for the seeds");
    let outcomes = OUTCOMES.lock().unwrap();
    println!("{outcomes:?}");
    assert!(outcomes.len() >= 6, "the adversary does little: {outcomes:?}");
    let calls: usize = outcomes.values().sum();
    assert!(
        outcomes["None"] * 5 > calls,
        "nearly nothing went well, so nearly nothing was tried: {outcomes:?}"
    );
    drop(outcomes);
    assert_nothing_left(descriptors, threads);
}
