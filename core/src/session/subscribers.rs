//! Who gets the events of a session, and what is kept for the first who asks.

use std::sync::Arc;

use super::stream::{EventSink, EventStream};
use crate::error::Error;
use crate::protocol::event::Event;

/// How many events are kept for a subscriber who never comes.
const MOST_EARLY: usize = 1024;

/// The sinks of a session. All of it is behind one lock, so that a sink added while the session ends is ended too.
#[derive(Default)]
pub(super) struct Subscribers {
    sinks: Vec<Arc<dyn EventSink>>,
    /// The events since the runtime's answer, until somebody subscribes or uses the session.
    early: Option<Vec<Event>>,
    ended: Option<Error>,
}

impl Subscribers {
    pub(super) fn new(sinks: Vec<Arc<dyn EventSink>>) -> Self {
        Self { sinks, ..Self::default() }
    }

    /// Hands an event to every sink; those that nobody reads any more are let go.
    pub(super) fn publish(&mut self, event: &Event) {
        self.sinks.retain(|sink| sink.event(event));
        if let Some(early) = &mut self.early {
            early.push(event.compact());
            if early.len() > MOST_EARLY {
                self.early = None;
            }
        }
    }

    /// The runtime has made the session. Whoever made it can subscribe only a moment later, so without a sink the
    /// events are kept from now on.
    pub(super) fn answered(&mut self) {
        for sink in &self.sinks {
            sink.answered();
        }
        if self.sinks.is_empty() && self.ended.is_none() {
            self.early = Some(Vec::new());
        }
    }

    /// The session is used by somebody who did not subscribe before.
    pub(super) fn forget_early(&mut self) {
        self.early = None;
    }

    /// A queue of the events from now on; for the first subscriber from the runtime's answer on.
    pub(super) fn subscribe(&mut self) -> EventStream {
        let (sink, stream) = EventStream::new();
        for event in self.early.take().into_iter().flatten() {
            sink.event(&event);
        }
        match &self.ended {
            Some(reason) => sink.end(reason),
            None => self.sinks.push(Arc::new(sink)),
        }
        stream
    }

    /// Ends every sink, those that come later too.
    pub(super) fn end(&mut self, reason: &Error) {
        self.ended.get_or_insert_with(|| reason.clone());
        self.early = None;
        for sink in self.sinks.drain(..) {
            sink.end(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn event(text: &'static str) -> Event {
        Event::from_json(bytes::Bytes::from_static(text.as_bytes())).unwrap()
    }

    #[test]
    fn the_first_subscriber_sees_what_followed_the_answer() {
        let mut subscribers = Subscribers::default();
        subscribers.publish(&event(r#"{"type":"before"}"#));
        subscribers.answered();
        subscribers.publish(&event(r#"{"type":"session.start"}"#));
        let mut first = subscribers.subscribe();
        let mut second = subscribers.subscribe();
        subscribers.publish(&event(r#"{"type":"later"}"#));
        let types = |stream: &mut EventStream| -> Vec<String> {
            std::iter::from_fn(|| stream.try_next()).map(|event| event.event_type().to_owned()).collect()
        };
        assert_eq!(types(&mut first), ["session.start", "later"]);
        assert_eq!(types(&mut second), ["later"]);
    }

    #[test]
    fn what_nobody_asks_for_is_not_kept_for_ever() {
        let mut subscribers = Subscribers::default();
        subscribers.answered();
        for _ in 0..=MOST_EARLY {
            subscribers.publish(&event(r#"{"type":"x"}"#));
        }
        assert!(subscribers.subscribe().try_next().is_none());
        subscribers.answered();
        subscribers.forget_early();
        subscribers.publish(&event(r#"{"type":"x"}"#));
        assert!(subscribers.early.is_none());
    }

    #[tokio::test]
    async fn a_subscriber_who_comes_too_late_is_ended_with_the_reason() {
        let mut subscribers = Subscribers::default();
        subscribers.end(&Error::new(ErrorKind::ProcessExited, "gone"));
        let mut late = subscribers.subscribe();
        assert!(late.next().await.is_none());
        assert_eq!(late.end_reason().unwrap().kind(), ErrorKind::ProcessExited);
    }
}
