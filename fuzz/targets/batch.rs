//! The text that Node gets of a batch of deliveries, whatever they hold: one JSON array, from which every delivery can be made again
//! as `js/inbox.ts` and `js/shapes.ts` do it, and the same as its records one by one.
//! Each line of the input is a delivery: a digit for what it is, a name up to a tab, and its payload.
#![no_main]

extern crate self as napi;

use bytes::Bytes;
use copilot_core::host::{CallKind, Delivery, Shapes, utf16};
use copilot_core::{ErrorKind, Event};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[allow(dead_code)]
#[path = "../../bindings/node/src/error.rs"]
mod error;
#[allow(dead_code)]
#[path = "../../bindings/node/src/records.rs"]
mod records;

/// Stands for the error of Node's interface, which only Node can make.
pub struct Error;
/// As [`Error`].
pub enum Status {
    /// The one that is used.
    GenericFailure,
}

impl Error {
    /// Makes an error.
    pub fn new(_: Status, _: String) -> Self {
        Self
    }
}

/// A delivery, and what it should be read as: nothing when its payload is no JSON, which the engine never promised.
fn delivery(line: &[u8], number: u64) -> Option<(Delivery, Option<Value>)> {
    let (kind, rest) = line.split_first()?;
    let (name, payload) = match rest.iter().position(|byte| *byte == b'\t') {
        Some(tab) => (&rest[..tab], &rest[tab + 1..]),
        None => (&[][..], rest),
    };
    let (name, payload) = (String::from_utf8_lossy(name).into_owned(), Bytes::copy_from_slice(payload));
    let mut value = serde_json::from_slice::<Value>(&payload).ok();
    let session = u32::try_from(number).unwrap_or_default();
    let failed = || {
        let data = String::from_utf8_lossy(&payload).into_owned();
        let data = serde_json::from_str::<Value>(&data).is_ok().then_some(data);
        data.into_iter()
            .fold(copilot_core::Error::new(ErrorKind::Rpc, name.clone()), |error, data| error.with_data(data))
    };
    let delivery = match kind.wrapping_sub(b'0') % 9 {
        0 => Delivery::Event { session, event: Event::from_json(payload).ok()? },
        1 => Delivery::Completed { ticket: number, result: Ok(payload) },
        2 => Delivery::Completed { ticket: number, result: Err(failed()) },
        3 => Delivery::Call { call: number, kind: CallKind::Tool, name: name.into(), session, args: payload },
        4 => Delivery::CallCancelled { call: number },
        5 => Delivery::Lifecycle { event: payload },
        6 => Delivery::Notification { method: name, params: payload },
        7 => Delivery::Closed { error: failed() },
        _ => Delivery::Ended { session, error: failed() },
    };
    if let Delivery::Completed { result: Err(error), .. }
    | Delivery::Closed { error }
    | Delivery::Ended { error, .. } = &delivery
    {
        let mut text = String::new();
        error::write_json(&mut text, error);
        value = Some(serde_json::from_str(&text).expect("an error is no JSON"));
        assert_eq!(value.as_ref().map(|value| &value["message"]), Some(&Value::from(error.message())));
    }
    if matches!(delivery, Delivery::CallCancelled { .. }) {
        value = Some(number.into());
    }
    Some((delivery, value))
}

/// What JavaScript knows of a shape, and the values of its last event.
#[derive(Default)]
struct Known {
    event: Value,
    names: Vec<String>,
    in_data: Vec<bool>,
    last: Vec<Value>,
}

/// The other side: makes events of the records again.
#[derive(Default)]
struct Reader {
    shapes: Vec<Known>,
}

impl Reader {
    /// What a record is about: its payload, or the event that is made of its values. None for records that only teach a shape.
    fn read(&mut self, record: &[Value], texts: &mut impl Iterator<Item = Value>) -> Option<Value> {
        let at =
            |place: usize| record[place].as_u64().map_or(0, |number| usize::try_from(number).unwrap_or(0));
        match record[0].as_u64() {
            Some(9) => {
                let id = at(1);
                assert!(id < Shapes::MOST);
                self.shapes.resize_with(self.shapes.len().max(id + 1), Known::default);
                let list = |place: usize| record[place].as_array().expect("a list").iter();
                let names: Vec<String> = list(3).map(|name| name.as_str().unwrap().to_owned()).collect();
                let in_data = list(4).map(|inside| inside.as_bool().unwrap()).collect();
                let last = vec![Value::Null; names.len()];
                self.shapes[id] = Known { event: record[2].clone(), names, in_data, last };
                None
            }
            Some(10) => Some(self.shapes[at(2)].make(&record[3..], texts)),
            _ => record.last().cloned(),
        }
    }
}

impl Known {
    fn make(&mut self, values: &[Value], texts: &mut impl Iterator<Item = Value>) -> Value {
        assert_eq!(values.len(), self.names.len());
        let mut event = self.event.clone();
        for (at, value) in values.iter().enumerate() {
            let value = match value {
                Value::Bool(true) => self.last[at].clone(),
                Value::Null => texts.next().expect("a long text is missing"),
                other => {
                    self.last[at] = other.clone();
                    other.clone()
                }
            };
            let place = if self.in_data[at] { &mut event["data"] } else { &mut event };
            place[self.names[at].as_str()] = value;
        }
        event
    }
}

/// A long text as JavaScript gets it; what no Rust string can hold is compared as it is escaped.
fn long(text: &[u8]) -> Value {
    let mut units = Vec::new();
    utf16::unescape(text, &mut units);
    Value::from(String::from_utf16_lossy(&units))
}

fn parsed(record: &str) -> serde_json::Result<Vec<Value>> {
    serde_json::from_str(&format!("[{record}]"))
}

/// Whether a text may hold half a surrogate pair, which JavaScript keeps and serde_json refuses or replaces.
fn is_strange(input: &[u8]) -> bool {
    input.windows(2).any(|two| two == b"\\u") || std::str::from_utf8(input).is_err()
}

fuzz_target!(|input: &[u8]| {
    let lines = input.split(|byte| *byte == b'\n').zip(1..);
    let deliveries: Vec<_> = lines.filter_map(|(line, number)| delivery(line, number)).collect();
    let are_json = deliveries.iter().all(|(_, value)| value.is_some());
    let (mut records, mut shapes, mut reader) =
        (records::Records::default(), Shapes::default(), Reader::default());
    // Several batches: what is known of shapes goes on.
    for batch in deliveries.chunks(7) {
        records.clear();
        batch.iter().for_each(|(delivery, _)| records.add(delivery, &mut shapes));
        records.text.push(b']');
        let split: Vec<_> = records.split().iter().map(|record| parsed(record)).collect();
        let texts: Vec<_> = records.long.drain(..).map(|text| long(&text)).collect();
        if are_json && !is_strange(input) {
            let whole: Vec<Value> = serde_json::from_slice(&records.text).expect("the batch is no JSON");
            let split: Vec<Vec<Value>> =
                split.into_iter().map(|record| record.expect("a record is no JSON")).collect();
            assert_eq!(whole, split.concat());
            let mut texts = texts.into_iter();
            let read: Vec<_> = split.iter().filter_map(|record| reader.read(record, &mut texts)).collect();
            let wanted: Vec<_> = batch.iter().map(|(_, value)| value.clone().unwrap()).collect();
            assert_eq!(read, wanted);
            assert!(texts.next().is_none(), "a long text too many");
        }
    }
});
