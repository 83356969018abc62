//! The text that Node gets of a batch of deliveries, whatever they hold: one JSON array, and the same as its records one by one.
//! Each line of the input is a delivery: a digit for what it is, a name up to a tab, and its payload.
#![no_main]

extern crate self as napi;

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use copilot_core::host::{CallKind, Delivery, HostClient};
use copilot_core::{ErrorKind, Event};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../bindings/node/src/batch.rs"]
mod batch;
#[allow(dead_code)]
#[path = "../../bindings/node/src/error.rs"]
mod error;

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

/// Never started: it is the inbox that counts.
static CLIENT: LazyLock<HostClient> = LazyLock::new(|| {
    HostClient::new(r#"{"connection":{"kind":"uri","url":"127.0.0.1:1"}}"#, Arc::new(|| ())).unwrap()
});

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

fuzz_target!(|input: &[u8]| {
    let lines = input.split(|byte| *byte == b'\n').zip(1..);
    let (deliveries, values): (Vec<_>, Vec<_>) =
        lines.filter_map(|(line, number)| delivery(line, number)).unzip();
    let are_json = values.iter().all(Option::is_some);
    copilot_core::fuzzing::deliver(&CLIENT, deliveries);
    let mut values = values.into_iter();
    let mut batch = batch::Batch::default();
    loop {
        let text = batch.next(&CLIENT).to_owned();
        if text.is_empty() {
            break;
        }
        let mut joined = Vec::new();
        for record in batch.records() {
            let expected = values.next().expect("a record too many");
            let read = serde_json::from_str::<Vec<Value>>(&format!("[{record}]"));
            if let Some(expected) = expected {
                let read = read.unwrap_or_else(|error| panic!("{record}: {error}"));
                assert_eq!(read.last(), Some(&expected), "{record}");
                joined.extend(read);
            }
        }
        if are_json {
            let whole: Vec<Value> =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(whole, joined);
        }
    }
    assert!(values.next().is_none(), "a delivery is lost");
});
