//! What a session knows of itself: a pure fold over its events.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::protocol::event::{Concern, Event};
use crate::protocol::json;

/// The fold's result.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) workspace_path: Option<String>,
    pub(crate) capabilities: Map<String, Value>,
    pub(crate) open_canvases: Vec<Value>,
    pub(crate) granted_environment_variables: Option<Value>,
    pub(crate) transcript_recovery: Option<Value>,
    /// Type and time only: keeping the event would keep the whole buffer it was read into.
    last_type: Vec<u8>,
    last_time: Option<Instant>,
    events_seen: u64,
    open_tools: BTreeMap<String, String>,
    open_permissions: BTreeMap<String, String>,
}

impl State {
    /// How many events were taken in.
    pub(crate) fn events_seen(&self) -> u64 {
        self.events_seen
    }

    /// Takes in one event; its number, counted from 1.
    pub(crate) fn fold(&mut self, event: &Event) -> u64 {
        self.events_seen += 1;
        self.last_type.clear();
        self.last_type.extend_from_slice(event.type_bytes());
        self.last_time = Some(Instant::now());
        match event.concern() {
            Concern::CapabilitiesChanged => self.change_capabilities(event),
            Concern::CanvasOpened => self.open_canvas(event),
            Concern::CanvasClosed => self.close_canvas(event),
            Concern::ToolRequested => note(&mut self.open_tools, event, true),
            Concern::ToolCompleted => note(&mut self.open_tools, event, false),
            Concern::PermissionRequested => note(&mut self.open_permissions, event, true),
            Concern::PermissionCompleted => note(&mut self.open_permissions, event, false),
            _ => {}
        }
        self.events_seen
    }

    /// `ui` is replaced as a whole when the event has it; everything else stays.
    fn change_capabilities(&mut self, event: &Event) {
        match event.data::<Map<String, Value>>() {
            Ok(mut data) => {
                if let Some(ui) = data.remove("ui") {
                    self.capabilities.insert("ui".to_owned(), ui);
                }
            }
            Err(error) => tracing::warn!(%error, "capabilities unchanged"),
        }
    }

    fn open_canvas(&mut self, event: &Event) {
        let data = event.data::<Map<String, Value>>().unwrap_or_default();
        let has_ids = ["instanceId", "canvasId", "extensionId"]
            .iter()
            .all(|name| data.get(*name).is_some_and(Value::is_string));
        if !has_ids {
            tracing::warn!("failed to deserialize session.canvas.opened payload");
            return;
        }
        let canvas = Value::Object(data);
        match self.open_canvases.iter_mut().find(|open| open["instanceId"] == canvas["instanceId"]) {
            Some(open) => *open = canvas,
            None => self.open_canvases.push(canvas),
        }
    }

    fn close_canvas(&mut self, event: &Event) {
        match event
            .data::<Value>()
            .ok()
            .and_then(|data| data.get("instanceId").cloned())
            .filter(Value::is_string)
        {
            Some(id) => self.open_canvases.retain(|open| open["instanceId"] != id),
            None => tracing::warn!("failed to deserialize session.canvas.closed payload"),
        }
    }

    /// JSON for the doors.
    pub(crate) fn to_json(&self, session_id: &str) -> Value {
        let mut known = json!({
            "sessionId": session_id,
            "workspacePath": self.workspace_path,
            "capabilities": self.capabilities,
            "openCanvases": self.open_canvases,
        });
        for (name, value) in [
            ("grantedEnvironmentVariables", &self.granted_environment_variables),
            ("transcriptRecovery", &self.transcript_recovery),
        ] {
            if let Some(value) = value {
                known[name] = value.clone();
            }
        }
        known
    }

    /// When the last event arrived.
    pub(crate) fn last_time(&self) -> Option<Instant> {
        self.last_time
    }

    /// What was last seen, for the error of a wait that took too long.
    pub(crate) fn last_seen(&self) -> Value {
        let last = self
            .last_time
            .map(|at| json!({"type": String::from_utf8_lossy(&self.last_type), "secondsAgo": at.elapsed().as_secs_f64()}));
        json!({
            "lastEvent": last,
            "eventsSeen": self.events_seen,
            "openTools": self.open_tools,
            "openPermissions": self.open_permissions,
        })
    }
}

/// Keeps the list of requests that wait for an answer: request id and what it is about.
fn note(open: &mut BTreeMap<String, String>, event: &Event, opened: bool) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Request {
        request_id: String,
        tool_name: Option<String>,
        permission_request: Option<Box<RawValue>>,
    }
    let Ok(request) = json::parse::<Request>(event.data_json().as_bytes()) else { return };
    if !opened {
        open.remove(&request.request_id);
        return;
    }
    let kind = request.permission_request.and_then(|request| {
        serde_json::from_str::<Value>(request.get()).ok()?.get("kind")?.as_str().map(str::to_owned)
    });
    open.insert(request.request_id, request.tool_name.or(kind).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn folded(events: &[&str]) -> State {
        let mut state = State::default();
        for text in events {
            state.fold(&Event::from_json(Bytes::copy_from_slice(text.as_bytes())).unwrap());
        }
        state
    }

    #[test]
    fn capabilities_replace_ui_and_keep_the_rest() {
        let mut state = State::default();
        state.capabilities.insert("other".to_owned(), 1.into());
        for text in [
            r#"{"type":"capabilities.changed","data":{"ui":{"elicitation":true,"canvases":true}}}"#,
            r#"{"type":"capabilities.changed","data":{"ui":{"mcpApps":true}}}"#,
            r#"{"type":"capabilities.changed","data":{}}"#,
        ] {
            state.fold(&Event::from_json(Bytes::copy_from_slice(text.as_bytes())).unwrap());
        }
        assert_eq!(Value::Object(state.capabilities), json!({"other": 1, "ui": {"mcpApps": true}}));
    }

    #[test]
    fn canvases_are_replaced_in_place_and_removed() {
        let open = |id: &str, title: &str| {
            json!({"type": "session.canvas.opened",
                   "data": {"instanceId": id, "canvasId": "c", "extensionId": "e", "title": title}})
            .to_string()
        };
        let broken = r#"{"type":"session.canvas.opened","data":{"instanceId":"x"}}"#;
        let close = r#"{"type":"session.canvas.closed","data":{"instanceId":"b"}}"#;
        let state = folded(&[&open("a", "1"), &open("b", "1"), &open("a", "2"), broken, close]);
        assert_eq!(state.open_canvases.len(), 1);
        assert_eq!(state.open_canvases[0]["title"], "2");
    }

    #[test]
    fn open_requests_are_remembered_until_completed() {
        let state = folded(&[
            r#"{"type":"external_tool.requested","data":{"requestId":"r1","toolName":"t"}}"#,
            r#"{"type":"permission.requested","data":{"requestId":"p1","permissionRequest":{"kind":"shell"}}}"#,
            r#"{"type":"external_tool.requested","data":{"requestId":"r2","toolName":"u"}}"#,
            r#"{"type":"external_tool.completed","data":{"requestId":"r1"}}"#,
        ]);
        let seen = state.last_seen();
        assert_eq!(seen["openTools"], json!({"r2": "u"}));
        assert_eq!(seen["openPermissions"], json!({"p1": "shell"}));
        assert_eq!(
            (&seen["lastEvent"]["type"], &seen["eventsSeen"]),
            (&json!("external_tool.completed"), &json!(4))
        );
    }
}
