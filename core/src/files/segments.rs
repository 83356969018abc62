//! Files that grow, in stores that cannot append. What is added to a file becomes an object of its own, beside the file:
//! `<file>.~log/<first>-<last><kind>`, the numbers of the additions it holds in hexadecimal. `a` adds to what is before it;
//! `w` is the whole file up to there. An object is written once and never changed. Every sixteen of one size are put
//! together, so that a file of ten thousand additions is read from some dozens of objects, and each addition was written
//! three or four times at most.
//!
//! Whatever moment a writer is cut off at, the file is readable: an object is there as a whole or not at all, and those that
//! are held by a larger one count no more. A file has one writer at a time; another one may go on when the first has ended, or
//! has read the file, or has not written for [`TRUSTED`].

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant, SystemTime};

use opendal::{ErrorKind as Kind, Operator, Result};
use tokio::sync::{Mutex, MutexGuard};

/// What follows the name of a file in that of its log.
pub(super) const SUFFIX: &str = ".~log/";
/// How many objects of one size become one.
const FAN: u64 = 16;
/// Larger objects are left as they are.
const LARGEST: u64 = 512 << 10;
/// Larger additions are read back when they are put together; smaller ones are kept by the writer until then.
const KEPT: usize = 16 << 10;
/// How often a writer tries again when another one was faster, and a reader when objects were put together under its hands.
const TRIES: usize = 16;
/// How long a writer relies on what it knows of a log.
const TRUSTED: Duration = Duration::from_secs(2);
/// For how many files of one shard the last objects are remembered.
const REMEMBERED: usize = 64;

const GAP: &str =
    "objects of the file's log are missing: restore them, or remove the directory that the file is in";
const BUSY: &str =
    "somebody else writes to this file all the time, and a file has one writer: end the other one";

/// One object of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    first: u64,
    last: u64,
    is_whole: bool,
    size: u64,
}

impl Segment {
    fn name(self) -> String {
        format!("{:012x}-{:012x}{}", self.first, self.last, if self.is_whole { 'w' } else { 'a' })
    }

    /// None for objects that are not of a log.
    fn parse(name: &str, size: u64) -> Option<Self> {
        let is_whole = name.ends_with('w');
        let (first, last) = name.strip_suffix(['a', 'w'])?.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(Self { first, last, is_whole, size })
    }

    /// How often it was put together.
    fn level(self) -> u32 {
        (self.last - self.first + 1).ilog(FAN)
    }

    fn ends_as_whole(self, at: u64) -> bool {
        self.is_whole && self.last == at
    }
}

/// The objects of one file that count, in order.
#[derive(Clone, Debug, Default)]
struct Log {
    live: Vec<Segment>,
    /// Those held by larger ones, left by whoever was cut off before removing them.
    dead: Vec<Segment>,
    changed: Option<SystemTime>,
}

impl Log {
    fn new(mut found: Vec<Segment>) -> Self {
        found.sort_by_key(|segment| (segment.first, u64::MAX - segment.last, segment.is_whole));
        let start = found.iter().filter(|segment| segment.is_whole).map(|segment| segment.last).max();
        let mut log = Self::default();
        for segment in found {
            let is_before = start.is_some_and(|whole| segment.last <= whole && !segment.ends_as_whole(whole));
            let is_held = log.live.last().is_some_and(|before| segment.last <= before.last);
            if is_before || is_held { log.dead.push(segment) } else { log.live.push(segment) }
        }
        log
    }

    fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Whether what was there before the log counts.
    fn has_base(&self) -> bool {
        self.live.first().is_none_or(|first| !first.is_whole)
    }

    /// Whether one is missing between the others.
    fn has_gap(&self) -> bool {
        let starts_late = self.live.first().is_some_and(|first| !first.is_whole && first.first != 1);
        starts_late || self.live.windows(2).any(|pair| pair[1].first != pair[0].last + 1)
    }

    fn next(&self) -> u64 {
        self.live.last().map_or(1, |last| last.last + 1)
    }

    /// The last objects that are to become one, if there are enough.
    fn ripe(&self) -> Option<&[Segment]> {
        let level = self.live.last()?.level();
        let is_equal = |segment: &&Segment| segment.level() == level && segment.size <= LARGEST;
        let run = self.live.iter().rev().take_while(is_equal).count();
        (run as u64 >= FAN).then(|| &self.live[self.live.len() - run..])
    }
}

