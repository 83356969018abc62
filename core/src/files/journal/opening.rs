//! Becoming the owner of a session's files.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::log::{Added, Holder, Kind, Log, Replayed};
use super::record::{Head, Step, millis, push_step, time};
use super::store::Store;
use super::terms::Terms;
use crate::error::{Result, reasons};
use crate::files::tree::Tree;
use crate::protocol::time::iso8601;

/// How often it is looked whether another owner has left.
const LOOK: Duration = Duration::from_millis(500);

/// The last word of an owner, in `<session>/.~lease/<epoch>`: only the owner with this number writes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// The owner means to be alive until then.
    pub until: SystemTime,
    /// The last record that cleared what was before, to begin reading there; 0 for the start.
    pub from: u64,
}

/// The same as JSON.
#[derive(Serialize, Deserialize)]
struct WordLine {
    until: u64,
    from: u64,
}

impl Word {
    pub(super) async fn write(self, store: &Store, session: &str, epoch: u64) -> Result<()> {
        let line = format!(r#"{{"until":{},"from":{}}}"#, millis(self.until), self.from);
        store.put(&format!("{session}/.~lease/{epoch:012x}"), line.as_bytes()).await
    }

    /// The last word of the last owner who had one, with the owner's number.
    async fn read(store: &Store, session: &str) -> Result<Option<(u64, Self)>> {
        let names = store.list(&format!("{session}/.~lease")).await?;
        let last = names.iter().filter_map(|name| u64::from_str_radix(name, 16).ok()).max();
        let Some(epoch) = last else { return Ok(None) };
        let content = store.get(&format!("{session}/.~lease/{epoch:012x}")).await?.unwrap_or_default();
        let line: Option<WordLine> = serde_json::from_slice(&content).ok();
        Ok(line.map(|line| (epoch, Self { until: time(line.until), from: line.from })))
    }
}

/// A journal that this process may write.
pub(super) struct Opened {
    pub session: String,
    pub log: Log,
    pub head: Head,
    pub tree: Tree,
    pub word: Word,
    /// When this owner began.
    pub since: SystemTime,
}

/// Becomes the owner of a session's files, as soon as nobody else is.
pub(super) async fn open(session: &str, terms: &Terms) -> Result<Opened> {
    let (deadline, writer) = (Instant::now() + terms.wait, Uuid::new_v4().simple().to_string());
    loop {
        let word = Word::read(&terms.store, session).await?;
        let from = word.map_or(0, |(_, word)| word.from);
        let (mut log, replayed) = match Log::read(&terms.store, session, from).await {
            // The last word may be older than what was removed.
            Err(_) if from > 0 => Log::read(&terms.store, session, 0).await?,
            read => read?,
        };
        if let Some((holder, until)) = in_use(&replayed, word, terms.now()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(reasons::session_in_use(session, &holder.owner, &iso8601(until)));
            }
            sleep(LOOK.min(left)).await;
            continue;
        }
        let epoch = replayed.holder.as_ref().map_or(1, |holder| holder.epoch + 1);
        let head = Head { record: log.next(), epoch, writer: writer.clone() };
        let (at, mut record) = (terms.now(), head.begin());
        let until = at + terms.ttl;
        push_step(&mut record, &Step::Open { owner: terms.owner.clone(), until, at });
        match log.add(record, Kind::Fence).await? {
            // The number was free only because what was there is put together: the journal had gone on.
            Added::Written if log.is_overtaken().await? => {}
            Added::Written => {
                let word = Word { until, from };
                word.write(&terms.store, session, epoch).await?;
                forget_before(&terms.store, session, epoch).await;
                return Ok(Opened {
                    session: session.to_owned(),
                    log,
                    head,
                    tree: replayed.tree,
                    word,
                    since: at,
                });
            }
            // Somebody else was faster, or the owner from before has written: look again.
            Added::Taken(_) => {}
        }
    }
}

/// Who owns the files now, and until when at least.
fn in_use(replayed: &Replayed, word: Option<(u64, Word)>, now: SystemTime) -> Option<(&Holder, SystemTime)> {
    let holder = replayed.holder.as_ref().filter(|holder| !holder.has_left)?;
    let said = word.filter(|(epoch, _)| *epoch == holder.epoch).map_or(holder.until, |(_, word)| word.until);
    let until = holder.until.max(said);
    (until > now).then_some((holder, until))
}

/// Removes the words of owners from before. They do not count; only their number grows.
async fn forget_before(store: &Store, session: &str, epoch: u64) {
    let directory = format!("{session}/.~lease");
    let outcome = async {
        let names = store.list(&directory).await?;
        let old =
            names.iter().filter(|name| u64::from_str_radix(name, 16).is_ok_and(|number| number < epoch));
        store.delete(&old.map(|name| format!("{directory}/{name}")).collect::<Vec<_>>()).await
    };
    if let Err(error) = outcome.await {
        tracing::debug!(session, %error, "words of earlier owners could not be removed");
    }
}
