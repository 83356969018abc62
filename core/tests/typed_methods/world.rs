//! The runtime, the model and the sessions that the calls work on.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use copilot_core::generated::api::PingRequest;
use copilot_core::handlers::{CallContext, CanvasHandler, ElicitationHandler, ElicitationRequest};
use copilot_core::{Client, ClientOptions, Result, RuntimeConnection, Session, SessionConfig, SessionSpec};
use copilot_testkit::ScriptedModel;
use copilot_testkit::model::ModelScript;
use serde_json::{Map, Value, json};

use crate::files;

/// Sessions by the name the plan uses for them. The later ones are for calls that leave a session unusable.
const SESSIONS: &[&str] = &["main", "side", "suspended", "closed", "deleted", "shut"];

struct Cancels;

#[async_trait]
impl ElicitationHandler for Cancels {
    async fn fill(&self, _: &CallContext, _: ElicitationRequest) -> Result<Value> {
        Ok(json!({"action": "cancel"}))
    }
}

struct Canvas;

#[async_trait]
impl CanvasHandler for Canvas {
    async fn call(&self, _: &CallContext, _: &str, _: Map<String, Value>) -> Result<Value> {
        Ok(json!({"title": "A canvas"}))
    }
}

pub(crate) struct World {
    client: Client,
    /// A client without sessions: some methods are refused once there is one.
    bare: Client,
    sessions: HashMap<&'static str, Session>,
    known: Map<String, Value>,
    _model: ScriptedModel,
    _folder: tempfile::TempDir,
}

fn options(folder: &Path, home: &str) -> ClientOptions {
    let program = std::env::var("COPILOT_CLI_PATH").ok().filter(|path| !path.is_empty());
    let program = program.expect("COPILOT_CLI_PATH is not set: this test needs the path of the real runtime");
    // Nothing listens there, so the answers are the same with and without a network.
    let nowhere = "http://127.0.0.1:9";
    let mut env: BTreeMap<String, String> = ["PATH", "SystemRoot", "TMPDIR", "TEMP"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
        .collect();
    for (name, value) in [
        ("HOME", folder.to_str().unwrap()),
        ("HTTPS_PROXY", nowhere),
        ("HTTP_PROXY", nowhere),
        ("https_proxy", nowhere),
        ("http_proxy", nowhere),
        ("NO_PROXY", "127.0.0.1,localhost"),
        ("no_proxy", "127.0.0.1,localhost"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("COPILOT_ENABLE_SECRET_FILTERING", "true"),
        ("COPILOT_ALLOW_GET_PROVIDER_ENDPOINT", "true"),
        ("COPILOT_MCP_APPS", "true"),
    ] {
        env.insert(name.to_owned(), value.to_owned());
    }
    ClientOptions {
        connection: Some(RuntimeConnection::Stdio { path: Some(program), args: Vec::new(), env: Some(env) }),
        base_directory: Some(folder.join(home).to_string_lossy().into_owned()),
        use_logged_in_user: Some(false),
        working_directory: Some(folder.join("work").to_string_lossy().into_owned()),
        ..ClientOptions::default()
    }
}

fn spec(folder: &Path, model: &str) -> SessionSpec {
    let server = folder.join("mcp-server.sh");
    let server = json!({"type": "local", "command": "sh", "args": [server], "tools": ["*"]});
    let mut spec = SessionSpec::new(SessionConfig {
        model: Some("scripted".into()),
        provider: Some(json!({"type": "openai", "baseUrl": model, "apiKey": "none"})),
        working_directory: Some(folder.join("work").to_string_lossy().into_owned()),
        mcp_servers: Some(Map::from_iter([("probe".to_owned(), server)])),
        request_mcp_apps: Some(true),
        request_canvas_renderer: Some(true),
        custom_agents: Some(vec![
            json!({"name": "probe", "description": "A probe", "prompt": "Be a probe."}),
        ]),
        canvases: Some(vec![json!({"id": "probe", "displayName": "Probe", "description": "A probe",
            "actions": [{"name": "look", "description": "Looks"}]})]),
        ..SessionConfig::default()
    });
    spec.handlers.elicitation = Some(Arc::new(Cancels));
    spec.handlers.canvas = Some(Arc::new(Canvas));
    spec
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        files::write(folder.path());
        let work = folder.path().join("work");
        let model = ScriptedModel::start(ModelScript::demo()).unwrap();
        let client = Client::new(options(folder.path(), "copilot")).unwrap();
        let bare = Client::new(options(folder.path(), "bare")).unwrap();
        bare.start().await.unwrap();
        let pong = bare.rpc().ping(&PingRequest::new()).await.unwrap();
        assert!(pong.protocol_version >= 3, "{pong:?}");
        let mut known = Map::new();
        known.insert("work".into(), work.to_str().unwrap().into());
        known.insert("folder".into(), folder.path().to_str().unwrap().into());
        known.insert("modelUrl".into(), model.base_url().into());
        let mut sessions = HashMap::new();
        for name in SESSIONS {
            let session = client.create_session(spec(folder.path(), &model.base_url())).await.unwrap();
            let answer = session.send_and_wait("Hello", None).await.unwrap();
            assert!(answer.is_some(), "the turn of {name} ended without an answer");
            known.insert((*name).into(), session.id().to_string().into());
            if *name == "side" {
                let points = session.rpc().history().list_rewind_points().await.unwrap().points;
                known.insert("sidePoint".into(), points[0].event_id.clone().into());
            }
            sessions.insert(*name, session);
        }
        Self { client, bare, sessions, known, _model: model, _folder: folder }
    }

    /// The client and the session that a step names; `bare` is the client without sessions.
    pub(crate) fn place(&self, name: &str) -> (&Client, &Session) {
        if name == "bare" {
            (&self.bare, &self.sessions["main"])
        } else {
            (&self.client, &self.sessions[name])
        }
    }

    pub(crate) fn known(&self) -> Map<String, Value> {
        let mut known = self.known.clone();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        known.insert("tomorrow".into(), (now.as_millis() as u64 + 86_400_000).into());
        known
    }

    /// Keeps values of a result; names what is not there.
    pub(crate) fn save(&mut self, wanted: &BTreeMap<String, String>, result: &Value) -> Vec<String> {
        let mut absent = Vec::new();
        for (name, pointer) in wanted {
            match result.pointer(pointer) {
                Some(value) => drop(self.known.insert(name.clone(), value.clone())),
                None => absent.push(format!("{pointer} is not in {result}")),
            }
        }
        absent
    }

    /// The part of an error text that the next run will have too: without what only repeats the method, up to the first
    /// value of this run, the first sentence of a long text.
    pub(crate) fn stable_part(&self, text: &str) -> String {
        let text = text.split_once(" failed with message: ").map_or(text, |(_, text)| text);
        let values = self.known.values().filter_map(Value::as_str).filter(|value| value.len() > 8);
        let end = values.filter_map(|value| text.find(value)).min().unwrap_or(text.len());
        let sentence = if end > 160 { text.find(": ").unwrap_or(end) } else { end };
        text[..sentence.min(end)].trim().to_owned()
    }

    pub(crate) async fn stop(self) {
        self.bare.stop().await;
        self.client.stop().await;
    }
}
