//! Bursts: events written into large blocks with no JSON library in the way.

use std::{
    io::Write,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{conn::Conn, script::Flood};
use crate::text;

/// Bytes per write: large enough to make system calls rare, small enough to let other answers through in between.
const BLOCK: usize = 256 * 1024;

/// The constant parts of a flood event, around identifier, counter and time.
struct Shape {
    head: String,
    after_counter: String,
    after_time: String,
    tail: String,
}

/// The counter is written into the identifier too, which keeps identifiers unique without random numbers.
const ID_HEAD: &str = "00000000-0000-4000-8000-";

impl Shape {
    fn new(session: &str, parent: Option<&str>, flood: &Flood) -> Self {
        let text = "x".repeat(flood.bytes);
        let (session, kind, parent) = (Value::from(session), Value::from(flood.kind.as_str()), json!(parent));
        let now = text::iso_now();
        Self {
            head: format!(
                "{{\"jsonrpc\":\"2.0\",\"method\":\"session.event\",\"params\":{{\"sessionId\":{session},\"event\":{{\
                 \"type\":{kind},\"data\":{{\"messageId\":\"flood\",\"deltaContent\":\"{text}\",\"n\":"
            ),
            after_counter: ",\"t\":".to_owned(),
            after_time: format!("}},\"ephemeral\":true,\"id\":\"{ID_HEAD}"),
            tail: format!("\",\"timestamp\":\"{now}\",\"parentId\":{parent}}}}}}}"),
        }
    }

    fn append(&self, out: &mut Vec<u8>, n: u64, time: u64) {
        let length = self.head.len()
            + digits(n)
            + self.after_counter.len()
            + digits(time)
            + self.after_time.len()
            + 12
            + self.tail.len();
        // Writing to memory cannot fail.
        drop(write!(
            out,
            "Content-Length: {length}\r\n\r\n{}{n}{}{time}{}{n:012x}{}",
            self.head, self.after_counter, self.after_time, self.tail
        ));
    }
}

fn digits(n: u64) -> usize {
    n.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Writes the flood to `conn`; `data.n` counts from 0 and `data.t` is the time of writing in microseconds since the epoch.
/// Returns when the last byte has been handed to the operating system.
pub(super) fn run(conn: &Conn, session: &str, parent: Option<&str>, flood: &Flood) {
    let shape = Shape::new(session, parent, flood);
    let mut block = Vec::with_capacity(BLOCK + flood.bytes + 1024);
    let (start, mut time) = (Instant::now(), text::unix_micros());
    for n in 0..flood.count {
        if let Some(rate) = flood.per_second {
            wait_for_turn(start, n, rate);
            time = text::unix_micros();
        }
        shape.append(&mut block, n, time);
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
    fn lengths_are_right_across_digit_boundaries() {
        let flood = Flood { count: 0, bytes: 3, kind: "a\"b".into(), session_id: None, per_second: None };
        let shape = Shape::new("s\"1", Some("p"), &flood);
        let mut buffer = FrameBuffer::default();
        for n in [0, 9, 10, 99_999, 100_000, 1_000_000_000_000] {
            let mut bytes = Vec::new();
            shape.append(&mut bytes, n, n + 1);
            buffer.extend(&bytes);
            let body: Value = serde_json::from_slice(buffer.next_body().unwrap().unwrap()).unwrap();
            assert_eq!(body["params"]["event"]["data"]["n"], n);
            assert_eq!(body["params"]["event"]["type"], "a\"b");
            assert!(buffer.next_body().unwrap().is_none());
        }
    }
}
