//! What was received, for `expect` and `fake.received`, and the recording file that outlives the process.

use std::{
    collections::VecDeque,
    env,
    fs::File,
    io::{self, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};

use crate::{matching::matches, text};

/// Messages kept for later questions; a benchmark that sends millions must not fill the memory.
const KEPT: usize = 100_000;

/// The log of one process.
#[derive(Debug)]
pub(super) struct Recorder {
    file: Option<Mutex<File>>,
    /// Whether what is received is kept for later questions.
    keeps: bool,
    log: Mutex<Log>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Log {
    received: VecDeque<Value>,
    forgotten: usize,
    failures: Vec<String>,
}

impl Recorder {
    pub(super) fn new(path: Option<&str>, keeps: bool) -> io::Result<Self> {
        // Several processes may write one file, each its own lines.
        let open = |path| File::options().create(true).append(true).open(path);
        let file = path.map(open).transpose()?.map(Mutex::new);
        let recorder = Self { file, keeps, log: Mutex::default(), arrived: Condvar::new() };
        recorder.line(|| {
            let mut line = start_info();
            line["dir"] = "start".into();
            line
        });
        Ok(recorder)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether everything is written to a file.
    pub(super) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// Writes one line to the file. It is there as soon as this returns, so that a test may read it at any time.
    fn line(&self, make: impl FnOnce() -> Value) {
        let Some(file) = &self.file else { return };
        let line = format!("{}\n", make());
        drop(file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes()));
    }

    /// A frame of the SDK.
    pub(super) fn incoming(&self, conn: u64, frame: &Value) {
        self.line(|| json!({"dir": "in", "conn": conn, "t": text::unix_micros(), "frame": frame}));
        if !self.keeps {
            return;
        }
        let mut message = json!({ "conn": conn });
        for key in ["id", "method", "params", "result", "error"] {
            if let Some(value) = frame.get(key) {
                message[key] = value.clone();
            }
        }
        let mut log = self.log();
        log.received.push_back(message);
        if log.received.len() > KEPT {
            log.received.pop_front();
            log.forgotten += 1;
        }
        drop(log);
        self.arrived.notify_all();
    }

    /// A frame for the SDK.
    pub(super) fn outgoing(&self, conn: u64, frame: &Value) {
        self.line(|| json!({"dir": "out", "conn": conn, "t": text::unix_micros(), "frame": frame}));
    }

    /// Something that is not one frame: raw bytes, a flood, the end of a connection.
    pub(super) fn note(&self, conn: u64, note: &str) {
        self.line(|| json!({"dir": "note", "conn": conn, "t": text::unix_micros(), "note": note}));
    }

    /// Something that the script wanted and did not get.
    pub(super) fn failure(&self, text: String) {
        self.line(|| json!({"dir": "failure", "t": text::unix_micros(), "text": text}));
        self.log().failures.push(text);
    }

    pub(super) fn failures(&self) -> Vec<String> {
        self.log().failures.clone()
    }

    /// Position behind everything received so far, from which [`Recorder::wait_for`] may search.
    pub(super) fn position(&self) -> usize {
        let log = self.log();
        log.forgotten + log.received.len()
    }

    /// All received messages of this method whose params fit.
    pub(super) fn received(&self, method: Option<&str>, params: Option<&Value>) -> Vec<Value> {
        let fits = |message: &&Value| {
            method.is_none_or(|method| message["method"] == method)
                && params
                    .is_none_or(|pattern| matches(pattern, message.get("params").unwrap_or(&Value::Null)))
        };
        self.log().received.iter().filter(fits).cloned().collect()
    }

    /// Waits for a fitting message at or behind `from`; returns it with the position behind it.
    pub(super) fn wait_for(
        &self,
        method: &str,
        params: Option<&Value>,
        from: usize,
        limit: Duration,
    ) -> Option<(Value, usize)> {
        let deadline = Instant::now() + limit;
        let mut log = self.log();
        let mut next = from;
        loop {
            let skip = next.saturating_sub(log.forgotten);
            let fits = |message: &&Value| {
                message["method"] == method
                    && params
                        .is_none_or(|pattern| matches(pattern, message.get("params").unwrap_or(&Value::Null)))
            };
            let found = log.received.iter().enumerate().skip(skip).find(|(_, message)| fits(message));
            if let Some((index, message)) = found {
                return Some((message.clone(), log.forgotten + index + 1));
            }
            next = log.forgotten + log.received.len();
            let left = deadline.checked_duration_since(Instant::now())?;
            log = self.arrived.wait_timeout(log, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Arguments, environment and directory of this process.
pub(super) fn start_info() -> Value {
    let environment: Map<String, Value> = env::vars_os()
        .map(|(key, value)| (key.to_string_lossy().into_owned(), value.to_string_lossy().into_owned().into()))
        .collect();
    let args: Vec<_> = env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    json!({"argv": args, "env": environment, "cwd": env::current_dir().unwrap_or_default(), "pid": std::process::id()})
}
