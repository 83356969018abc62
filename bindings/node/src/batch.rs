//! One text per wake-up: deliveries written one after the other as a flat JSON array, payloads taken over as received.
//!
//! JavaScript calls `JSON.parse` once per batch and walks the array; making a JavaScript object per delivery here would cost
//! several times more than parsing them all at once. Records are read by `js/inbox.ts`, which names the same numbers.

use std::fmt::Write as _;

use copilot_core::host::{Delivery, HostClient};

use crate::error::write_json;

/// A batch is closed when it holds this many bytes, so that parsing one never blocks the event loop for long.
const BATCH_BYTES: usize = 64 * 1024;

/// How many deliveries are taken from the engine at once; bounds how far a batch can exceed [`BATCH_BYTES`].
const CHUNK: usize = 16;

/// The batch at hand.
#[derive(Default)]
pub(crate) struct Batch {
    chunk: Vec<Delivery>,
    text: String,
    /// Where each record begins.
    starts: Vec<usize>,
}

impl Batch {
    /// Takes deliveries until the inbox is empty or the batch is full. The text is empty when there was nothing.
    pub(crate) fn next(&mut self, client: &HostClient) -> &str {
        let out = &mut self.text;
        out.clear();
        self.starts.clear();
        while out.len() < BATCH_BYTES && client.drain_some(CHUNK, &mut self.chunk) > 0 {
            for delivery in self.chunk.drain(..) {
                out.push(if out.is_empty() { '[' } else { ',' });
                self.starts.push(out.len());
                write_record(out, &delivery);
            }
        }
        if !out.is_empty() {
            out.push(']');
        }
        out
    }

    /// The records of the batch one by one, for the case that one of them is no JSON and spoils the others.
    pub(crate) fn records(&self) -> Vec<String> {
        let ends = self.starts.iter().skip(1).copied().chain([self.text.len()]);
        // Every record is followed by one comma or bracket.
        self.starts.iter().zip(ends).map(|(&start, end)| self.text[start..end - 1].to_owned()).collect()
    }
}

fn write_record(out: &mut String, delivery: &Delivery) {
    match delivery {
        Delivery::Event { session, event } => {
            let _ = write!(out, "0,{session},");
            out.push_str(event.json());
        }
        Delivery::Completed { ticket, result: Ok(payload) } => {
            let _ = write!(out, "1,{ticket},");
            push_payload(out, payload);
        }
        Delivery::Completed { ticket, result: Err(error) } => {
            let _ = write!(out, "2,{ticket},");
            write_json(out, error);
        }
        Delivery::Call { call, kind, name, session, args } => {
            let name = serde_json::Value::from(&**name);
            let _ = write!(out, "3,{call},{},{session},{name},", kind.number());
            push_payload(out, args);
        }
        Delivery::CallCancelled { call } => {
            let _ = write!(out, "4,{call}");
        }
        Delivery::Lifecycle { event } => {
            out.push_str("5,");
            push_payload(out, event);
        }
        Delivery::Notification { method, params } => {
            let _ = write!(out, "6,{},", serde_json::Value::from(method.as_str()));
            push_payload(out, params);
        }
        Delivery::Closed { error } => {
            out.push_str("7,");
            write_json(out, error);
        }
        Delivery::Ended { session, error } => {
            let _ = write!(out, "8,{session},");
            write_json(out, error);
        }
    }
}

/// Payloads are JSON text by contract; an absent one is `null`, bytes that are not UTF-8 are repaired rather than lost.
fn push_payload(out: &mut String, payload: &[u8]) {
    if payload.is_empty() {
        out.push_str("null");
        return;
    }
    out.push_str(&String::from_utf8_lossy(payload));
}
