//! Bursts: events written into large blocks with no JSON library in the way.

use std::{
    ops::Range,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{conn::Conn, script::Flood};
use crate::text;

/// Bytes per write: large enough to make system calls rare, small enough to let other answers through in between.
const BLOCK: usize = 256 * 1024;

/// One complete frame that is patched and copied for every event: formatting a million events would take longer than a
/// good reader needs for them.
struct Pattern {
    frame: Vec<u8>,
    counter: Range<usize>,
    time: Range<usize>,
    /// The time once more, at the start of the text: typed clients drop the members that no schema names.
    stamp: Option<Range<usize>>,
    id: Range<usize>,
}

impl Pattern {
    /// The frame of event `n`; it also fits later events whose counter and time have as many digits.
    fn new(session: &str, parent: Option<&str>, flood: &Flood, n: u64, time: u64) -> Self {
        let stamp_len = time.to_string().len();
        let stamped = flood.per_second.is_some() && stamp_len <= flood.bytes;
        let mut text = if stamped { time.to_string() } else { String::new() };
        fill(&mut text, flood.text.as_deref().unwrap_or_default(), flood.bytes);
        let quoted = Value::from(text).to_string();
        let text = &quoted[1..quoted.len() - 1];
        let (session, kind, parent) = (Value::from(session), Value::from(flood.kind.as_str()), json!(parent));
        let (counter, time, now) = (n.to_string(), time.to_string(), text::iso_now());
        let before_text = format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"session.event\",\"params\":{{\"sessionId\":{session},\"event\":{{\
             \"type\":{kind},\"data\":{{\"messageId\":\"flood\",\"deltaContent\":\""
        );
        let numbers = if flood.plain { String::new() } else { format!(",\"n\":{counter},\"t\":{time}") };
        // The counter is in the identifier too, which keeps identifiers unique without random numbers.
        let before_id = "},\"ephemeral\":true,\"id\":\"00000000-0000-4000-8000-";
        let after_id = format!("\",\"timestamp\":\"{now}\",\"parentId\":{parent}}}}}}}");
        let body = format!("{before_text}{text}\"{numbers}{before_id}{n:012x}{after_id}");
        let header = format!("Content-Length: {}\r\n\r\n", body.len());
        let stamp_at = header.len() + before_text.len();
        let numbers_at = stamp_at + text.len() + 1;
        let id_at = numbers_at + numbers.len() + before_id.len();
        let mut pattern = Self {
            frame: (header + &body).into_bytes(),
            counter: 0..0,
            time: 0..0,
            stamp: stamped.then_some(stamp_at..stamp_at + stamp_len),
            id: id_at..id_at + 12,
        };
        if !flood.plain {
            let counter_at = numbers_at + ",\"n\":".len();
            let time_at = counter_at + counter.len() + ",\"t\":".len();
            pattern.counter = counter_at..counter_at + counter.len();
            pattern.time = time_at..time_at + time.len();
        }
        pattern
    }

    fn fits(&self, n: u64, time: u64) -> bool {
        self.counter.is_empty() || (self.counter.len() == digits(n) && self.time.len() == digits(time))
    }

    fn append(&mut self, out: &mut Vec<u8>, n: u64, time: u64) {
        put(&mut self.frame[self.counter.clone()], n, 10);
        put(&mut self.frame[self.time.clone()], time, 10);
        if let Some(stamp) = self.stamp.clone() {
            put(&mut self.frame[stamp], time, 10);
        }
        put(&mut self.frame[self.id.clone()], n, 16);
        out.extend_from_slice(&self.frame);
    }
}

/// Repeats `passage` until the text has exactly so many bytes; where a character does not fit, the letter x takes its place.
fn fill(text: &mut String, passage: &str, bytes: usize) {
    for letter in passage.chars().cycle() {
        if text.len() + letter.len_utf8() > bytes {
            break;
        }
        text.push(letter);
    }
    text.extend(std::iter::repeat_n('x', bytes.saturating_sub(text.len())));
}

/// Writes `value` right-aligned into `place`, with leading zeros.
fn put(place: &mut [u8], mut value: u64, base: u64) {
    for byte in place.iter_mut().rev() {
        *byte = b"0123456789abcdef"[(value % base) as usize];
        value /= base;
    }
}

