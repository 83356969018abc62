//! `fake.*`: methods with which a test or benchmark steers the fake runtime through the SDK's own generic call.

use std::{
    fmt,
    sync::{Arc, Mutex},
    thread,
    time::Instant,
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    builtin,
    conn::Conn,
    flood, record,
    script::{Event, Flood, RuntimeScript, ToolRoundtrips},
    session::Session,
    state::{State, lock},
};
use crate::text;

/// Answers a `fake.*` request, now or later.
pub(super) fn handle(state: &Arc<State>, conn: &Arc<Conn>, id: Value, method: &str, params: &Value) {
    let answer = match method {
        "fake.echo" => Ok(params.clone()),
        "fake.info" => Ok(record::start_info()),
        "fake.received" => {
            let messages = state.recorder.received(params["method"].as_str(), params.get("where"));
            Ok(json!({"count": messages.len(), "messages": messages}))
        }
        "fake.failures" => Ok(json!({"failures": state.recorder.failures()})),
        "fake.script" => set_script(state, params),
        "fake.emit" => emit(state, conn, params),
        "fake.request" => return request(conn, id, params),
        "fake.flood" => return start_flood(state, conn, id, params),
        "fake.toolRoundtrips" => return tool_roundtrips(state, conn, id, params),
        _ => Err(builtin::error(-32601, format!("Unhandled method {method}"))),
    };
    conn.reply(&id, answer);
}

fn invalid(error: impl std::fmt::Display) -> Value {
    builtin::error(-32602, error.to_string())
}

fn set_script(state: &State, params: &Value) -> Result<Value, Value> {
    let script = RuntimeScript::from_value(params["script"].clone()).map_err(invalid)?;
    state.set_rules(script.rules);
    Ok(json!({}))
}

fn emit(state: &State, conn: &Arc<Conn>, params: &Value) -> Result<Value, Value> {
    let event = Event::deserialize(&params["event"]).map_err(invalid)?;
    let id = params["sessionId"].as_str().ok_or_else(|| invalid("sessionId is missing"))?;
    match state.session(id) {
        Some(session) => lock(&session).emit(conn, event),
        None => Session::new(id).emit(conn, event),
    }
    Ok(json!({}))
}

