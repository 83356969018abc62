//! One connection's way out, and the requests that wait for the SDK's answer.

use std::{
    cell::Cell,
    collections::HashMap,
    fmt,
    io::{self, Write},
    net::Shutdown,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

use super::adversary::Adversary;
use super::record::Recorder;
use crate::wire::{append_body, append_frame};

thread_local! {
    /// Set on the thread that reads: answers to frames that arrived together leave in one write.
    static COLLECTING: Cell<bool> = const { Cell::new(false) };
}

type Answered = Box<dyn FnOnce(Value) + Send>;

/// A connection, seen from the side that writes.
pub(super) struct Conn {
    pub(super) id: u64,
    pub(super) authenticated: AtomicBool,
    recorder: Arc<Recorder>,
    out: Mutex<Out>,
    waiting: Mutex<HashMap<u64, Answered>>,
    next_id: AtomicU64,
    hung: AtomicBool,
    deaf: AtomicBool,
    close: Box<dyn Fn(Shutdown) + Send + Sync>,
    adversary: Option<Arc<Adversary>>,
}

struct Out {
    sink: Box<dyn Write + Send>,
    buffer: Vec<u8>,
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conn").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Conn {
    pub(super) fn new(
        id: u64,
        recorder: Arc<Recorder>,
        sink: Box<dyn Write + Send>,
        close: Box<dyn Fn(Shutdown) + Send + Sync>,
        adversary: Option<Arc<Adversary>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            authenticated: AtomicBool::new(false),
            recorder,
            out: Mutex::new(Out { sink, buffer: Vec::new() }),
            waiting: Mutex::default(),
            next_id: AtomicU64::new(1),
            hung: AtomicBool::new(false),
            deaf: AtomicBool::new(false),
            close,
            adversary,
        })
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks the calling thread as the one that reads; it must call [`Conn::flush`] before it waits for more.
    pub(super) fn collect_on_this_thread() {
        COLLECTING.set(true);
    }

    /// Sends one message.
    pub(super) fn send(&self, message: &Value) {
        if self.is_hung() {
            return;
        }
        self.recorder.outgoing(self.id, message);
        let mut out = self.out();
        if let Some(adversary) = &self.adversary {
            adversary.frame(message).iter().for_each(|piece| out.write(piece));
            return;
        }
        out.collect(|buffer| append_frame(buffer, message));
    }

    /// Sends one message that is JSON text already: the quick way, for what benchmarks ask for by the thousand.
    pub(super) fn send_text(&self, message: &str) {
        if self.adversary.is_some() || self.recorder.has_file() {
            return match serde_json::from_str(message) {
                Ok(message) => self.send(&message),
                Err(error) => {
                    self.recorder.failure(format!("our own message is no JSON: {error}: {message}"))
                }
            };
        }
        if !self.is_hung() {
            self.out().collect(|buffer| append_body(buffer, message.as_bytes()));
        }
    }

    /// Sends bytes as they are, behind everything sent before.
    pub(super) fn send_bytes(&self, bytes: &[u8]) {
        if self.is_hung() {
            return;
        }
        let mut out = self.out();
        out.flush();
        out.write(bytes);
    }

    /// Hands everything collected to the operating system.
    pub(super) fn flush(&self) {
        self.out().flush();
    }

    pub(super) fn reply(&self, id: &Value, answer: Result<Value, Value>) {
        let (key, value) = match answer {
            Ok(result) => ("result", result),
            Err(error) => ("error", error),
        };
        self.send_text(&format!(r#"{{"jsonrpc":"2.0","id":{id},"{key}":{value}}}"#));
    }

    pub(super) fn notify(&self, method: &str, params: Option<Value>) {
        let mut message = json!({"jsonrpc": "2.0", "method": method});
        if let Some(params) = params {
            message["params"] = params;
        }
        self.send(&message);
    }

    /// Sends a request; `answered` gets the whole response, on the thread that reads.
    pub(super) fn request(&self, method: &str, params: Option<Value>, answered: Answered) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.waiting().insert(id, answered);
        let mut message = json!({"jsonrpc": "2.0", "id": id, "method": method});
        if let Some(params) = params {
            message["params"] = params;
        }
        self.send(&message);
    }

    /// Completes one of our requests. Answers that nobody waits for are a failure of the SDK.
    pub(super) fn answered(&self, response: Value) {
        let answered = response["id"].as_u64().and_then(|id| self.waiting().remove(&id));
        match answered {
            Some(answered) => answered(response),
            None => self.recorder.failure(format!("answer to no request: {response}")),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, Answered>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on nothing is read, answered or sent.
    pub(super) fn hang(&self) {
        self.flush();
        self.hung.store(true, Ordering::Release);
    }

    pub(super) fn is_hung(&self) -> bool {
        self.hung.load(Ordering::Acquire)
    }

    /// Closes our end, or the half of it that reads or writes; the process stays alive.
    pub(super) fn close(&self, half: Shutdown) {
        self.flush();
        self.recorder.note(self.id, "closed by script");
        if half != Shutdown::Read {
            self.out().sink = Box::new(io::sink());
        }
        if half == Shutdown::Read {
            self.deaf.store(true, Ordering::Release);
        }
        (self.close)(half);
    }

    /// Whether it reads no more, but lives on.
    pub(super) fn is_deaf(&self) -> bool {
        self.deaf.load(Ordering::Acquire)
    }
}

impl Out {
    /// Adds a frame; it leaves at once, unless the thread that reads has more to answer.
    fn collect(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        append(&mut self.buffer);
        if !COLLECTING.get() || self.buffer.len() > 256 * 1024 {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            let bytes = std::mem::take(&mut self.buffer);
            self.write(&bytes);
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        // The other side may be gone, on purpose or not; the thread that reads notices that.
        drop(self.sink.write_all(bytes).and_then(|()| self.sink.flush()));
    }
}
