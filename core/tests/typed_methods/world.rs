//! The runtime, the model and the sessions that the calls work on.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use copilot_core::{Client, ClientOptions, RuntimeConnection, Session, SessionConfig};
use copilot_testkit::ScriptedModel;
use copilot_testkit::model::ModelScript;
use serde_json::{Map, Value, json};

/// Sessions by the name the plan uses for them. The later ones are for calls that leave a session unusable.
const SESSIONS: &[&str] = &["main", "side", "suspended", "closed", "deleted", "shut"];

pub(crate) struct World {
    pub(crate) client: Client,
    sessions: HashMap<&'static str, Session>,
    known: Map<String, Value>,
    _model: ScriptedModel,
    _folder: tempfile::TempDir,
}

fn options(folder: &Path) -> ClientOptions {
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
    ] {
        env.insert(name.to_owned(), value.to_owned());
    }
    ClientOptions {
        connection: Some(RuntimeConnection::Stdio { path: Some(program), args: Vec::new(), env: Some(env) }),
        base_directory: Some(folder.join("copilot").to_string_lossy().into_owned()),
        use_logged_in_user: Some(false),
        working_directory: Some(folder.join("work").to_string_lossy().into_owned()),
        ..ClientOptions::default()
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        std::fs::create_dir(&work).unwrap();
        std::fs::write(work.join("README.md"), "# A project\n").unwrap();
        let model = ScriptedModel::start(ModelScript::demo()).unwrap();
        let client = Client::new(options(folder.path())).unwrap();
        let mut known = Map::new();
        known.insert("work".into(), work.to_str().unwrap().into());
        known.insert("folder".into(), folder.path().to_str().unwrap().into());
        known.insert("modelUrl".into(), model.base_url().into());
        let mut sessions = HashMap::new();
        for name in SESSIONS {
            let provider = json!({"type": "openai", "baseUrl": model.base_url(), "apiKey": "none"});
            let config = SessionConfig {
                model: Some("scripted".into()),
                provider: Some(provider),
                working_directory: Some(work.to_str().unwrap().into()),
                ..SessionConfig::default()
            };
            let session = client.create_session(config).await.unwrap();
            let answer = session.send_and_wait("Hello", None).await.unwrap();
            assert!(answer.is_some(), "the turn of {name} ended without an answer");
            known.insert((*name).into(), session.id().to_string().into());
            sessions.insert(*name, session);
        }
        Self { client, sessions, known, _model: model, _folder: folder }
    }

    pub(crate) fn session(&self, name: &str) -> &Session {
        &self.sessions[name]
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

    /// The part of an error text that the next run will have too: up to the first value of this run.
    pub(crate) fn stable_part(&self, text: &str) -> String {
        let ends = self.known.values().filter_map(Value::as_str).filter(|value| value.len() > 8);
        let end = ends.filter_map(|value| text.find(value)).min().unwrap_or(text.len());
        text[..end].trim().to_owned()
    }

    pub(crate) async fn stop(self) {
        self.client.stop().await;
    }
}
