//! One session of the host as the engine sees it: where its events go, and in which order.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::calls::Calls;
use super::delivery::{Delivery, SessionKey};
use super::kinds::CallKind;
use crate::diagnostics::describe;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::event::Event;
use crate::protocol::json as text;
use crate::session::{EventSink, Meter};

/// How many events are kept for a listener who never comes.
const MOST_EARLY: usize = 1024;

/// What happens with an event.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Way {
    /// Nobody listens.
    Dropped,
    /// Into the inbox.
    Delivered,
    /// Aside: the runtime has answered, but the host has not been told yet; or it has, and nobody listens yet.
    Kept,
}

/// One session of the host: its handlers and its event sink.
pub(super) struct HostSession {
    pub(super) calls: Arc<Calls>,
    pub(super) key: SessionKey,
    pub(super) meter: Arc<Meter>,
    way: AtomicU8,
    /// The runtime has made the session.
    made: AtomicBool,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    events: Vec<Event>,
    /// Whether the host listens.
    on: bool,
    /// The host has been told that the session is there.
    told: bool,
}

impl HostSession {
    pub(super) fn new(calls: Arc<Calls>, key: SessionKey, events: bool) -> Self {
        let way = if events { Way::Delivered } else { Way::Dropped };
        Self {
            calls,
            key,
            meter: Arc::default(),
            way: AtomicU8::new(way as u8),
            made: AtomicBool::new(false),
            kept: Mutex::new(Kept { on: events, ..Kept::default() }),
        }
    }

    /// For what concerns no session.
    pub(super) fn of_client(calls: Arc<Calls>) -> Self {
        Self::new(calls, 0, false)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go(&self, way: Way) {
        self.way.store(way as u8, Ordering::Release);
    }

    fn deliver(&self, event: &Event) {
        self.meter.queue(event);
        let delivery = Delivery::Event { session: self.key, event: event.clone() };
        self.calls.inbox.push_quietly(delivery, Some(Arc::clone(&self.meter)));
    }

    fn deliver_kept(&self, kept: &mut Kept) {
        for event in std::mem::take(&mut kept.events) {
            self.deliver(&event);
        }
        self.go(Way::Delivered);
    }

    /// The host has been told that the session is there: what was kept since the runtime's answer follows. Whoever does not
    /// listen yet can begin to, and gets it then.
    pub(super) fn told(&self) {
        let mut kept = self.kept();
        kept.told = true;
        if kept.on {
            self.deliver_kept(&mut kept);
        }
    }

    /// Whether events are delivered, from now on; the first to listen also gets those since the runtime's answer, unless the
    /// session was used before.
    pub(super) fn set_events(&self, on: bool) {
        let mut kept = self.kept();
        kept.on = on;
        let is_keeping = self.way.load(Ordering::Acquire) == Way::Kept as u8;
        match on {
            // Before the host was told, all of it waits.
            _ if is_keeping && !kept.told => return,
            true => self.deliver_kept(&mut kept),
            false => {
                kept.events = Vec::new();
                self.go(Way::Dropped);
            }
        }
        drop(kept);
        self.calls.inbox.flush();
    }

    /// The host uses the session without having listened: it does not want the first events.
    pub(super) fn used(&self) {
        if self.way.load(Ordering::Acquire) == Way::Kept as u8 {
            self.stop_keeping(&mut self.kept());
        }
    }

    fn stop_keeping(&self, kept: &mut Kept) {
        if kept.told {
            kept.events = Vec::new();
            self.go(if kept.on { Way::Delivered } else { Way::Dropped });
        }
    }

    #[cold]
    fn keep(&self, event: &Event) {
        let mut kept = self.kept();
        match self.way.load(Ordering::Acquire) {
            way if way == Way::Delivered as u8 => self.deliver(event),
            way if way == Way::Kept as u8 => {
                kept.events.push(event.compact());
                if kept.events.len() > MOST_EARLY {
                    self.stop_keeping(&mut kept);
                }
            }
            _ => {}
        }
    }

    /// Asks the host's one handler of a kind and types its answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        kind: CallKind,
        args: &(impl Serialize + Sync),
    ) -> Result<T> {
        self.ask_named(kind, "", args).await
    }

    /// The same for a kind with a handler for each name.
    pub(super) async fn ask_named<T: DeserializeOwned>(
        &self,
        kind: CallKind,
        name: &str,
        args: &(impl Serialize + Sync),
    ) -> Result<T> {
        let answer = self.calls.ask(kind, name, self.key, text::to_text(args)?).await?;
        text::parse(answer.as_bytes()).map_err(|error| {
            Error::new(
                ErrorKind::HandlerFailed,
                format!("the answer of the {} handler: {}", kind.name(), describe(&error)),
            )
        })
    }
}

impl EventSink for HostSession {
    fn event(&self, event: &Event) -> bool {
        self.meter.receive();
        match self.way.load(Ordering::Acquire) {
            way if way == Way::Delivered as u8 => self.deliver(event),
            way if way == Way::Kept as u8 => self.keep(event),
            _ => {}
        }
        true
    }

    fn answered(&self) {
        self.made.store(true, Ordering::Release);
        self.go(Way::Kept);
    }

    fn end(&self, reason: &Error) {
        if !self.made.load(Ordering::Acquire) {
            return;
        }
        let mut kept = self.kept();
        if kept.on {
            self.deliver_kept(&mut kept);
        }
        self.go(Way::Dropped);
        drop(kept);
        self.calls.inbox.push(Delivery::Ended { session: self.key, error: reason.clone() });
    }
}
