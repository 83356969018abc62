//! Sessions: who listens, what happened, and the chain that links the events.

use std::sync::{Arc, Weak};

use serde_json::{Value, json};

use super::{conn::Conn, script::Event};
use crate::text;

/// One session.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) started: String,
    pub(super) events: Vec<Value>,
    pub(super) busy: bool,
    last: Option<String>,
    listeners: Vec<Weak<Conn>>,
}

impl Session {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), started: text::iso_now(), ..Self::default() }
    }

    /// Events go to every connection that created or resumed the session.
    pub(super) fn listen(&mut self, conn: &Arc<Conn>) {
        self.listeners.retain(|known| known.strong_count() > 0);
        if !self.listeners.iter().any(|known| known.upgrade().is_some_and(|known| known.id == conn.id)) {
            self.listeners.push(Arc::downgrade(conn));
        }
    }

    pub(super) fn unlisten(&mut self, conn: &Conn) {
        self.listeners.retain(|known| known.upgrade().is_some_and(|known| known.id != conn.id));
    }

    pub(super) fn has_listeners(&self) -> bool {
        self.listeners.iter().any(|known| known.strong_count() > 0)
    }

    /// Emits an event to all listeners, or to `conn` when nobody listens yet. The caller holds the session's lock, so the
    /// chain and the wire have the same order.
    pub(super) fn emit(&mut self, conn: &Arc<Conn>, event: Event) {
        let (id, kind) = (text::uuid(), event.kind);
        let mut message = json!({
            "type": kind,
            "data": event.data.unwrap_or_else(|| json!({})),
            "id": id,
            "timestamp": text::iso_now(),
            "parentId": self.last,
        });
        if let Some(agent) = event.agent_id {
            message["agentId"] = agent.into();
        }
        if event.ephemeral {
            message["ephemeral"] = true.into();
        }
        self.busy &= kind != "session.idle";
        let params = json!({"sessionId": self.id, "event": message});
        if self.has_listeners() {
            for listener in self.listeners.iter().filter_map(Weak::upgrade) {
                listener.notify("session.event", Some(params.clone()));
            }
        } else {
            conn.notify("session.event", Some(params));
        }
        if !event.ephemeral {
            self.last = Some(id);
            self.events.push(message);
        }
    }

    /// The quick form of [`Session::emit`] for an ephemeral event whose data is JSON text already; its id is that of the request.
    pub(super) fn emit_text(&self, conn: &Conn, kind: &str, id: &str, data: &str) {
        let (session, parent) = (Value::from(self.id.as_str()), json!(self.last));
        let message = format!(
            r#"{{"jsonrpc":"2.0","method":"session.event","params":{{"sessionId":{session},"event":{{"type":"{kind}","data":{data},"id":"{id}","timestamp":"{}","parentId":{parent},"ephemeral":true}}}}}}"#,
            text::iso_now(),
        );
        if self.has_listeners() {
            self.listeners.iter().filter_map(Weak::upgrade).for_each(|listener| listener.send_text(&message));
        } else {
            conn.send_text(&message);
        }
    }

    /// Parent of events that are written without [`Session::emit`].
    pub(super) fn parent(&self) -> Option<&str> {
        self.last.as_deref()
    }
}
