//! Events for Rust users: a lossless, metered queue per subscriber.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;
use once_cell::sync::OnceCell;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::error::Error;
use crate::protocol::event::Event;

/// Where the events of a session go. Called by the reader: it must neither block nor run user code.
pub(crate) trait EventSink: Send + Sync {
    /// Takes one event; false when nobody listens any more.
    fn event(&self, event: &Event) -> bool;
    /// The runtime has answered: whoever made the session learns of it in a moment.
    fn answered(&self) {}
    /// No event will follow, for this reason.
    fn end(&self, reason: &Error);
}

/// Counts the events of one queue.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    received: AtomicU64,
    delivered: AtomicU64,
    queued: AtomicU64,
    queued_bytes: AtomicU64,
}

/// How many events went in and out. All numbers only grow, except the queued ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Events that arrived from the runtime.
    pub received: u64,
    /// Events handed to the user's side.
    pub delivered: u64,
    /// Events waiting in the queue.
    pub queued_events: u64,
    /// Bytes of the events waiting in the queue.
    pub queued_bytes: u64,
}

impl Counters {
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self {
            received: self.received + other.received,
            delivered: self.delivered + other.delivered,
            queued_events: self.queued_events + other.queued_events,
            queued_bytes: self.queued_bytes + other.queued_bytes,
        }
    }
}

impl Meter {
    pub(crate) fn receive(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn queue(&self, event: &Event) {
        self.queued.fetch_add(1, Ordering::Relaxed);
        self.queued_bytes.fetch_add(event.bytes().len() as u64, Ordering::Relaxed);
    }

    pub(crate) fn deliver(&self, event: &Event) {
        self.queued.fetch_sub(1, Ordering::Relaxed);
        self.queued_bytes.fetch_sub(event.bytes().len() as u64, Ordering::Relaxed);
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// The present numbers.
    pub(crate) fn read(&self) -> Counters {
        Counters {
            received: self.received.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            queued_events: self.queued.load(Ordering::Relaxed),
            queued_bytes: self.queued_bytes.load(Ordering::Relaxed),
        }
    }
}

/// The events of a session in the order of arrival. None is ever dropped; a slow reader sees its queue grow in
/// [`counters`](Self::counters). Ends when the session is disconnected or the connection is lost;
/// [`end_reason`](Self::end_reason) tells which.
#[derive(Debug)]
pub struct EventStream {
    queue: mpsc::UnboundedReceiver<Event>,
    meter: Arc<Meter>,
    ended: Arc<OnceCell<Error>>,
}

/// The sending half of an [`EventStream`].
#[derive(Debug)]
pub(crate) struct StreamSink {
    queue: std::sync::Mutex<Option<mpsc::UnboundedSender<Event>>>,
    meter: Arc<Meter>,
    ended: Arc<OnceCell<Error>>,
}

impl EventStream {
    pub(crate) fn new() -> (StreamSink, Self) {
        let (sender, queue) = mpsc::unbounded_channel();
        let meter = Arc::new(Meter::default());
        let ended = Arc::new(OnceCell::new());
        let sink = StreamSink {
            queue: std::sync::Mutex::new(Some(sender)),
            meter: Arc::clone(&meter),
            ended: Arc::clone(&ended),
        };
        (sink, Self { queue, meter, ended })
    }

    /// The next event; none after the end.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.queue.recv().await?;
        self.meter.deliver(&event);
        Some(event)
    }

    /// The next event if one is waiting.
    pub fn try_next(&mut self) -> Option<Event> {
        let event = self.queue.try_recv().ok()?;
        self.meter.deliver(&event);
        Some(event)
    }

    /// Why no more events will come: kind `SessionClosed` when the session was disconnected, closed or taken over, else
    /// what went wrong. None while the session is open; waiting events are still handed out after the end.
    #[must_use]
    pub fn end_reason(&self) -> Option<Error> {
        self.ended.get().cloned()
    }

    /// Numbers of this queue.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.meter.read()
    }
}

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let polled = self.queue.poll_recv(context);
        if let Poll::Ready(Some(event)) = &polled {
            self.meter.deliver(event);
        }
        polled
    }
}

impl EventSink for StreamSink {
    fn event(&self, event: &Event) -> bool {
        let queue = self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(sender) = queue.as_ref() else { return false };
        self.meter.receive();
        self.meter.queue(event);
        sender.send(event.clone()).is_ok()
    }

    fn end(&self, reason: &Error) {
        drop(self.ended.set(reason.clone()));
        self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    }
}
