//! The events kept for a case.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copilot_core::{Counters, Event, EventStream};
use serde_json::{Value, json};

/// A queue of the engine and what was taken from it so far. Events are taken when somebody looks, so that a look right after
/// a call shows whether the call overtook an event.
pub(crate) struct EventLog {
    inner: Mutex<Inner>,
}

struct Inner {
    /// None after `off`.
    stream: Option<EventStream>,
    kept: Vec<Arc<Value>>,
    counters: Counters,
}

impl EventLog {
    pub(crate) fn new(stream: EventStream) -> Arc<Self> {
        let inner = Inner { stream: Some(stream), kept: Vec::new(), counters: Counters::default() };
        Arc::new(Self { inner: Mutex::new(inner) })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that arrived so far, as whole envelopes.
    pub(crate) fn events(&self) -> Vec<Arc<Value>> {
        let mut inner = self.lock();
        inner.take_in();
        inner.kept.clone()
    }

    pub(crate) fn counters(&self) -> Counters {
        let mut inner = self.lock();
        inner.take_in();
        inner.counters
    }

    /// Leaves; what was kept stays readable.
    pub(crate) fn leave(&self) {
        let mut inner = self.lock();
        inner.take_in();
        inner.stream = None;
    }
}

impl Inner {
    fn take_in(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        while let Some(event) = stream.try_next() {
            self.kept.push(Arc::new(envelope(&event)));
        }
        self.counters = stream.counters();
    }
}

/// The event as the typed API shows it.
pub(crate) fn envelope(event: &Event) -> Value {
    let mut envelope = json!({"type": event.event_type()});
    match event.data::<Value>() {
        Ok(data) => envelope["data"] = data,
        Err(error) => envelope["dataError"] = error.to_string().into(),
    }
    if let Ok(header) = event.header() {
        envelope["id"] = header.id.into();
        envelope["timestamp"] = header.timestamp.into();
        envelope["parentId"] = header.parent_id.into();
        envelope["agentId"] = header.agent_id.into();
        envelope["ephemeral"] = header.ephemeral.into();
    }
    envelope
}
