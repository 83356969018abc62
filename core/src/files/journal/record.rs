//! What a journal is made of: records, each of which was written once, under its number. A record is lines of JSON; the
//! content of a file follows its line as it is. Records that were put together follow each other in one object.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::files::tree::Change;

/// The first line of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The number under which it was written. Numbers begin at 1 and leave none out.
    pub record: u64,
    /// Counts the owners of the journal; the writer was the owner with this number.
    pub epoch: u64,
    /// Names the opening that wrote it, so that no two writers write the same bytes.
    pub writer: String,
}

/// One step of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Somebody became the owner: `until` then at least, unless a later word of the owner says more.
    Open { owner: String, until: SystemTime, at: SystemTime },
    /// Who is the owner, said again where everything before is cleared.
    Held { owner: String, until: SystemTime, at: SystemTime },
    /// The owner left. Whoever comes next need not wait.
    Close { at: SystemTime },
    /// What was there before counts no more: the whole state follows.
    Clear,
    /// A change of the files.
    Change { change: Change, at: SystemTime },
}

/// A step as one line. Times are milliseconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "lowercase")]
enum Line {
    Open { owner: String, until: u64, at: u64 },
    Held { owner: String, until: u64, at: u64 },
    Close { at: u64 },
    Clear,
    Append { path: String, at: u64, size: usize },
    Write { path: String, at: u64, size: usize },
    Mkdir { path: String, at: u64, recursive: bool },
    Remove { path: String, at: u64, recursive: bool, force: bool },
    Rename { from: String, to: String, at: u64 },
}

pub(super) fn millis(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(UNIX_EPOCH)
}

impl Head {
    /// Begins a record.
    pub(super) fn begin(&self) -> Vec<u8> {
        let mut record = Vec::new();
        push_line(&mut record, self);
        record
    }
}

/// Adds a step to a record.
pub(super) fn push_step(record: &mut Vec<u8>, step: &Step) {
    match step {
        Step::Open { owner, until, at } => {
            push_line(record, &Line::Open { owner: owner.clone(), until: millis(*until), at: millis(*at) });
        }
        Step::Held { owner, until, at } => {
            push_line(record, &Line::Held { owner: owner.clone(), until: millis(*until), at: millis(*at) });
        }
        Step::Close { at } => push_line(record, &Line::Close { at: millis(*at) }),
        Step::Clear => push_line(record, &Line::Clear),
        Step::Change { change, at } => push_change(record, change, millis(*at)),
    }
}

fn push_change(record: &mut Vec<u8>, change: &Change, at: u64) {
    let content = match change {
        Change::Append { content, .. } | Change::Write { content, .. } => Some(content),
        _ => None,
    };
    let size = content.map_or(0, Vec::len);
    let line = match change.clone() {
        Change::Append { path, .. } => Line::Append { path, at, size },
        Change::Write { path, .. } => Line::Write { path, at, size },
        Change::Mkdir { path, recursive } => Line::Mkdir { path, at, recursive },
        Change::Remove { path, recursive, force } => Line::Remove { path, at, recursive, force },
        Change::Rename { from, to } => Line::Rename { from, to, at },
    };
    push_line(record, &line);
    if let Some(content) = content {
        record.extend_from_slice(content);
        record.push(b'\n');
    }
}

fn push_line(record: &mut Vec<u8>, line: &impl Serialize) {
    // Texts, numbers and flags: nothing that could not be written, and a vector takes all.
    drop(serde_json::to_writer(&mut *record, line));
    record.push(b'\n');
}

/// What an object holds, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Head(Head),
    Step(Step),
}

/// Reads an object. The error says what is wrong with it.
pub(super) fn parse(mut bytes: &[u8]) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let end = memchr::memchr(b'\n', bytes).ok_or("its last line is cut off")?;
        let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
        bytes = rest;
        if line.starts_with(br#"{"record":"#) {
            parts.push(Part::Head(serde_json::from_slice(line).map_err(|error| error.to_string())?));
            continue;
        }
        let line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        parts.push(Part::Step(step(line, &mut bytes)?));
    }
    match parts.first() {
        Some(Part::Head(_)) => Ok(parts),
        _ => Err("it does not begin with a record".to_owned()),
    }
}

fn step(line: Line, rest: &mut &[u8]) -> Result<Step, String> {
    let (change, at) = match line {
        Line::Open { owner, until, at } => return Ok(Step::Open { owner, until: time(until), at: time(at) }),
        Line::Held { owner, until, at } => return Ok(Step::Held { owner, until: time(until), at: time(at) }),
        Line::Close { at } => return Ok(Step::Close { at: time(at) }),
        Line::Clear => return Ok(Step::Clear),
        Line::Append { path, at, size } => (Change::Append { path, content: content(rest, size)? }, at),
        Line::Write { path, at, size } => (Change::Write { path, content: content(rest, size)? }, at),
        Line::Mkdir { path, at, recursive } => (Change::Mkdir { path, recursive }, at),
        Line::Remove { path, at, recursive, force } => (Change::Remove { path, recursive, force }, at),
        Line::Rename { from, to, at } => (Change::Rename { from, to }, at),
    };
    Ok(Step::Change { change, at: time(at) })
}

/// The content that follows a line.
fn content(rest: &mut &[u8], size: usize) -> Result<Vec<u8>, String> {
    let (content, after) = rest.split_at_checked(size).ok_or("a content is cut off")?;
    *rest = after.strip_prefix(b"\n").ok_or("a content is longer than its line says")?;
    Ok(content.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<Part> {
        let at = time(1_700_000_000_123);
        let change = |change| Part::Step(Step::Change { change, at });
        vec![
            Part::Head(Head { record: 7, epoch: 2, writer: "w".into() }),
            Part::Step(Step::Open { owner: "a\n\"b".into(), until: time(5), at }),
            Part::Step(Step::Clear),
            Part::Step(Step::Held { owner: "a".into(), until: time(5), at }),
            change(Change::Append { path: "/ä\n".into(), content: b"{\"record\":1}\n".to_vec() }),
            change(Change::Write { path: "x".into(), content: vec![0, 255, b'\n'] }),
            change(Change::Mkdir { path: "d".into(), recursive: true }),
            change(Change::Remove { path: "d".into(), recursive: false, force: true }),
            change(Change::Rename { from: "x".into(), to: "y".into() }),
            Part::Head(Head { record: 8, epoch: 2, writer: "w".into() }),
            Part::Step(Step::Close { at }),
        ]
    }

    fn written(parts: &[Part]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in parts {
            match part {
                Part::Head(head) => bytes.extend(head.begin()),
                Part::Step(step) => push_step(&mut bytes, step),
            }
        }
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(parse(&written(&sample())).unwrap(), sample());
    }

    #[test]
    fn what_is_cut_off_or_spoiled_is_told() {
        let bytes = written(&sample());
        let whole = sample();
        for end in 0..bytes.len() {
            // Between two steps it is shorter; anywhere else it is an error.
            if let Ok(parts) = parse(&bytes[..end]) {
                assert_eq!(parts, whole[..parts.len()], "{end}");
            }
        }
        assert!(parse(b"{\"step\":\"clear\"}\n").unwrap_err().contains("begin"));
        assert!(parse(b"{\"record\":1,\"epoch\":1,\"writer\":\"\"}\n{\"step\":\"melt\"}\n").is_err());
    }
}