fn digits(n: u64) -> usize {
    n.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Writes the flood to `conn`; `data.n` counts from 0 and `data.t` is the time of writing in microseconds since the epoch,
/// with which the text begins as well when the flood is paced.
/// Returns when the last byte has been handed to the operating system.
pub(super) fn run(conn: &Conn, session: &str, parent: Option<&str>, flood: &Flood) {
    let mut block = Vec::with_capacity(BLOCK + flood.bytes + 1024);
    let (start, mut time) = (Instant::now(), text::unix_micros());
    let mut pattern = Pattern::new(session, parent, flood, 0, time);
    for n in 0..flood.count {
        if let Some(rate) = flood.per_second {
            wait_for_turn(start, n, rate);
            time = text::unix_micros();
        }
        if !pattern.fits(n, time) {
            pattern = Pattern::new(session, parent, flood, n, time);
        }
        pattern.append(&mut block, n, time);
        if block.len() >= BLOCK || flood.per_second.is_some() {
            conn.send_bytes(&block);
            block.clear();
            time = text::unix_micros();
        }
    }
    conn.send_bytes(&block);
}

fn wait_for_turn(start: Instant, n: u64, rate: u64) {
    let due = Duration::from_micros(n.saturating_mul(1_000_000) / rate.max(1));
    if let Some(left) = due.checked_sub(start.elapsed()) {
        thread::sleep(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::FrameBuffer;

    #[test]
    fn paced_texts_begin_with_their_time() {
        let kind = "assistant.message_delta".to_owned();
        let flood = Flood {
            count: 0,
            bytes: 20,
            kind,
            session_id: None,
            per_second: Some(1),
            plain: false,
            text: None,
        };
        let mut pattern = Pattern::new("s", None, &flood, 0, 1_700_000_000_000_000);
        let mut buffer = FrameBuffer::default();
        let mut bytes = Vec::new();
        pattern.append(&mut bytes, 1, 1_700_000_000_000_123);
        buffer.extend(&bytes);
        let body: Value = serde_json::from_slice(buffer.next_body().unwrap().unwrap()).unwrap();
        let data = &body["params"]["event"]["data"];
        assert_eq!(data["deltaContent"], "1700000000000123xxxx");
        assert_eq!(data["t"], 1_700_000_000_000_123_u64);

        let flood = Flood { plain: true, ..flood };
        let mut bytes = Vec::new();
        Pattern::new("s", None, &flood, 0, 1_700_000_000_000_000).append(
            &mut bytes,
            10,
            1_700_000_000_000_123,
        );
        buffer.extend(&bytes);
        let body: Value = serde_json::from_slice(buffer.next_body().unwrap().unwrap()).unwrap();
        let event = &body["params"]["event"];
        assert_eq!(event["data"], json!({"messageId": "flood", "deltaContent": "1700000000000123xxxx"}));
        assert_eq!(event["id"], "00000000-0000-4000-8000-00000000000a");
    }

    #[test]
    fn texts_repeat_what_they_are_given() {
        let mut text = "12".to_owned();
        fill(&mut text, "é\"東", 12);
        assert_eq!((text.as_str(), text.len()), ("12é\"東é\"x", 12));
        let flood: Flood =
            serde_json::from_value(json!({"count": 1, "bytes": 9, "text": "\"ü\n", "plain": true})).unwrap();
        let (mut bytes, mut buffer) = (Vec::new(), FrameBuffer::default());
        Pattern::new("s", None, &flood, 0, 1).append(&mut bytes, 0, 1);
        buffer.extend(&bytes);
        let body: Value = serde_json::from_slice(buffer.next_body().unwrap().unwrap()).unwrap();
        assert_eq!(body["params"]["event"]["data"]["deltaContent"], "\"ü\n\"ü\n\"");
    }

    #[test]
    fn lengths_are_right_across_digit_boundaries() {
        let flood = Flood {
            count: 0,
            bytes: 3,
            kind: "a\"b".into(),
            session_id: None,
            per_second: None,
            plain: false,
            text: None,
        };
        let mut buffer = FrameBuffer::default();
        for n in [0, 9, 10, 99_999, 100_000, 1_000_000_000_000] {
            let mut bytes = Vec::new();
            Pattern::new("s\"1", Some("p"), &flood, n, n + 1).append(&mut bytes, n, n + 1);
            buffer.extend(&bytes);
            let body: Value = serde_json::from_slice(buffer.next_body().unwrap().unwrap()).unwrap();
            assert_eq!(body["params"]["event"]["data"]["n"], n);
            assert_eq!(body["params"]["event"]["type"], "a\"b");
            assert!(buffer.next_body().unwrap().is_none());
        }
    }
}
