//! One text per wake-up: deliveries written one after the other as a flat JSON array, payloads taken over as received.
//!
//! JavaScript calls `JSON.parse` once per batch and walks the array; making a JavaScript object per delivery here would cost
//! several times more than parsing them all at once. Records are read by `js/inbox.ts`, which names the same numbers.
//!
//! Events whose [shape](Shapes) is known go as their values alone, and JavaScript puts the objects together: parsing them
//! whole takes three times as long. Long texts among the values do not go through JSON at all.

use copilot_core::host::{Delivery, HostClient, Shapes, utf16};
use napi::JsString;
use napi::bindgen_prelude::{Either, Env, Result};

use crate::records::{MOST_KEPT, Records};

/// A batch is closed when it holds this many bytes, so that parsing one never blocks the event loop for long.
const BATCH_BYTES: usize = 64 * 1024;

/// How many deliveries are taken from the engine at once; bounds how far a batch can exceed [`BATCH_BYTES`].
const CHUNK: usize = 16;

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
        self.records.split()
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
