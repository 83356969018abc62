//! One connection: a reader task, a writer task and the table of calls that wait for an answer.

use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::age::{self, Age};
use super::message::{self, Message, Outcome, Wreck};
use super::outgoing::Outgoing;
use super::pace::Pace;
use super::responder::{PARSE_ERROR, Responder};
use super::withdrawn::CANCEL_REQUEST;
use crate::diagnostics::{Secrets, Tally, Timed, Watch};
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::framing::{FrameReader, write_frame};
use crate::protocol::event::Event;
use crate::protocol::json;
use crate::protocol::scan::ScanError;
use crate::runtime::Loss;
use crate::sync::{Mutex, MutexGuard};

/// A batch of more messages than this is a burst: the reader then lets others run before it reads on.
const FAIR_BATCH: usize = 16;

/// Runs on the reader the instant an answer is read, in the order of arrival. Must not block.
pub(crate) type Completion = Box<dyn FnOnce(Result<Bytes>) + Send>;

/// Where messages of the runtime go. Called by the reader task, one at a time, in the order of arrival; must not block.
pub(crate) trait Inbound: Send + Sync + 'static {
    fn event(&self, session_id: &[u8], event: Event);
    fn notification(&self, method: String, params: Bytes);
    fn request(&self, connection: &Connection, method: String, params: Bytes, responder: Responder);
    /// Everything that was readable at once has been passed on.
    fn batch_end(&self);
    /// How many bytes of it wait for the user's side.
    fn backlog(&self) -> usize;
    /// The connection ended although nobody closed it. Called at most once, after all calls were ended.
    fn lost(&self, error: &Error);
}

/// Finds out why the connection ended: it may wait shortly for an exit code and the last lines of stderr.
pub(crate) type Diagnosis = Box<dyn FnOnce(Loss) -> Pin<Box<dyn Future<Output = Error> + Send>> + Send>;

#[derive(Default)]
struct Table {
    calls: HashMap<u64, Pending>,
    closed: Option<Error>,
}

/// A call that waits for its answer.
struct Pending {
    done: Completion,
    timed: Timed,
    age: Option<&'static Age>,
}

impl Pending {
    fn fail(self, error: Error, outcome: &str) {
        self.timed.end(outcome);
        finish(self.done, Err(error));
    }
}

/// Fails calls in the order in which they were made.
fn fail_all(calls: HashMap<u64, Pending>, error: &Error, outcome: &str) {
    let mut calls: Vec<_> = calls.into_iter().collect();
    calls.sort_unstable_by_key(|(id, _)| *id);
    for (_, pending) in calls {
        pending.fail(error.clone(), outcome);
    }
}

struct Shared {
    /// The version that the runtime reported, once it did.
    runtime: OnceLock<String>,
    /// Whether the runtime is left by `session.detach`.
    detaches: AtomicBool,
    /// Whether the reader waits for nobody any more.
    hurried: AtomicBool,
    outgoing: Arc<Outgoing>,
    table: Mutex<Table>,
    next_id: AtomicU64,
    stop: CancellationToken,
    write_failed: CancellationToken,
}

/// A cheap handle; the tasks end with [`close`](Connection::close), not with the last handle.
#[derive(Clone)]
pub(crate) struct Connection(Arc<Shared>);

