//! The objects of a journal: `<session>/.~journal/<number>`, in hexadecimal. Each is written once, under the number that
//! follows the last, and the store refuses a number that is there: of several writers one succeeds, and the others learn of
//! it. Every sixteen objects of one size are put together as `<first>-<last>`; those in which an owner began are left, so
//! that an owner from before meets them whenever it wakes.

use std::collections::HashMap;
use std::time::SystemTime;

use super::record::{Head, Part, Step, parse};
use super::store::Store;
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::files::tree::Tree;

/// How many objects of one size become one.
const FAN: usize = 16;
/// Larger objects are left as they are.
const LARGEST: usize = 512 << 10;
/// Contents that are kept until they are put together; larger ones are read back.
const KEPT: usize = 16 << 10;
/// How often a reader begins again because the owner put objects together under its hands.
const TRIES: usize = 16;

/// One object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    first: u64,
    last: u64,
    size: usize,
    kind: Kind,
}

/// What is special about an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Changes,
    /// An owner began in it. It stays as it is, for ever.
    Fence,
    /// Its first record clears: a reader may begin here. Nothing from before is put together with it.
    Anew,
}

impl Kind {
    fn of(parts: &[Part]) -> Self {
        match parts {
            [Part::Head(_), Part::Step(Step::Clear), ..] => Self::Anew,
            _ if parts.iter().any(|part| matches!(part, Part::Step(Step::Open { .. }))) => Self::Fence,
            _ => Self::Changes,
        }
    }
}

impl Segment {
    fn name(self) -> String {
        if self.first == self.last {
            number_name(self.first)
        } else {
            format!("{:012x}-{:012x}", self.first, self.last)
        }
    }

    /// None for objects that are not of a journal.
    fn parse(name: &str) -> Option<Self> {
        let (first, last) = name.split_once('-').unwrap_or((name, name));
        let number = |text: &str| u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 12);
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(Self { first, last, size: 0, kind: Kind::Changes })
    }

    /// How often it was put together.
    fn level(self) -> u32 {
        (self.last - self.first + 1).ilog(FAN as u64)
    }
}

fn number_name(number: u64) -> String {
    format!("{number:012x}")
}

/// Who may write, as the journal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub epoch: u64,
    pub owner: String,
    pub since: SystemTime,
    pub until: SystemTime,
    /// It left by itself.
    pub has_left: bool,
}

/// What the records say together.
#[derive(Default)]
pub(super) struct Replayed {
    pub tree: Tree,
    /// The last owner. None in a new journal.
    pub holder: Option<Holder>,
    next: u64,
}

impl Replayed {
    fn new() -> Self {
        Self { next: 1, ..Self::default() }
    }

