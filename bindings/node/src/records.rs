//! The text of a batch: deliveries as one flat JSON array of records, which `js/inbox.ts` reads.

use std::io::Write as _;
use std::ops::Range;

use bytes::Bytes;
use copilot_core::Event;
use copilot_core::host::{Delivery, Shapes};

use crate::error::write_json;

/// From this length on making a string of its own is cheaper than having it parsed.
const LONG_TEXT: usize = 256;

/// Values of this length are written only when they are not those of the event of the same shape before: ids of messages and
/// turns, and times. JavaScript uses the string it has.
const REPEATABLE: Range<usize> = 8..64;

/// How much room is kept for the next batch.
pub(crate) const MOST_KEPT: usize = 1024 * 1024;

/// The records of one batch.
#[derive(Default)]
pub(crate) struct Records {
    /// One JSON array, whose last bracket is still missing.
    pub(crate) text: Vec<u8>,
    /// Where each record begins.
    starts: Vec<usize>,
    /// Long texts, as they stood between their quotes.
    pub(crate) long: Vec<Bytes>,
    long_size: usize,
    values: Vec<Range<usize>>,
    /// By shape, the values of its last event; empty where they are not [`REPEATABLE`].
    last: Vec<Vec<Vec<u8>>>,
}

impl Records {
    /// Begins a new batch; what is known of shapes stays.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(MOST_KEPT);
        self.starts.clear();
        self.long.clear();
        self.long_size = 0;
    }

    /// Bytes of all of it.
    pub(crate) fn size(&self) -> usize {
        self.text.len() + self.long_size
    }

    /// The records one by one; the last bracket is there.
    pub(crate) fn split(&self) -> Vec<String> {
        let ends = self.starts.iter().skip(1).copied().chain([self.text.len()]);
        // Every record is followed by one comma or bracket.
        let records = self.starts.iter().zip(ends).map(|(&start, end)| &self.text[start..end - 1]);
        records.map(|record| String::from_utf8_lossy(record).into()).collect()
    }

    /// Begins a record with its numbers.
    fn begin(&mut self, numbers: &[u64]) {
        let mut before = if self.text.is_empty() { b'[' } else { b',' };
        self.starts.push(self.text.len() + 1);
        for &number in numbers {
            self.text.push(before);
            push_number(&mut self.text, number);
            before = b',';
        }
    }

    /// Adds something to a record.
    fn push(&mut self, json: &[u8]) {
        self.text.push(b',');
        self.text.extend_from_slice(json);
    }

    /// Payloads are JSON text by contract; an absent one is `null`.
    fn payload(&mut self, payload: &[u8]) {
        self.push(if payload.is_empty() { b"null" } else { payload });
    }

    fn error(&mut self, error: &copilot_core::Error) {
        let mut text = String::new();
        write_json(&mut text, error);
        self.push(text.as_bytes());
    }

    /// Writes a delivery behind the others.
    pub(crate) fn add(&mut self, delivery: &Delivery, shapes: &mut Shapes) {
        match delivery {
            Delivery::Event { session, event } => self.event(*session, event, shapes),
            Delivery::Completed { ticket, result: Ok(payload) } => {
                self.begin(&[1, *ticket]);
                self.payload(payload);
            }
            Delivery::Completed { ticket, result: Err(error) } => {
                self.begin(&[2, *ticket]);
                self.error(error);
            }
            Delivery::Call { call, kind, name, session, args } => {
                self.begin(&[3, *call, u64::from(kind.number()), u64::from(*session)]);
                self.push(serde_json::Value::from(&**name).to_string().as_bytes());
                self.payload(args);
            }
            Delivery::CallCancelled { call } => self.begin(&[4, *call]),
            Delivery::Lifecycle { event } => {
                self.begin(&[5]);
                self.payload(event);
            }
            Delivery::Notification { method, params } => {
                self.begin(&[6]);
                self.push(serde_json::Value::from(method.as_str()).to_string().as_bytes());
                self.payload(params);
            }
            Delivery::Closed { error } => {
                self.begin(&[7]);
                self.error(error);
            }
            Delivery::Ended { session, error } => {
                self.begin(&[8, u64::from(*session)]);
                self.error(error);
            }
        }
    }

    fn event(&mut self, session: u32, event: &Event, shapes: &mut Shapes) {
        let mut values = std::mem::take(&mut self.values);
        match shapes.find(event.bytes(), &mut values) {
            None => {
                self.begin(&[0, u64::from(session)]);
                self.payload(event.bytes());
            }
            Some(shaped) => {
                if let Some(definition) = shaped.definition {
                    self.begin(&[9, shaped.id as u64]);
                    self.push(definition.as_bytes());
                    self.last.resize(self.last.len().max(shaped.id + 1), Vec::new());
                    self.last[shaped.id] = vec![Vec::new(); values.len()];
                }
                self.begin(&[10, u64::from(session), shaped.id as u64]);
                for (at, value) in values.iter().enumerate() {
                    if self.repeats(shaped.id, at, &event.bytes()[value.clone()]) {
                        self.push(b"true");
                    } else {
                        self.value(event.bytes(), value);
                    }
                }
            }
        }
        self.values = values;
    }

    /// Whether the last event of this shape had this value too; remembers it.
    fn repeats(&mut self, shape: usize, at: usize, value: &[u8]) -> bool {
        let last = &mut self.last[shape][at];
        let is_same = !last.is_empty() && *last == value;
        if !is_same {
            last.clear();
            if REPEATABLE.contains(&value.len()) {
                last.extend_from_slice(value);
            }
        }
        is_same
    }

    fn value(&mut self, event: &Bytes, value: &Range<usize>) {
        if value.len() < LONG_TEXT || event[value.start] != b'"' {
            return self.push(&event[value.clone()]);
        }
        self.push(b"null");
        self.long_size += value.len();
        self.long.push(event.slice(value.start + 1..value.end - 1));
    }
}

fn push_number(out: &mut Vec<u8>, number: u64) {
    match u8::try_from(number) {
        Ok(digit @ 0..=9) => out.push(b'0' + digit),
        // Writing to a vector cannot fail.
        _ => drop(write!(out, "{number}")),
    }
}
