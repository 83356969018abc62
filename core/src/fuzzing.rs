//! The engine's readers, for the fuzzers in `fuzz/`. Not part of the interface: only there with the feature `fuzzing`.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

use crate::framing::FrameReader;
use crate::protocol::event::Event;
use crate::protocol::scan::Scanner;
use crate::rpc::message::{self, Message};

/// Frames are cut at this length: a fuzzer has no use for larger ones.
const MAX_FRAME: usize = 1 << 20;

/// Bytes that arrive in pieces of these sizes, over and over.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: &'a [u8],
    next: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wanted = self.sizes.get(self.next).map_or(usize::MAX, |size| usize::from(*size) + 1);
        self.next = if self.sizes.is_empty() { 0 } else { (self.next + 1) % self.sizes.len() };
        let count = wanted.min(out.remaining()).min(self.bytes.len());
        let (now, later) = self.bytes.split_at(count);
        out.put_slice(now);
        self.bytes = later;
        Poll::Ready(Ok(()))
    }
}

/// The frames of a stream whose bytes come in pieces of these sizes (each plus one; none: all at once), and whether the stream
/// broke.
#[must_use]
pub fn frames(bytes: &[u8], sizes: &[u8]) -> (Vec<Bytes>, bool) {
    let mut reader = FrameReader::new(Pieces { bytes, sizes, next: 0 }, MAX_FRAME);
    let mut found = Vec::new();
    // Nothing here waits: the reader is never pending.
    let mut context = Context::from_waker(std::task::Waker::noop());
    loop {
        match reader.next_buffered() {
            Ok(Some(frame)) => found.push(frame),
            Ok(None) => match std::pin::pin!(reader.fill()).poll(&mut context) {
                Poll::Ready(Ok(true)) => {}
                _ => return (found, false),
            },
            Err(_) => return (found, true),
        }
    }
}

/// Reads a message; whether it was one. A frame that is none is looked at again, for what it may have answered.
#[must_use]
pub fn message(frame: Bytes) -> bool {
    match message::read(frame.clone()) {
        Ok(Message::Event { event, .. }) => {
            look_at(&event);
            true
        }
        Ok(_) => true,
        Err(_) => {
            let _ = message::wreck(&frame);
            false
        }
    }
}

/// Reads an event, and everything of it; whether it was one.
#[must_use]
pub fn event(json: Bytes) -> bool {
    Event::from_json(json).is_ok_and(|event| {
        look_at(&event);
        true
    })
}

/// Where the names and the values of an object are, names without their quotes; none when the text is no object.
#[must_use]
pub fn members(text: &[u8]) -> Option<Vec<(Range<usize>, Range<usize>)>> {
    let mut found = Vec::new();
    let mut scanner = Scanner::new(text);
    let read = scanner.object(|name, scanner| {
        let start = name.as_ptr() as usize - text.as_ptr() as usize;
        found.push((start..start + name.len(), scanner.value()?));
        Ok(())
    });
    read.and_then(|()| scanner.end()).ok()?;
    Some(found)
}

fn look_at(event: &Event) {
    let compact = event.compact();
    assert_eq!((event.json(), event.event_type()), (compact.json(), compact.event_type()));
    assert_eq!(event.data_json(), compact.data_json());
    let _ = (event.header(), event.data::<serde_json::Value>(), event.concern());
}
