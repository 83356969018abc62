//! The one owner of a session's files: answers from memory, writes every change to the journal before it is acknowledged,
//! says from time to time that it is alive, and learns when somebody else has taken over.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::log::{Added, Kind, Log};
use super::opening::{Opened, Word};
use super::record::{Head, Part, Step, push_step};
use super::terms::Terms;
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::files::tree::{Change, Tree};
use crate::files::{DirEntry, FileInfo, SessionFiles, text};
use crate::protocol::time::iso8601;

/// What is superseded may take this many bytes more than the files themselves before the journal begins anew.
const SLACK: usize = 1 << 20;
/// More objects than this, and the journal begins anew.
const MANY: usize = 256;

/// Files of one session, owned by this process until [`close`](Self::close), or until they are lost.
pub(in crate::files) struct OwnedFiles {
    shared: Arc<Shared>,
    /// How many session objects use them.
    pub(super) users: AtomicUsize,
}

struct Shared {
    state: Mutex<State>,
    /// There is something to write, or it is to be closed.
    wake: Notify,
    /// Everything that can be written is written.
    over: CancellationToken,
}

#[derive(Default)]
struct State {
    tree: Tree,
    /// Steps that are not written yet, and who waits for them.
    pending: Vec<u8>,
    waiting: Vec<oneshot::Sender<Result<()>>>,
    is_closing: bool,
    /// Why nothing is written any more.
    ended: Option<Error>,
}

impl State {
    fn take_batch(&mut self) -> (Vec<u8>, Vec<oneshot::Sender<Result<()>>>) {
        (std::mem::take(&mut self.pending), std::mem::take(&mut self.waiting))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, error: &Error) {
        let mut state = self.state();
        let (_, waiting) = state.take_batch();
        state.ended.get_or_insert_with(|| error.clone());
        drop(state);
        for waiting in waiting {
            drop(waiting.send(Err(error.clone())));
        }
    }
}

impl OwnedFiles {
    /// Starts to serve what was opened.
    pub(super) fn start(opened: Opened, terms: Terms) -> Self {
        let state = State { tree: opened.tree, ..State::default() };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            wake: Notify::new(),
            over: CancellationToken::new(),
        });
        let writer = Writer {
            session: opened.session,
            head: opened.head,
            log: opened.log,
            word: opened.word,
            shared: Arc::clone(&shared),
            since: opened.since,
            renew_at: Instant::now() + terms.ttl / 3,
            terms,
        };
        tokio::spawn(writer.run());
        Self { shared, users: AtomicUsize::new(1) }
    }

    /// Writes what is left and gives the ownership up. Does not fail when it was lost before.
    pub(super) async fn close(&self) {
        self.shared.state().is_closing = true;
        self.shared.wake.notify_one();
        self.shared.over.cancelled().await;
    }

    /// Waits until nothing is written any more, and says why.
    pub(super) async fn lost(&self) -> Option<Error> {
        self.shared.over.cancelled().await;
        self.shared.state().ended.clone()
    }

    pub(super) fn is_over(&self) -> bool {
        let state = self.shared.state();
        state.is_closing || state.ended.is_some()
    }

    pub(super) fn leave(&self) -> bool {
        self.users.fetch_sub(1, Ordering::AcqRel) == 1
    }

    async fn change(&self, change: Change) -> Result<()> {
        let written = {
            let mut state = self.shared.state();
            if let Some(ended) = &state.ended {
                return Err(ended.clone());
            }
            if state.is_closing {
                return Err(closed());
            }
            let at = SystemTime::now();
            state.tree.apply(&change, at)?;
            push_step(&mut state.pending, &Step::Change { change, at });
            let (tell, written) = oneshot::channel();
            state.waiting.push(tell);
            written
        };
        self.shared.wake.notify_one();
        written.await.unwrap_or_else(|_| Err(closed()))
    }

    fn look<T>(&self, at: impl FnOnce(&Tree) -> Result<T>) -> Result<T> {
        let state = self.shared.state();
        match &state.ended {
            Some(ended) => Err(ended.clone()),
            None => at(&state.tree),
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::SessionClosed, "the session's files were closed")
}

/// The task that writes.
struct Writer {
    session: String,
    /// Of the opening; records differ in their number alone.
    head: Head,
    log: Log,
    word: Word,
    shared: Arc<Shared>,
    terms: Terms,
    /// When this owner began.
    since: SystemTime,
    renew_at: Instant,
}

impl Writer {
    async fn run(mut self) {
        let over = self.shared.over.clone().drop_guard();
        if let Err(error) = self.work().await {
            self.shared.end(&error);
        }
        drop(over);
    }

    async fn work(&mut self) -> Result<()> {
        if self.log.objects() > MANY {
            self.begin_anew().await?;
        }
        loop {
            let (batch, waiting, is_closing) = {
                let mut state = self.shared.state();
                let (batch, waiting) = state.take_batch();
                (batch, waiting, state.is_closing)
            };
            if !batch.is_empty() {
                self.write(batch, waiting).await?;
            } else if is_closing {
                return self.leave().await;
            } else {
                tokio::select! {
                    () = self.shared.wake.notified() => {}
                    () = sleep_until(self.renew_at) => {}
                }
            }
            if Instant::now() >= self.renew_at {
                self.renew().await?;
            }
        }
    }