/// What a writer knows of a log, and the contents of its last objects that were not put together yet.
#[derive(Debug)]
struct Tail {
    log: Log,
    contents: HashMap<u64, Vec<u8>>,
    written: Instant,
}

/// The logs of a store.
#[derive(Debug)]
pub(super) struct Segments {
    store: Operator,
    /// Changes of one file follow each other; files share a shard by chance.
    shards: [Mutex<HashMap<String, Tail>>; 16],
}

/// What the log of a file says of it.
pub(super) struct Stat {
    /// Bytes in the log.
    pub size: u64,
    /// Whether those of the file's own object come before them.
    pub has_base: bool,
    /// Last change, where the store knows.
    pub changed: Option<SystemTime>,
}

/// Whether somebody else has written an object of this name.
fn is_taken(error: &opendal::Error) -> bool {
    matches!(error.kind(), Kind::ConditionNotMatch | Kind::AlreadyExists)
}

fn directory(key: &str) -> String {
    format!("{key}{SUFFIX}")
}

impl Segments {
    pub(super) fn new(store: Operator) -> Self {
        Self { store, shards: Default::default() }
    }

    async fn shard(&self, key: &str) -> MutexGuard<'_, HashMap<String, Tail>> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let place = usize::from(hasher.finish().to_le_bytes()[0]) % self.shards.len();
        let mut shard = self.shards[place].lock().await;
        if shard.len() > REMEMBERED {
            shard.clear();
        }
        shard
    }

    async fn log(&self, key: &str) -> Result<Log> {
        let directory = directory(key);
        let listed = self.store.list(&directory).await?;
        let mut found = Vec::with_capacity(listed.len());
        let mut changed = None;
        for entry in listed {
            let name = entry.path().rsplit('/').next().unwrap_or_default();
            let Some(mut segment) = Segment::parse(name, entry.metadata().content_length()) else { continue };
            if segment.size == 0 {
                // Some stores list names alone.
                segment.size = self.store.stat(entry.path()).await?.content_length();
            }
            found.push(segment);
            changed = changed.max(entry.metadata().last_modified().map(SystemTime::from));
        }
        let log = Log { changed, ..Log::new(found) };
        if log.has_gap() {
            return Err(opendal::Error::new(Kind::Unexpected, GAP));
        }
        Ok(log)
    }

    fn path(&self, key: &str, segment: Segment) -> String {
        format!("{}{}", directory(key), segment.name())
    }

    /// Adds to the end of a file, or makes it.
    pub(super) async fn append(&self, key: &str, content: &[u8]) -> Result<()> {
        let mut shard = self.shard(key).await;
        let mut tail = shard.remove(key).filter(|tail| tail.written.elapsed() < TRUSTED);
        for _ in 0..TRIES {
            let mut known = match tail.take() {
                Some(known) => known,
                None => Tail { log: self.log(key).await?, contents: HashMap::new(), written: Instant::now() },
            };
            let number = known.log.next();
            let added = Segment { first: number, last: number, is_whole: false, size: content.len() as u64 };
            match self.write_once(&self.path(key, added), content).await {
                Ok(()) => {
                    known.log.live.push(added);
                    if content.len() <= KEPT {
                        known.contents.insert(number, content.to_vec());
                    } else {
                        known.contents.clear();
                    }
                    known.written = Instant::now();
                    match self.put_together(key, &mut known).await {
                        Ok(()) => drop(shard.insert(key.to_owned(), known)),
                        // The content is there: what fails now is tried again with the next addition.
                        Err(error) => {
                            tracing::debug!(kind = %error.kind(), "a log could not be put together")
                        }
                    }
                    return Ok(());
                }
                // Somebody else has added to the file.
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(opendal::Error::new(Kind::RateLimited, BUSY))
    }

    /// Writes an object unless there is one of this name. When there is one with the same content, an answer to this very
    /// write was lost on the way, and it was sent again.
    async fn write_once(&self, path: &str, content: &[u8]) -> Result<()> {
        let is_conditional = self.store.info().full_capability().write_with_if_not_exists;
        let written = self.store.write_with(path, content.to_vec()).if_not_exists(is_conditional).await;
        match written {
            Err(error) if is_taken(&error) => {
                let there = self.store.read(path).await?;
                if there.to_vec() == content { Ok(()) } else { Err(error) }
            }
            written => written.map(drop),
        }
    }

    async fn put_together(&self, key: &str, tail: &mut Tail) -> Result<()> {
        while let Some(run) = tail.log.ripe().map(<[Segment]>::to_vec) {
            let mut content = Vec::new();
            for segment in &run {
                match tail.contents.remove(&segment.last).filter(|_| segment.level() == 0) {
                    Some(known) => content.extend_from_slice(&known),
                    None => content.extend(self.store.read(&self.path(key, *segment)).await?.to_vec()),
                }
            }
            let (first, last) = (run[0], run[run.len() - 1]);
            let size = content.len() as u64;
            let whole = Segment { first: first.first, last: last.last, is_whole: first.is_whole, size };
            // Whoever puts the same together writes the same.
            self.store.write(&self.path(key, whole), content).await?;
            tail.log.live.truncate(tail.log.live.len() - run.len());
            tail.log.live.push(whole);
            tail.log.dead.extend(run);
            let dead: Vec<_> = tail.log.dead.drain(..).map(|segment| self.path(key, segment)).collect();
            self.store.delete_iter(dead).await?;
        }
        Ok(())
    }

    /// The whole file.
    pub(super) async fn read(&self, key: &str) -> Result<Vec<u8>> {
        // Who reads may be about to go on where somebody else has ended.
        self.shard(key).await.remove(key);
        let mut tries = TRIES;
        loop {
            let log = self.log(key).await?;
            match self.read_log(key, &log).await {
                // Put together by its writer meanwhile.
                Err(error) if error.kind() == Kind::NotFound && !log.is_empty() && tries > 0 => tries -= 1,
                read => return read,
            }
        }
    }

    async fn read_log(&self, key: &str, log: &Log) -> Result<Vec<u8>> {
        let mut whole = match self.store.read(key).await {
            _ if !log.has_base() => Vec::new(),
            Ok(base) => base.to_vec(),
            Err(error) if error.kind() == Kind::NotFound && !log.is_empty() => Vec::new(),
            Err(error) => return Err(error),
        };
        for segment in &log.live {
            whole.extend(self.store.read(&self.path(key, *segment)).await?.to_vec());
        }
        Ok(whole)
    }

    /// Replaces a file, or makes it.
    pub(super) async fn replace(&self, key: &str, content: Vec<u8>) -> Result<()> {
        let mut shard = self.shard(key).await;
        shard.remove(key);
        let mut tries = TRIES;
        loop {
            let log = self.log(key).await?;
            if log.is_empty() {
                return self.store.write(key, content).await.map(drop);
            }
            let number = log.next();
            let whole = Segment { first: number, last: number, is_whole: true, size: content.len() as u64 };
            match self.write_once(&self.path(key, whole), &content).await {
                Ok(()) => {
                    let replaced = log.live.iter().chain(&log.dead).map(|segment| self.path(key, *segment));
                    return self
                        .store
                        .delete_iter(replaced.chain([key.to_owned()]).collect::<Vec<_>>())
                        .await;
                }
                Err(error) if is_taken(&error) && tries > 0 => tries -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// What is known of a file from its log. None without one.
    pub(super) async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        let log = self.log(key).await?;
        let size = log.live.iter().map(|segment| segment.size).sum();
        Ok((!log.is_empty()).then(|| Stat { size, has_base: log.has_base(), changed: log.changed }))
    }

    /// Removes a file; one that is not there is no error.
    pub(super) async fn remove(&self, key: &str) -> Result<()> {
        self.shard(key).await.remove(key);
        self.store.delete(key).await?;
        self.store.delete_with(&directory(key)).recursive(true).await
    }

    /// Forgets what was known of the files below a directory that is gone.
    pub(super) async fn forget(&self, directory: &str) {
        for shard in &self.shards {
            shard.lock().await.retain(|key, _| !key.starts_with(directory));
        }
    }
}

#[cfg(test)]
#[path = "segments_tests.rs"]
mod tests;
