//! Carries out the actions of a script.

use std::{
    io::{self, Write},
    process,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::{
    builtin,
    conn::Conn,
    control::Roundtrips,
    flood,
    script::{Action, Event, Expect, Flood, Raw, Reply, Request, ToolRoundtrips},
    state::{State, lock},
};
use crate::{
    matching::{expand, expand_text},
    text,
    wire::{append_body, append_frame},
};

/// The message that a list of actions belongs to, and what the list has found out so far.
pub(super) struct Context {
    state: Arc<State>,
    conn: Option<Arc<Conn>>,
    id: Option<Value>,
    method: String,
    params: Value,
    vars: Map<String, Value>,
    position: usize,
}

impl Context {
    /// For actions that no message has triggered. Without a connection, bytes go to standard output.
    pub(super) fn unprompted(state: &Arc<State>, conn: Option<&Arc<Conn>>) -> Self {
        let (state, conn) = (Arc::clone(state), conn.map(Arc::clone));
        let position = state.recorder.position();
        Self { state, conn, id: None, method: String::new(), params: Value::Null, vars: Map::new(), position }
    }

    /// For a rule that fits a message.
    pub(super) fn of_message(
        state: &Arc<State>,
        conn: &Arc<Conn>,
        id: Option<Value>,
        method: &str,
        mut params: Value,
    ) -> Self {
        if method == "session.create" && !params["sessionId"].is_string() {
            // Actions may need the id before the answer tells it.
            params["sessionId"] = text::uuid().into();
        }
        let mut vars = Map::new();
        vars.insert("sessionId".into(), params["sessionId"].clone());
        vars.insert(
            "requestId".into(),
            params.get("requestId").cloned().unwrap_or_else(|| text::uuid().into()),
        );
        vars.insert("params".into(), params.clone());
        vars.insert("id".into(), id.clone().unwrap_or(Value::Null));
        let (state, conn) = (Arc::clone(state), Arc::clone(conn));
        let position = state.recorder.position();
        Self { state, conn: Some(conn), id, method: method.to_owned(), params, vars, position }
    }

    /// Runs the actions here, or on a thread of their own when they may take long.
    pub(super) fn start(mut self, actions: Vec<Action>) {
        if actions.iter().any(Action::blocks) {
            thread::spawn(move || self.run(&actions));
        } else {
            self.run(&actions);
        }
    }

    /// Runs the actions and makes sure that the message gets an answer unless the script forbids one.
    pub(super) fn run(&mut self, actions: &[Action]) {
        for action in actions {
            self.act(action);
        }
        self.reply(&Reply::Default("default".to_owned()));
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Reply(reply) => self.reply(reply),
            Action::Builtin(_) => self.builtin(),
            Action::NoReply(_) => self.id = None,
            Action::Event(event) => self.event(event),
            Action::Notify(notify) => {
                let params = notify.params.as_ref().map(|params| expand(params, &self.vars));
                self.with_conn(|conn| conn.notify(&notify.method, params));
            }
            Action::Request(request) => self.request(request),
            Action::Expect(expect) => self.expect(expect),
            Action::Sleep(millis) => {
                self.with_conn(|conn| conn.flush());
                thread::sleep(Duration::from_millis(*millis));
            }
            Action::Flood(flood) => self.flood(flood),
            Action::ToolRoundtrips(wanted) => self.tool_roundtrips(wanted),
            Action::Raw(raw) => self.raw(raw),
            Action::Stderr(text) => {
                drop(io::stderr().write_all(expand_text(text, &self.vars).as_bytes()));
            }
            Action::Exit(code) => {
                self.with_conn(|conn| conn.flush());
                process::exit(*code);
            }
            Action::Hang(_) => {
                self.id = None;
                self.with_conn(|conn| conn.hang());
            }
            Action::Close(_) => {
                self.id = None;
                self.with_conn(|conn| conn.close(std::net::Shutdown::Both));
            }
        }
    }

    fn with_conn(&self, use_it: impl FnOnce(&Arc<Conn>)) {
        if let Some(conn) = &self.conn {
            use_it(conn);
        }
    }

    fn reply(&mut self, reply: &Reply) {
        let (Some(conn), Some(id)) = (self.conn.clone(), self.id.take()) else { return };
        let answer = match reply {
            Reply::Result { result } => Ok(expand(result, &self.vars)),
            Reply::Error { error } => {
                let data = error.data.as_ref().map(|data| expand(data, &self.vars));
                Err(
                    json!({"code": error.code, "message": expand_text(&error.message, &self.vars), "data": data}),
                )
            }
            Reply::Default(_) => builtin::answer(&self.state, &conn, &self.method, &self.params),
        };
        conn.reply(&id, answer);
    }

    fn builtin(&mut self) {
        let (Some(conn), Some(id)) = (self.conn.clone(), self.id.take()) else { return };
        let answer = builtin::answer(&self.state, &conn, &self.method, &self.params);
        conn.reply(&id, answer.clone());
        builtin::follow_up(&self.state, &conn, &self.method, &self.params, &answer);
    }

    fn session_id(&self, given: Option<&String>) -> String {
        let given = given.map(|id| expand_text(id, &self.vars));
        given.unwrap_or_else(|| self.params["sessionId"].as_str().unwrap_or_default().to_owned())
    }

    fn event(&self, event: &Event) {
        let id = self.session_id(event.session_id.as_ref());
        let event = Event { data: event.data.as_ref().map(|data| expand(data, &self.vars)), ..event.clone() };
        self.with_conn(|conn| match self.state.session(&id) {
            Some(session) => lock(&session).emit(conn, event),
            // The session may be one that the SDK does not know, or does not know yet.
            None if self.method == "session.create" => {
                lock(&self.state.session_or_new(&id)).emit(conn, event)
            }
            None => super::session::Session::new(&id).emit(conn, event),
        });
    }

    fn request(&mut self, request: &Request) {
        let Some(conn) = self.conn.clone() else { return };
        let (sender, receiver) = mpsc::channel();
        let params = request.params.as_ref().map(|params| expand(params, &self.vars));
        conn.request(&request.method, params, Box::new(move |response| drop(sender.send(response))));
        if !request.wait {
            return;
        }
        match receiver.recv_timeout(Duration::from_millis(request.timeout_ms)) {
            Ok(response) => self.remember(request.name.as_ref(), response),
            Err(_) => self.state.recorder.failure(format!("no answer to request {}", request.method)),
        }
    }

    fn expect(&mut self, expect: &Expect) {
        let pattern = expect.params.as_ref().map(|pattern| expand(pattern, &self.vars));
        let limit = Duration::from_millis(expect.timeout_ms);
        match self.state.recorder.wait_for(&expect.method, pattern.as_ref(), self.position, limit) {
            Some((message, position)) => {
                self.position = position;
                self.remember(expect.name.as_ref(), message);
            }
            None => self.state.recorder.failure(format!("expected {} {}", expect.method, json!(pattern))),
        }
    }

    fn remember(&mut self, name: Option<&String>, value: Value) {
        if let Some(name) = name {
            self.vars.insert(name.clone(), value);
        }
    }

    fn flood(&self, flood: &Flood) {
        let id = self.session_id(flood.session_id.as_ref());
        let parent = self.state.session(&id).and_then(|session| lock(&session).parent().map(str::to_owned));
        self.with_conn(|conn| {
            self.state.recorder.note(conn.id, &format!("flood of {} {} events", flood.count, flood.kind));
            flood::run(conn, &id, parent.as_deref(), flood);
        });
    }

    fn tool_roundtrips(&mut self, wanted: &ToolRoundtrips) {
        let session = self.state.session(&self.session_id(None));
        let (Some(conn), Some(session)) = (self.conn.clone(), session) else {
            return self.state.recorder.failure("toolRoundtrips without a session".to_owned());
        };
        conn.flush();
        let (sender, receiver) = mpsc::channel();
        let finished = Box::new(move |summary| drop(sender.send(summary)));
        Roundtrips::start(&self.state, &conn, session, wanted, finished);
        match receiver.recv_timeout(Duration::from_millis(wanted.timeout_ms)) {
            Ok(summary) => self.remember(wanted.name.as_ref(), summary),
            Err(_) => self.state.recorder.failure(format!("calls of {} not all answered", wanted.tool_name)),
        }
    }

    fn raw(&self, raw: &Raw) {
        let Some(bytes) = self.raw_bytes(raw) else {
            return self.state.recorder.failure("raw holds invalid Base64".to_owned());
        };
        let size = raw.chunk.unwrap_or(bytes.len()).max(1);
        for (index, piece) in bytes.chunks(size).enumerate() {
            if index > 0 {
                thread::sleep(Duration::from_millis(raw.chunk_delay_ms));
            }
            match &self.conn {
                Some(conn) => conn.send_bytes(piece),
                None => drop(io::stdout().write_all(piece).and_then(|()| io::stdout().flush())),
            }
        }
        self.with_conn(|conn| self.state.recorder.note(conn.id, &String::from_utf8_lossy(&bytes)));
    }

    fn raw_bytes(&self, raw: &Raw) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(text) = &raw.text {
            bytes.extend_from_slice(expand_text(text, &self.vars).as_bytes());
        }
        if let Some(base64) = &raw.base64 {
            bytes.extend(text::base64_decode(base64)?);
        }
        if let Some(body) = &raw.body {
            append_body(&mut bytes, expand_text(body, &self.vars).as_bytes());
        }
        if let Some(frame) = &raw.frame {
            append_frame(&mut bytes, &expand(frame, &self.vars));
        }
        Some(bytes)
    }
}