    /// Writes steps as one record, tells those who wait, and tidies up.
    async fn write(&mut self, steps: Vec<u8>, waiting: Vec<oneshot::Sender<Result<()>>>) -> Result<()> {
        let written = self.add(&steps, Kind::Changes).await;
        for waiting in waiting {
            drop(waiting.send(written.clone()));
        }
        written?;
        let files = self.shared.state().tree.size();
        if self.log.size() > 2 * files + SLACK || self.log.objects() > MANY {
            self.begin_anew().await
        } else {
            // Nothing is lost when this fails: it is tried again after the next record.
            let tidy = self.log.put_together().await;
            self.note(tidy);
            Ok(())
        }
    }

    fn note(&self, outcome: Result<()>) {
        if let Err(error) = outcome {
            tracing::debug!(session = self.session, %error, "a journal could not be put together");
        }
    }

    async fn add(&mut self, steps: &[u8], kind: Kind) -> Result<()> {
        let head = Head { record: self.log.next(), ..self.head.clone() };
        let mut record = head.begin();
        record.extend_from_slice(steps);
        match self.log.add(record, kind).await? {
            Added::Written => Ok(()),
            Added::Taken(by) => Err(taken(&self.session, &by)),
        }
    }

    /// Writes the whole state as one record, and removes what was before.
    async fn begin_anew(&mut self) -> Result<()> {
        let mut steps = Vec::new();
        push_step(&mut steps, &Step::Clear);
        let (owner, until, at) = (self.terms.owner.clone(), self.word.until, self.since);
        push_step(&mut steps, &Step::Held { owner, until, at });
        let waiting = {
            let mut state = self.shared.state();
            for (change, at) in state.tree.as_changes() {
                push_step(&mut steps, &Step::Change { change, at });
            }
            // The tree has what was to be written next.
            state.take_batch().1
        };
        let written = self.add(&steps, Kind::Anew).await;
        for waiting in waiting {
            drop(waiting.send(written.clone()));
        }
        written?;
        self.word.from = self.log.next() - 1;
        // First the word: who reads then need not look for what is being removed.
        let told = self.tell().await;
        let dropped = self.log.drop_before_last().await;
        self.note(told.and(dropped));
        Ok(())
    }

    /// Says that the owner is alive, and looks whether it still is the owner.
    async fn renew(&mut self) -> Result<()> {
        if let Some(by) = self.log.peek().await? {
            return Err(taken(&self.session, &by));
        }
        self.tell().await
    }

    async fn tell(&mut self) -> Result<()> {
        self.renew_at = Instant::now() + self.terms.ttl / 3;
        self.word.until = self.terms.now() + self.terms.ttl;
        self.word.write(&self.terms.store, &self.session, self.head.epoch).await
    }

    async fn leave(&mut self) -> Result<()> {
        let mut steps = Vec::new();
        push_step(&mut steps, &Step::Close { at: self.terms.now() });
        self.add(&steps, Kind::Changes).await
    }
}

/// The error for a journal in which somebody else goes on.
fn taken(session: &str, by: &[Part]) -> Error {
    let opened = by.iter().find_map(|part| match part {
        Part::Step(Step::Open { owner, at, .. }) => Some((owner.as_str(), *at)),
        _ => None,
    });
    let (owner, since) = opened.map_or(("somebody else", String::new()), |(owner, at)| (owner, iso8601(at)));
    reasons::session_taken(session, owner, &since)
}

#[async_trait]
impl SessionFiles for OwnedFiles {
    async fn read_file(&self, path: &str) -> Result<String> {
        text(path, self.read_bytes(path).await?)
    }

    async fn read_bytes(&self, path: &str) -> Result<Vec<u8>> {
        self.look(|tree| tree.read(path).map(<[u8]>::to_vec))
    }

    async fn write_file(&self, path: &str, content: &str) -> Result<()> {
        self.write_bytes(path, content.as_bytes()).await
    }

    async fn write_bytes(&self, path: &str, content: &[u8]) -> Result<()> {
        self.change(Change::Write { path: path.to_owned(), content: content.to_owned() }).await
    }

    async fn append_file(&self, path: &str, content: &str) -> Result<()> {
        self.change(Change::Append { path: path.to_owned(), content: content.into() }).await
    }

    async fn stat(&self, path: &str) -> Result<FileInfo> {
        self.look(|tree| tree.stat(path))
    }

    async fn mkdir(&self, path: &str, recursive: bool) -> Result<()> {
        self.change(Change::Mkdir { path: path.to_owned(), recursive }).await
    }

    async fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        self.look(|tree| tree.readdir(path))
    }

    async fn rm(&self, path: &str, recursive: bool, force: bool) -> Result<()> {
        self.change(Change::Remove { path: path.to_owned(), recursive, force }).await
    }

    async fn rename(&self, src: &str, dest: &str) -> Result<()> {
        self.change(Change::Rename { from: src.to_owned(), to: dest.to_owned() }).await
    }
}