fn request(conn: &Arc<Conn>, id: Value, params: &Value) {
    let Some(method) = params["method"].as_str() else {
        return conn.reply(&id, Err(invalid("method is missing")));
    };
    let back = Arc::clone(conn);
    let answered = move |response: Value| {
        let mut answer = json!({});
        for key in ["result", "error"] {
            if let Some(value) = response.get(key) {
                answer[key] = value.clone();
            }
        }
        back.reply(&id, Ok(answer));
    };
    conn.request(method, params.get("params").cloned(), Box::new(answered));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FloodParams {
    session_id: String,
    count: u64,
    bytes: usize,
    #[serde(rename = "type")]
    kind: String,
    per_second: Option<u64>,
    respond_first: bool,
}

impl Default for FloodParams {
    fn default() -> Self {
        let (bytes, kind) = (super::script::flood_bytes(), super::script::flood_type());
        Self { session_id: String::new(), count: 0, bytes, kind, per_second: None, respond_first: false }
    }
}

fn start_flood(state: &Arc<State>, conn: &Arc<Conn>, id: Value, params: &Value) {
    let params = match FloodParams::deserialize(params) {
        Ok(params) => params,
        Err(error) => return conn.reply(&id, Err(invalid(error))),
    };
    let parent =
        state.session(&params.session_id).and_then(|session| lock(&session).parent().map(str::to_owned));
    let conn = Arc::clone(conn);
    thread::spawn(move || {
        let started = Instant::now();
        let (count, per_second) = (params.count, params.per_second);
        let flood = Flood {
            count,
            bytes: params.bytes,
            kind: params.kind,
            session_id: None,
            per_second,
            plain: false,
            text: None,
        };
        if params.respond_first {
            conn.reply(&id, Ok(json!({ "count": count })));
        }
        flood::run(&conn, &params.session_id, parent.as_deref(), &flood);
        if !params.respond_first {
            let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            conn.reply(&id, Ok(json!({"count": count, "micros": micros})));
        }
    });
}

fn tool_roundtrips(state: &Arc<State>, conn: &Arc<Conn>, id: Value, params: &Value) {
    let session = params["sessionId"].as_str().and_then(|id| state.session(id));
    let (Some(session), Some(tool)) = (session, params["toolName"].as_str()) else {
        return conn.reply(&id, Err(invalid("an existing sessionId and a toolName are needed")));
    };
    let wanted = ToolRoundtrips {
        tool_name: tool.to_owned(),
        count: params["count"].as_u64().unwrap_or(1),
        in_flight: params["inFlight"].as_u64().unwrap_or(1),
        name: None,
        timeout_ms: 0,
    };
    let back = Arc::clone(conn);
    Roundtrips::start(state, conn, session, &wanted, Box::new(move |summary| back.reply(&id, Ok(summary))));
}

/// Gets `{count, failed, micros}` when all calls are answered.
type Finished = Box<dyn Fn(Value) + Send + Sync>;

/// A benchmark of tool calls: keeps some open until all are answered. Every answer triggers the next call on the thread that
/// reads, so the numbers hold no thread switch of ours.
pub(super) struct Roundtrips {
    conn: Arc<Conn>,
    session: Arc<Mutex<Session>>,
    finished: Finished,
    /// Its name as JSON.
    tool: String,
    /// How the ids of the requests begin, which are unique without a random number for each.
    ids: String,
    count: u64,
    started: Instant,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    asked: u64,
    answered: u64,
    failed: u64,
}

impl fmt::Debug for Roundtrips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roundtrips")
            .field("tool", &self.tool)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl Roundtrips {
    pub(super) fn start(
        state: &Arc<State>,
        conn: &Arc<Conn>,
        session: Arc<Mutex<Session>>,
        wanted: &ToolRoundtrips,
        finished: Finished,
    ) {
        let run = Arc::new(Self {
            conn: Arc::clone(conn),
            session,
            finished,
            tool: Value::from(wanted.tool_name.as_str()).to_string(),
            ids: text::uuid()[..24].to_owned(),
            count: wanted.count,
            started: Instant::now(),
            progress: Mutex::default(),
        });
        if wanted.count == 0 {
            return run.finish(0);
        }
        for _ in 0..wanted.in_flight.clamp(1, wanted.count) {
            run.ask(state);
        }
    }

    fn finish(&self, failed: u64) {
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        (self.finished)(json!({"count": self.count, "failed": failed, "micros": micros}));
    }

    fn ask(self: &Arc<Self>, state: &State) {
        let n = {
            let mut progress = lock(&self.progress);
            if progress.asked == self.count {
                return;
            }
            progress.asked += 1;
            progress.asked - 1
        };
        let request = format!("{}{n:012x}", self.ids);
        lock(&state.roundtrips).insert(request.clone(), Arc::clone(self));
        let (session, tool) = (lock(&self.session), &self.tool);
        let data = format!(
            r#"{{"requestId":"{request}","sessionId":{},"toolCallId":"call_{n}","toolName":{tool},"arguments":{{"n":{n}}}}}"#,
            Value::from(session.id.as_str()),
        );
        // Ephemeral, so that millions of calls do not pile up in the history.
        session.emit_text(&self.conn, "external_tool.requested", &request, &data);
    }

    /// Takes the answer to one of our calls. Returns whether it was one.
    pub(super) fn answered(state: &State, params: &Value) -> bool {
        let request = params["requestId"].as_str().unwrap_or_default();
        let Some(run) = lock(&state.roundtrips).remove(request) else { return false };
        let done = {
            let mut progress = lock(&run.progress);
            progress.answered += 1;
            progress.failed += u64::from(params.get("error").is_some());
            (progress.answered == run.count).then_some(progress.failed)
        };
        match done {
            Some(failed) => run.finish(failed),
            None => run.ask(state),
        }
        true
    }
}