    /// Takes what one object holds. Records that were seen already do not count.
    fn take(&mut self, parts: Vec<Part>) -> std::result::Result<(), String> {
        let mut head = None::<Head>;
        for part in parts {
            match part {
                Part::Head(read) => {
                    head = Some(read).filter(|read| read.record >= self.next);
                    if let Some(head) = &head {
                        self.next = head.record + 1;
                    }
                }
                Part::Step(step) => {
                    let Some(head) = &head else { continue };
                    self.step(head, step)?;
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, head: &Head, step: Step) -> std::result::Result<(), String> {
        match step {
            Step::Open { owner, until, at } | Step::Held { owner, until, at } => {
                self.holder = Some(Holder { epoch: head.epoch, owner, since: at, until, has_left: false });
            }
            Step::Close { .. } => {
                if let Some(holder) = &mut self.holder {
                    holder.has_left = true;
                }
            }
            Step::Clear => self.tree = Tree::default(),
            Step::Change { change, at } => {
                self.tree.apply(&change, at).map_err(|error| error.message().to_owned())?;
            }
        }
        Ok(())
    }
}

/// A journal as far as it is known, for its reader and its only writer.
pub(super) struct Log {
    store: Store,
    directory: String,
    live: Vec<Segment>,
    next: u64,
    contents: HashMap<u64, Vec<u8>>,
}

/// What became of a record.
pub(super) enum Added {
    Written,
    /// Somebody else has written under this number: this.
    Taken(Vec<Part>),
}

impl Log {
    /// Reads a journal; `from` is the number of a record that clears, when one is known.
    pub(super) async fn read(store: &Store, session: &str, from: u64) -> Result<(Self, Replayed)> {
        let directory = format!("{session}/.~journal");
        let mut tries = 0;
        loop {
            match Self::read_once(store, &directory, from).await? {
                Ok(read) => return Ok(read),
                Err(_) if tries < TRIES => tries += 1,
                Err(problem) => return Err(reasons::files_journal(session, &problem)),
            }
        }
    }

    /// The inner error is of objects that do not fit together, which may be because the owner is putting them together.
    async fn read_once(
        store: &Store,
        directory: &str,
        from: u64,
    ) -> Result<std::result::Result<(Self, Replayed), String>> {
        let names = store.list(directory).await?;
        let live = counting(names.iter().filter_map(|name| Segment::parse(name)).collect(), from);
        let (mut replayed, mut read) = (Replayed::new(), Vec::with_capacity(live.len()));
        let mut gap = None;
        for (mut segment, content) in live.iter().copied().zip(store.get_all(directory, &live).await?) {
            let content = match content {
                Some(content) => content,
                None => return Ok(Err(format!("object {} went away", segment.name()))),
            };
            segment.size = content.len();
            let parts = match parse(&content) {
                Ok(parts) => parts,
                Err(problem) => return Ok(Err(format!("object {}: {problem}", segment.name()))),
            };
            segment.kind = Kind::of(&parts);
            if segment.kind == Kind::Anew {
                (gap, replayed.next) = (None, segment.first);
            }
            if segment.first > replayed.next {
                gap.get_or_insert(replayed.next);
            }
            match replayed.take(parts) {
                // What a gap left out may be missing for what follows, up to where everything begins anew.
                Err(problem) if gap.is_none() => {
                    return Ok(Err(format!("object {}: {problem}", segment.name())));
                }
                Ok(()) | Err(_) => {}
            }
            read.push(segment);
        }
        if let Some(missing) = gap {
            return Ok(Err(format!(
                "record {missing} is missing: restore its object, or remove the session"
            )));
        }
        let next = replayed.next;
        let log = Self {
            store: store.clone(),
            directory: directory.to_owned(),
            live: read,
            next,
            contents: HashMap::new(),
        };
        Ok(Ok((log, replayed)))
    }

    /// The number of the next record.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// How many objects a reader would read.
    pub(super) fn objects(&self) -> usize {
        self.live.len()
    }

    /// Bytes of these objects.
    pub(super) fn size(&self) -> usize {
        self.live.iter().map(|segment| segment.size).sum()
    }

    /// Writes a record under the next number.
    pub(super) async fn add(&mut self, record: Vec<u8>, kind: Kind) -> Result<Added> {
        let name = self.path(&number_name(self.next));
        if !self.store.create(&name, &record).await? {
            // An answer to this very record may have been lost on the way.
            match self.store.get(&name).await? {
                Some(there) if there == record => {}
                there => {
                    return Ok(Added::Taken(there.and_then(|there| parse(&there).ok()).unwrap_or_default()));
                }
            }
        }
        let segment = Segment { first: self.next, last: self.next, size: record.len(), kind };
        if record.len() <= KEPT && kind != Kind::Fence {
            self.contents.insert(self.next, record);
        }
        self.live.push(segment);
        self.next += 1;
        Ok(Added::Written)
    }

    /// What somebody else has written under the next number, if anybody did.
    pub(super) async fn peek(&self) -> Result<Option<Vec<Part>>> {
        let there = self.store.get(&self.path(&number_name(self.next))).await?;
        Ok(there.map(|there| parse(&there).unwrap_or_default()))
    }

    /// Whether somebody had written under the last record's number before, or has written after it.
    pub(super) async fn is_overtaken(&self) -> Result<bool> {
        let last = self.next - 1;
        let names = self.store.list(&self.directory).await?;
        let mut found = names.iter().filter_map(|name| Segment::parse(name));
        Ok(found.any(|segment| segment.last > last || (segment.last == last && segment.first < last)))
    }

    /// Puts objects together while there are enough of one size.
    pub(super) async fn put_together(&mut self) -> Result<()> {
        while let Some(run) = self.ripe().map(<[Segment]>::to_vec) {
            let mut content = Vec::new();
            for segment in &run {
                match self.contents.remove(&segment.last).filter(|_| segment.level() == 0) {
                    Some(known) => content.extend(known),
                    None => content.extend(self.get(*segment).await?),
                }
            }
            let (first, last) = (run[0].first, run[run.len() - 1].last);
            let whole = Segment { first, last, size: content.len(), kind: run[0].kind };
            // Whoever puts the same together writes the same.
            self.store.put(&self.path(&whole.name()), &content).await?;
            self.live.truncate(self.live.len() - run.len());
            self.live.push(whole);
            self.delete(&run).await?;
        }
        Ok(())
    }

    async fn get(&self, segment: Segment) -> Result<Vec<u8>> {
        let path = self.path(&segment.name());
        let gone = || Error::new(ErrorKind::Internal, format!("object {path} went away"));
        self.store.get(&path).await?.ok_or_else(gone)
    }

    /// Removes what a record that clears made useless: everything before the last record, but for fences.
    pub(super) async fn drop_before_last(&mut self) -> Result<()> {
        let last = self.next - 1;
        let (dead, live): (Vec<_>, Vec<_>) =
            self.live.drain(..).partition(|segment| segment.last < last && segment.kind != Kind::Fence);
        self.live = live;
        self.live.retain(|segment| segment.last >= last);
        self.contents.clear();
        self.delete(&dead).await
    }

    async fn delete(&self, segments: &[Segment]) -> Result<()> {
        let names: Vec<_> = segments.iter().map(|segment| self.path(&segment.name())).collect();
        self.store.delete(&names).await
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.directory)
    }

    /// The last objects that are to become one, if there are enough.
    fn ripe(&self) -> Option<&[Segment]> {
        let level = self.live.last()?.level();
        let mut run = 0;
        for segment in self.live.iter().rev() {
            if segment.kind == Kind::Fence || segment.level() != level || segment.size > LARGEST {
                break;
            }
            run += 1;
            if segment.kind == Kind::Anew {
                break;
            }
        }
        (run >= FAN).then(|| &self.live[self.live.len() - run..])
    }
}

/// Those that are not held by larger ones, and may say something that is not cleared from `from` on.
fn counting(mut found: Vec<Segment>, from: u64) -> Vec<Segment> {
    found.sort_by_key(|segment| (segment.first, u64::MAX - segment.last));
    let mut live: Vec<Segment> = Vec::with_capacity(found.len());
    for segment in found {
        let is_held = live.last().is_some_and(|before| segment.last <= before.last);
        if segment.last >= from && !is_held {
            live.push(segment);
        }
    }
    live
}

impl Store {
    /// The contents of several objects, some at a time.
    async fn get_all(&self, directory: &str, segments: &[Segment]) -> Result<Vec<Option<Vec<u8>>>> {
        let mut contents = Vec::with_capacity(segments.len());
        for some in segments.chunks(FAN) {
            let started: Vec<_> = some
                .iter()
                .map(|segment| {
                    let (store, path) = (self.clone(), format!("{directory}/{}", segment.name()));
                    tokio::spawn(async move { store.get(&path).await })
                })
                .collect();
            for one in started {
                let ended = |error| Error::new(ErrorKind::Internal, format!("reading ended: {error}"));
                contents.push(one.await.map_err(ended)??);
            }
        }
        Ok(contents)
    }
}
