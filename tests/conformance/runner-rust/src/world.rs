//! What the steps of a case made so far.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copilot_core::{Client, Error, Session};
use copilot_testkit::matching;
use copilot_testkit::{FakeProcess, ScriptedModel};
use serde_json::{Map, Value};
use tokio::task::JoinHandle;

use crate::canned::CannedClient;
use crate::case::{Case, Peer};
use crate::event_log::EventLog;
use crate::failure::{Failure, Outcome};
use crate::peers::{ClientArgs, Peers};
use crate::recording::Recording;

/// A loop over the events of a session: the type of the last one, and why it ended.
pub(crate) type Iteration = JoinHandle<(String, Option<Error>)>;

/// Shared by the steps that run at the same time.
#[derive(Clone)]
pub(crate) struct World(Arc<Inner>);

struct Inner {
    /// Removed at the end.
    _home: tempfile::TempDir,
    peers: Peers,
    recording: Recording,
    things: Mutex<Things>,
}

#[derive(Default)]
struct Things {
    vars: Map<String, Value>,
    clients: HashMap<String, Client>,
    /// By client: how its hosts answer.
    hosts: HashMap<String, Value>,
    sessions: HashMap<String, (Session, Arc<EventLog>)>,
    subscriptions: HashMap<String, Arc<EventLog>>,
    begun: HashMap<String, JoinHandle<Outcome<Value>>>,
    iterations: HashMap<String, Iteration>,
    served: Vec<FakeProcess>,
}

impl World {
    pub(crate) fn new(case: &Case, peer: Peer) -> Result<Self, String> {
        let home = tempfile::tempdir().map_err(|error| format!("temporary folder: {error}"))?;
        let record = home.path().join("recording.jsonl");
        let peers = Peers::start(case, peer, home.path(), &record)?;
        let mut vars = Map::new();
        vars.insert("home".to_owned(), home.path().to_string_lossy().into());
        if let Some(model) = peers.model() {
            vars.insert("modelUrl".to_owned(), model.base_url().into());
        }
        let things = Mutex::new(Things { vars, ..Things::default() });
        Ok(Self(Arc::new(Inner { _home: home, peers, recording: Recording(record), things })))
    }

    fn things(&self) -> MutexGuard<'_, Things> {
        self.0.things.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn recording(&self) -> &Recording {
        &self.0.recording
    }

    pub(crate) fn model(&self) -> Option<&ScriptedModel> {
        self.0.peers.model()
    }

    /// Replaces references and repetitions.
    pub(crate) fn expand(&self, value: &Value) -> Value {
        repeat(matching::expand(value, &self.things().vars))
    }

    pub(crate) fn store(&self, name: Option<&str>, value: Value) {
        if let Some(name) = name {
            self.things().vars.insert(name.to_owned(), value);
        }
    }

    /// Makes a client; one that is there stays.
    pub(crate) fn make_client(&self, name: &str, args: ClientArgs, canned: CannedClient) -> Outcome<Client> {
        if let Some(client) = self.things().clients.get(name) {
            return Ok(client.clone());
        }
        let (options, served) = self.0.peers.options(args)?;
        let host = canned.ahp_host.clone();
        let client = Client::with_callbacks(options, canned.callbacks())?;
        let mut things = self.things();
        things.hosts.extend(host.map(|answer| (name.to_owned(), answer)));
        things.served.extend(served);
        things.clients.insert(name.to_owned(), client.clone());
        Ok(client)
    }

    pub(crate) fn client(&self, name: &str) -> Outcome<Client> {
        let found = self.things().clients.get(name).cloned();
        found.ok_or_else(|| Failure::Unmet(format!("no client is called {name}")))
    }

    pub(crate) fn host(&self, client: &str) -> Value {
        self.things().hosts.get(client).cloned().unwrap_or_default()
    }

    pub(crate) fn add_session(&self, name: &str, session: Session, log: Arc<EventLog>) {
        self.things().sessions.insert(name.to_owned(), (session, log));
    }

    pub(crate) fn session(&self, name: &str) -> Outcome<(Session, Arc<EventLog>)> {
        let found = self.things().sessions.get(name).cloned();
        found.ok_or_else(|| Failure::Unmet(format!("no session is called {name}")))
    }

    pub(crate) fn add_subscription(&self, name: &str, log: Arc<EventLog>) {
        self.things().subscriptions.insert(name.to_owned(), log);
    }

    pub(crate) fn subscription(&self, name: &str) -> Outcome<Arc<EventLog>> {
        let found = self.things().subscriptions.get(name).cloned();
        found.ok_or_else(|| Failure::Unmet(format!("no subscription is called {name}")))
    }

    pub(crate) fn add_begun(&self, name: &str, task: JoinHandle<Outcome<Value>>) {
        self.things().begun.insert(name.to_owned(), task);
    }

    pub(crate) fn take_begun(&self, name: &str) -> Outcome<JoinHandle<Outcome<Value>>> {
        let found = self.things().begun.remove(name);
        found.ok_or_else(|| Failure::Unmet(format!("no step is called {name}")))
    }

    pub(crate) fn add_iteration(&self, name: &str, task: Iteration) {
        self.things().iterations.insert(name.to_owned(), task);
    }

    pub(crate) fn take_iteration(&self, name: &str) -> Outcome<Iteration> {
        let found = self.things().iterations.remove(name);
        found.ok_or_else(|| Failure::Unmet(format!("no iteration is called {name}")))
    }

    /// Ends clients, steps and processes, whatever state they are in.
    pub(crate) async fn end_everything(&self) {
        let clients: Vec<_> = self.things().clients.values().cloned().collect();
        for client in clients {
            client.force_stop().await;
        }
        let things = std::mem::take(&mut *self.things());
        for task in things.begun.into_values() {
            task.abort();
        }
    }
}

/// `{"$repeat": ["text", n]}` is that text n times.
fn repeat(value: Value) -> Value {
    match value {
        Value::Object(fields) => match fields.get("$repeat").and_then(Value::as_array).map(Vec::as_slice) {
            Some([Value::String(text), count]) => {
                text.repeat(count.as_u64().unwrap_or_default() as usize).into()
            }
            _ => fields.into_iter().map(|(key, value)| (key, repeat(value))).collect(),
        },
        Value::Array(items) => items.into_iter().map(repeat).collect(),
        other => other,
    }
}
