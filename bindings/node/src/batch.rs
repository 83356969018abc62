//! One text per wake-up: deliveries written one after the other as a flat JSON array, payloads taken over as received.
//!
//! JavaScript calls `JSON.parse` once per batch and walks the array; making a JavaScript object per delivery here would cost
//! several times more than parsing them all at once. Records are read by `js/inbox.ts`, which names the same numbers.
//!
//! Events whose [shape](Shapes) is known go as their values alone, and JavaScript puts the objects together: parsing them
//! whole takes three times as long. Long texts among the values do not go through JSON at all.

use std::io::Write as _;
use std::ops::Range;

use bytes::Bytes;
use copilot_core::Event;
use copilot_core::host::{Delivery, HostClient, Shapes, utf16};
use napi::JsString;
use napi::bindgen_prelude::{Either, Env, Result};

use crate::error::write_json;

/// A batch is closed when it holds this many bytes, so that parsing one never blocks the event loop for long.
const BATCH_BYTES: usize = 64 * 1024;

/// How many deliveries are taken from the engine at once; bounds how far a batch can exceed [`BATCH_BYTES`].
const CHUNK: usize = 16;

/// From this length on making a string of its own is cheaper than having it parsed.
const LONG_TEXT: usize = 256;

/// How much room is kept for the next batch.
const MOST_KEPT: usize = 16 * BATCH_BYTES;

/// Values of this length are written only when they are not those of the event of the same shape before: ids of messages and
/// turns, and times. JavaScript uses the string it has.
const REPEATABLE: Range<usize> = 8..64;

/// The batch at hand.
#[derive(Default)]
pub(crate) struct Batch {
    chunk: Vec<Delivery>,
    shapes: Shapes,
    records: Records,
    units: Vec<u16>,
}

/// What JavaScript gets: the batch alone, or the batch and the long texts that stand as `null` in it.
pub(crate) type Drained<'env> = Either<JsString<'env>, Vec<JsString<'env>>>;

impl Batch {
    /// Takes deliveries until the inbox is empty or the batch is full. The text is empty when there was nothing.
    pub(crate) fn next<'env>(&mut self, client: &HostClient, env: &'env Env) -> Result<Drained<'env>> {
        let Self { chunk, shapes, records, units } = self;
        records.clear();
        units.clear();
        units.shrink_to(MOST_KEPT);
        while records.size() < BATCH_BYTES && client.drain_some(CHUNK, chunk) > 0 {
            for delivery in chunk.drain(..) {
                records.add(&delivery, shapes);
            }
        }
        let text = if records.text.is_empty() {
            env.create_string_latin1([])?
        } else {
            records.text.push(b']');
            string_of(env, &records.text, false, units)?
        };
        if records.long.is_empty() {
            return Ok(Either::A(text));
        }
        let long = records.long.drain(..).map(|text| string_of(env, &text, true, units));
        Ok(Either::B([Ok(text)].into_iter().chain(long).collect::<Result<_>>()?))
    }

    /// The records of the batch one by one, for the case that one of them is no JSON and spoils the others.
    pub(crate) fn records(&self) -> Vec<String> {
        let Records { text, starts, .. } = &self.records;
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        // Every record is followed by one comma or bracket.
        starts
            .iter()
            .zip(ends)
            .map(|(&start, end)| String::from_utf8_lossy(&text[start..end - 1]).into())
            .collect()
    }
}

/// A JavaScript string, with one byte per unit where that is enough. `escaped`: the text is the inside of a JSON string.
fn string_of<'env>(
    env: &'env Env,
    text: &[u8],
    escaped: bool,
    units: &mut Vec<u16>,
) -> Result<JsString<'env>> {
    if text.is_ascii() && !(escaped && text.contains(&b'\\')) {
        return env.create_string_latin1(text);
    }
    if escaped {
        utf16::unescape(text, units);
    } else {
        utf16::widen(text, units);
    }
    if units.iter().fold(0, |all, unit| all | unit) > 0xFF {
        return env.create_string_utf16(&*units);
    }
    env.create_string_latin1(units.iter().map(|&unit| unit as u8).collect::<Vec<_>>())
}

#[derive(Default)]
struct Records {
    text: Vec<u8>,
    /// Where each record begins.
    starts: Vec<usize>,
    /// Long texts, as they stood between their quotes.
    long: Vec<Bytes>,
    long_size: usize,
    values: Vec<Range<usize>>,
    /// By shape, the values of its last event; empty where they are not [`REPEATABLE`].
    last: Vec<Vec<Vec<u8>>>,
}

impl Records {
    fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(MOST_KEPT);
        self.starts.clear();
        self.long.clear();
        self.long_size = 0;
    }

    fn size(&self) -> usize {
        self.text.len() + self.long_size
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

    fn add(&mut self, delivery: &Delivery, shapes: &mut Shapes) {
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