impl Connection {
    /// Starts reading and writing. `inbound` gets everything that is no answer.
    pub(crate) fn start(
        reader: impl AsyncRead + Unpin + Send + 'static,
        writer: impl AsyncWrite + Unpin + Send + 'static,
        inbound: Arc<dyn Inbound>,
        max_frame: usize,
        diagnosis: Diagnosis,
        watch: Arc<Watch>,
    ) -> Self {
        let (outgoing, queue) = mpsc::unbounded_channel();
        let connection = Self(Arc::new(Shared {
            runtime: OnceLock::new(),
            detaches: AtomicBool::new(false),
            hurried: AtomicBool::new(false),
            outgoing: Outgoing::new(outgoing, watch),
            table: Mutex::default(),
            next_id: AtomicU64::new(1),
            stop: CancellationToken::new(),
            write_failed: CancellationToken::new(),
        }));
        tokio::spawn(write_all(writer, queue, Arc::clone(&connection.0)));
        let reader = FrameReader::new(reader, max_frame);
        tokio::spawn(connection.clone().read_all(reader, inbound, diagnosis));
        connection
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this connection is watched with.
    pub(crate) fn watch(&self) -> &Watch {
        &self.0.outgoing.watch
    }

    /// The version that the runtime reported.
    pub(crate) fn know_runtime(&self, version: &str) {
        self.0.runtime.get_or_init(|| version.to_owned());
    }

    /// The version that the runtime reported, if it did.
    pub(crate) fn runtime(&self) -> Option<&str> {
        self.0.runtime.get().map(String::as_str)
    }

    /// The runtime is new enough for `session.detach`.
    pub(crate) fn know_detach(&self) {
        self.0.detaches.store(true, Ordering::Relaxed);
    }

    /// Whether the runtime may know `session.detach`: older ones do not.
    pub(crate) fn knows_detach(&self) -> bool {
        self.0.detaches.load(Ordering::Relaxed)
    }

    /// The runtime does not know `session.detach`.
    pub(crate) fn forget_detach(&self) {
        self.0.detaches.store(false, Ordering::Relaxed);
    }

    /// How many calls wait for an answer.
    pub(crate) fn pending_calls(&self) -> usize {
        self.table().calls.len()
    }

    /// An id for [`call_as`](Self::call_as), so that it can be noted before the answer can come.
    pub(crate) fn next_id(&self) -> u64 {
        self.0.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends a call; `done` runs exactly once, at once if the connection has ended, unless the call is
    /// [forgotten](Self::forget).
    pub(crate) fn call_as(&self, id: u64, method: &str, params: &str, done: Completion) {
        let span = tracing::debug_span!(target: "copilot_core::rpc", "rpc.call", method, id);
        let timed = Timed::new(span);
        {
            let mut table = self.table();
            if let Some(error) = table.closed.clone() {
                drop(table);
                timed.end("not connected");
                done(Err(error));
                return;
            }
            table.calls.insert(id, Pending { done, timed, age: age::of(method) });
        }
        self.0.outgoing.watch.counts.calls.one();
        self.0.outgoing.watch.secrets.learn_call(method, params);
        let method = json::quote(method);
        self.0
            .outgoing
            .write(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":{method},"params":{params}}}"#));
    }

    /// Sends a call and waits for its answer, without a time limit. Dropping the future forgets the call.
    pub(crate) async fn call(&self, method: &str, params: &str) -> Result<Bytes> {
        let (sender, receiver) = oneshot::channel();
        let id = self.next_id();
        self.call_as(id, method, params, Box::new(move |result| drop(sender.send(result))));
        let _guard = Forget { connection: self, id };
        receiver.await.unwrap_or_else(|_| Err(closed_by_us()))
    }

    /// Takes a waiting call out of the table; its answer will be ignored. None when it was answered already.
    pub(crate) fn forget(&self, id: u64) -> Option<Completion> {
        let pending = self.take(id)?;
        self.0.outgoing.watch.counts.calls_abandoned.one();
        pending.timed.end("abandoned");
        Some(pending.done)
    }

    fn take(&self, id: u64) -> Option<Pending> {
        self.table().calls.remove(&id)
    }

    /// Sends a notification.
    pub(crate) fn notify(&self, method: &str, params: &str) -> Result<()> {
        if let Some(error) = self.table().closed.clone() {
            return Err(error);
        }
        tracing::debug!(target: "copilot_core::rpc", method, "notification sent");
        let method = json::quote(method);
        self.0.outgoing.write(format!(r#"{{"jsonrpc":"2.0","method":{method},"params":{params}}}"#));
        Ok(())
    }

    /// Ends the connection on purpose: all waiting calls fail, later ones too.
    pub(crate) fn close(&self) {
        self.end(closed_by_us());
    }

    /// Ends the connection with a reason; true for the first reason only.
    pub(crate) fn end(&self, error: Error) -> bool {
        let mut table = self.table();
        if table.closed.is_some() {
            return false;
        }
        table.closed = Some(error.clone());
        let calls = std::mem::take(&mut table.calls);
        drop(table);
        fail_all(calls, &error, "connection ended");
        self.0.stop.cancel();
        true
    }

    /// The connection is about to end: what is still to be read is read as fast as it comes.
    pub(crate) fn hurry(&self) {
        self.0.hurried.store(true, Ordering::Relaxed);
    }

    /// What the reader waits for: bytes that wait for the user's side.
    fn backlog(&self, inbound: &Arc<dyn Inbound>) -> usize {
        if self.0.hurried.load(Ordering::Relaxed) { 0 } else { inbound.backlog() }
    }

    /// Why the connection has ended, if it has.
    pub(crate) fn end_reason(&self) -> Option<Error> {
        self.table().closed.clone()
    }

    /// Resolves when the connection has ended.
    pub(crate) async fn ended(&self) {
        self.0.stop.cancelled().await;
    }

    async fn read_all(
        self,
        mut reader: FrameReader<impl AsyncRead + Unpin>,
        inbound: Arc<dyn Inbound>,
        diagnosis: Diagnosis,
    ) {
        let loss = tokio::select! {
            biased;
            () = self.0.stop.cancelled() => return,
            loss = self.read_until_loss(&mut reader, &inbound) => loss,
            () = self.0.write_failed.cancelled() => Loss::End,
        };
        inbound.batch_end();
        let error = tokio::select! {
            biased;
            () = self.0.stop.cancelled() => return,
            error = diagnosis(loss) => error,
        };
        if self.end(error.clone()) {
            self.0.outgoing.watch.counts.losses.one();
            inbound.lost(&error);
        }
    }

    fn note_foreign(&self, bytes: u64) {
        if bytes > 0 {
            self.0.outgoing.watch.counts.foreign_bytes.add(bytes);
            tracing::warn!(target: "copilot_core::rpc", bytes, "bytes that belong to no message");
        }
    }

    async fn read_until_loss(
        &self,
        reader: &mut FrameReader<impl AsyncRead + Unpin>,
        inbound: &Arc<dyn Inbound>,
    ) -> Loss {
        let (mut tally, mut pace) = (Tally::default(), Pace::default());
        loop {
            let mut passed = 0_usize;
            loop {
                match reader.next_buffered() {
                    Ok(Some(frame)) => {
                        passed += 1;
                        self.pass_on(frame, inbound, &mut tally);
                    }
                    Ok(None) => break,
                    Err(error) => return Loss::Protocol(error),
                }
            }
            tally.hand_in(&self.0.outgoing.watch.counts);
            self.note_foreign(reader.take_foreign());
            inbound.batch_end();
            if passed > FAIR_BATCH {
                // Tokio would let this task read over a hundred bursts before a consumer on the same thread gets a turn, and
                // the queue between them would grow by as much.
                tokio::task::yield_now().await;
            }
            if pace.is_due(self.backlog(inbound)) {
                pace.wait(|| self.backlog(inbound)).await;
            }
            match self.0.outgoing.activity.wait(passed, reader.fill()).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::debug!(mid_frame = reader.is_mid_frame(), "end of stream");
                    return reader.foreign_peer().map_or(Loss::End, Loss::Protocol);
                }
                Err(error) => return Loss::Io(error),
            }
        }
    }

    fn pass_on(&self, frame: Bytes, inbound: &Arc<dyn Inbound>, tally: &mut Tally) {
        tally.message(frame.len());
        let frame = match std::str::from_utf8(&frame) {
            Ok(_) => frame,
            Err(_) => Bytes::from(String::from_utf8_lossy(&frame).into_owned()),
        };
        if frame.is_empty() {
            return;
        }
        let watch = &*self.0.outgoing.watch;
        watch.frame("in", &frame);
        let counts = &watch.counts;
        let message = match message::read(frame.clone()) {
            Ok(Message::Event { session_id, event }) => {
                tally.events += 1;
                inbound.event(&session_id, event);
                return;
            }
            other => other,
        };
        // Whoever is told of this message may look at the counters.
        tally.hand_in(counts);
        match message {
            Ok(Message::Response { id, outcome }) => self.answer(&id, outcome),
            Ok(Message::Request { id, method, params }) => {
                counts.requests.one();
                let responder = Responder::new(Arc::clone(&self.0.outgoing), id, &method);
                let span = responder.span();
                let _inside = span.enter();
                inbound.request(self, method, params, responder);
            }
            Ok(Message::Notification { method, params }) => {
                counts.notifications.one();
                if method == CANCEL_REQUEST {
                    self.0.outgoing.withdrawals.take_back(&params);
                } else {
                    inbound.notification(method, params);
                }
            }
            Ok(_) => counts.ignored_messages.one(),
            Err(fault) => self.broken(&frame, fault),
        }
    }

    /// A frame that is no JSON costs the call it may have answered, or, when that cannot be told, those under way.
    fn broken(&self, frame: &[u8], fault: ScanError) {
        self.0.outgoing.watch.counts.broken_messages.one();
        let ScanError(at) = fault;
        tracing::warn!(target: "copilot_core::rpc", at, bytes = frame.len(), "a frame that is not JSON");
        #[allow(clippy::cast_precision_loss, reason = "a frame is shorter than 4 GiB")]
        let error = reasons::answer_not_json(at as f64, frame.len() as f64);
        match message::wreck(frame) {
            Wreck::Answer(Some(id)) => match self.take(id) {
                Some(pending) => pending.fail(error, "broken"),
                None => self.0.outgoing.watch.counts.late_results.one(),
            },
            Wreck::Answer(None) => {
                // The lock goes at the end of this line: completions may use the connection.
                let calls = std::mem::take(&mut self.table().calls);
                fail_all(calls, &error, "broken");
            }
            Wreck::Request(id) => {
                Responder::new(Arc::clone(&self.0.outgoing), id, "").error(
                    PARSE_ERROR,
                    "the request is not JSON",
                    None,
                );
            }
            Wreck::Notification => {}
        }
    }

    fn answer(&self, id: &[u8], outcome: Outcome) {
        let id = std::str::from_utf8(id).ok().and_then(|id| id.parse::<u64>().ok());
        let Watch { counts, secrets, .. } = &*self.0.outgoing.watch;
        let Some(Pending { done, timed, age }) = id.and_then(|id| self.take(id)) else {
            counts.late_results.one();
            tracing::debug!(target: "copilot_core::rpc", id, "an answer that nobody waits for");
            return;
        };
        let result = match outcome {
            Outcome::Result(result) => Ok(result),
            Outcome::Error(error) => Err(age::explain(rpc_error(&error, secrets), age, self.0.runtime.get())),
            Outcome::Neither => {
                Err(Error::new(ErrorKind::InvalidArgument, "invalid JSON-RPC response: no result, no error"))
            }
        };
        match &result {
            Ok(_) => timed.end("ok"),
            Err(error) => {
                counts.calls_refused.one();
                tracing::debug!(target: "copilot_core::rpc", parent: &timed.span, %error, "refused");
                timed.end("refused");
            }
        }
        finish(done, result);
    }
}

/// A completion that panics costs its own call, not the reader.
fn finish(done: Completion, result: Result<Bytes>) {
    if catch_unwind(AssertUnwindSafe(move || done(result))).is_err() {
        tracing::error!("a completion panicked");
    }
}

struct Forget<'a> {
    connection: &'a Connection,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.connection.forget(self.id);
    }
}

fn closed_by_us() -> Error {
    Error::new(ErrorKind::ProcessExited, "connection closed: the client was stopped")
}

/// The runtime's error; what it repeats of our secrets is left out.
fn rpc_error(text: &[u8], secrets: &Secrets) -> Error {
    let hide = |text: &str| secrets.hide(text).into_owned();
    #[derive(Deserialize)]
    struct Wire<'a> {
        code: Option<i64>,
        message: Option<String>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    match serde_json::from_slice::<Wire<'_>>(text) {
        Ok(wire) => Error::rpc(
            wire.code.unwrap_or(-1),
            match wire.message {
                Some(message) if !message.is_empty() => hide(&message),
                _ => "Unknown error".to_owned(),
            },
            wire.data.map(|data| hide(data.get())),
        ),
        Err(_) => Error::rpc(-1, "Unknown error", Some(hide(&String::from_utf8_lossy(text)))),
    }
}

