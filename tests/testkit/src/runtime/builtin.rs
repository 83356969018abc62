//! What a healthy runtime answers when no rule says otherwise.

use std::sync::{Arc, Mutex, atomic::Ordering};

use serde_json::{Value, json};

use super::{
    conn::Conn,
    script::Event,
    session::Session,
    state::{State, lock},
};
use crate::text;

/// Protocol version of the wire that this crate speaks.
const PROTOCOL: u32 = 3;
const VERSION: &str = "1.0.85-fake";

type Answer = Result<Value, Value>;

pub(super) fn error(code: i64, message: impl Into<String>) -> Value {
    json!({"code": code, "message": message.into(), "data": null})
}

/// The answer alone; [`follow_up`] sends the events that belong to it.
pub(super) fn answer(state: &State, conn: &Arc<Conn>, method: &str, params: &Value) -> Answer {
    if method == "connect" {
        return connect(state, conn, params);
    }
    if state.token.is_some() && !conn.authenticated.load(Ordering::Acquire) {
        return Err(error(-32001, "AUTHENTICATION_REQUIRED"));
    }
    match method {
        "ping" => Ok(ping(params)),
        "status.get" => Ok(json!({"version": VERSION, "protocolVersion": PROTOCOL})),
        "auth.getStatus" => Ok(json!({"isAuthenticated": false, "statusMessage": "Not authenticated"})),
        "models.list" => Ok(json!({"models": [model()]})),
        "runtime.shutdown"
        | "sessionFs.setProvider"
        | "llmInference.setProvider"
        | "session.setForeground" => Ok(json!({})),
        "session.list" => Ok(json!({"sessions": state.sessions().iter().map(metadata).collect::<Vec<_>>()})),
        "session.getLastId" => {
            let last = state.sessions().last().map(|session| lock(session).id.clone());
            Ok(last.map_or_else(|| json!({}), |id| json!({ "sessionId": id })))
        }
        _ if method.starts_with("session.") => in_session(state, conn, method, params),
        _ => Err(unhandled(method)),
    }
}

fn unhandled(method: &str) -> Value {
    error(-32601, format!("Unhandled method {method}"))
}

fn connect(state: &State, conn: &Conn, params: &Value) -> Answer {
    if state.token.as_deref().is_some_and(|token| params["token"] != token) {
        return Err(error(-32002, "AUTHENTICATION_FAILED"));
    }
    conn.authenticated.store(true, Ordering::Release);
    Ok(json!({"ok": true, "protocolVersion": PROTOCOL, "version": VERSION}))
}

fn ping(params: &Value) -> Value {
    let message =
        params["message"].as_str().map_or_else(|| "pong".to_owned(), |text| format!("pong: {text}"));
    json!({"message": message, "timestamp": text::iso_now(), "protocolVersion": PROTOCOL})
}

fn model() -> Value {
    json!({
        "id": "fake-model",
        "name": "Fake Model",
        "capabilities": {
            "supports": {"vision": false, "reasoningEffort": false},
            "limits": {"max_context_window_tokens": 128_000, "max_prompt_tokens": 100_000},
        },
        "policy": {"state": "enabled", "terms": ""},
        "billing": {"multiplier": 1.0},
    })
}

fn metadata(session: &Arc<Mutex<Session>>) -> Value {
    let session = lock(session);
    json!({"sessionId": session.id, "startTime": session.started, "modifiedTime": text::iso_now(), "isRemote": false})
}

fn in_session(state: &State, conn: &Arc<Conn>, method: &str, params: &Value) -> Answer {
    let id = params["sessionId"].as_str().unwrap_or_default();
    let known = state.session(id);
    let no_session =
        || error(-32603, format!("Request {method} failed with message: Session not found: {id}"));
    match method {
        "session.create" => Ok(open(state, conn, id)),
        "session.resume" if known.is_some() => Ok(open(state, conn, id)),
        "session.destroy" | "session.detach" => {
            if let Some(session) = &known {
                lock(session).unlisten(conn);
            }
            Ok(json!({"success": known.is_some()}))
        }
        "session.delete" if state.delete_session(id) => Ok(json!({"success": true})),
        "session.delete" => Ok(json!({"success": false, "error": format!("Session not found: {id}")})),
        "session.getMetadata" => {
            Ok(known.as_ref().map_or_else(|| json!({}), |s| json!({"session": metadata(s)})))
        }
        _ => match known {
            Some(session) => in_known_session(&session, method),
            None => Err(no_session()),
        },
    }
}

fn open(state: &State, conn: &Arc<Conn>, id: &str) -> Value {
    let id = if id.is_empty() { text::uuid() } else { id.to_owned() };
    lock(&state.session_or_new(&id)).listen(conn);
    json!({"sessionId": id, "workspacePath": null, "capabilities": {}})
}

fn in_known_session(session: &Mutex<Session>, method: &str) -> Answer {
    match method {
        "session.send" => {
            lock(session).busy = true;
            Ok(json!({"messageId": text::uuid()}))
        }
        "session.getMessages" => Ok(json!({"events": lock(session).events})),
        "session.eventLog.registerInterest" => Ok(json!({"handle": text::uuid()})),
        "session.model.getCurrent" => Ok(json!({"modelId": "fake-model"})),
        "session.log" => Ok(json!({"eventId": text::uuid()})),
        "session.abort" | "session.options.update" | "session.model.switchTo" => Ok(json!({"success": true})),
        _ if method.rsplit('.').next().is_some_and(|name| name.starts_with("handlePending")) => {
            Ok(json!({"success": true}))
        }
        _ => Err(unhandled(method)),
    }
}

/// The events that follow an answer.
pub(super) fn follow_up(state: &State, conn: &Arc<Conn>, method: &str, params: &Value, answer: &Answer) {
    let Some(session) = params["sessionId"].as_str().and_then(|id| state.session(id)) else { return };
    let mut session = lock(&session);
    match (method, answer) {
        ("session.send", Ok(sent)) => turn(&mut session, conn, params, &sent["messageId"]),
        ("session.abort", Ok(_)) if session.busy => {
            session.emit(conn, event("abort", json!({"reason": "user_initiated"}), false));
            session.emit(conn, event("session.idle", json!({"aborted": true}), true));
        }
        _ => {}
    }
}

pub(super) fn event(kind: &str, data: Value, ephemeral: bool) -> Event {
    Event { kind: kind.to_owned(), data: Some(data), ephemeral, ..Event::default() }
}

/// A whole turn that echoes the prompt, with the events a program relies on.
fn turn(session: &mut Session, conn: &Arc<Conn>, params: &Value, sent: &Value) {
    let (message, turn) = (text::uuid(), json!({"turnId": "0"}));
    let prompt = params["prompt"].as_str().unwrap_or_default();
    let content = format!("You said: {prompt}");
    let mut data = json!({"content": prompt, "messageId": sent});
    if let Some(source) = params.get("source") {
        data["source"] = source.clone();
    }
    session.emit(conn, event("user.message", data, false));
    session.emit(conn, event("assistant.turn_start", turn.clone(), false));
    for delta in ["You ", "said: ", prompt] {
        let data = json!({"messageId": message, "deltaContent": delta});
        session.emit(conn, event("assistant.message_delta", data, true));
    }
    let data =
        json!({"messageId": message, "originatingMessageId": sent, "content": content, "toolRequests": []});
    session.emit(conn, event("assistant.message", data, false));
    session.emit(conn, event("assistant.turn_end", turn, false));
    session.emit(conn, event("session.idle", json!({}), true));
}