/// Writes whole frames; frames queued meanwhile leave in one write.
async fn write_all(
    mut writer: impl AsyncWrite + Unpin,
    mut queue: mpsc::UnboundedReceiver<String>,
    shared: Arc<Shared>,
) {
    let Shared { stop, write_failed, outgoing, .. } = &*shared;
    let watch = &outgoing.watch;
    let mut batch = Vec::new();
    let mut buffer = BytesMut::new();
    loop {
        let count = tokio::select! {
            biased;
            count = queue.recv_many(&mut batch, 256) => count,
            () = stop.cancelled() => 0,
        };
        if count == 0 {
            break;
        }
        watch.counts.messages_out.add(batch.len() as u64);
        watch.counts.bytes_out.add(batch.iter().map(|body| body.len() as u64).sum());
        for body in batch.drain(..) {
            write_frame(&mut buffer, body.as_bytes());
        }
        let written = async {
            writer.write_all(&buffer).await?;
            writer.flush().await
        };
        let outcome = tokio::select! {
            outcome = written => outcome,
            // A peer that does not read must not keep the connection from ending.
            () = stop.cancelled() => return,
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "write failed");
            write_failed.cancel();
            return;
        }
        buffer.clear();
        if buffer.capacity() > 1 << 20 {
            buffer = BytesMut::new();
        }
    }
    drop(writer.shutdown().await);
}

#[cfg(all(test, shuttle))]
#[path = "connection_model_tests.rs"]
pub(crate) mod model_tests;
