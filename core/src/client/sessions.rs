//! Creating and resuming sessions: one path for both.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tracing::Instrument;
use uuid::Uuid;

use super::{Client, Live};
use crate::diagnostics::Timed;
use crate::error::{Error, ErrorKind, Result};
use crate::handlers::Handlers;
use crate::protocol::session_spec::{Purpose, SessionConfig, TraceContext};
use crate::protocol::{json, method};
use crate::router::{Router, SessionInbox};
use crate::session::{EventSink, EventStream, Session, SessionCore};

/// Everything a session is made of: configuration, handlers, first subscribers.
#[derive(Default)]
pub struct SessionSpec {
    /// What travels to the runtime.
    pub config: SessionConfig,
    /// What answers the runtime.
    pub handlers: Handlers,
    /// Trace context of the caller.
    pub trace: TraceContext,
    pub(crate) sinks: Vec<Arc<dyn EventSink>>,
}

impl SessionSpec {
    /// A spec with a configuration and nothing else.
    #[must_use]
    pub fn new(config: SessionConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// A lossless queue that sees the session's very first event.
    pub fn subscribe(&mut self) -> EventStream {
        let (sink, stream) = EventStream::new();
        self.sinks.push(Arc::new(sink));
        stream
    }
}

impl From<SessionConfig> for SessionSpec {
    fn from(config: SessionConfig) -> Self {
        Self::new(config)
    }
}

impl std::fmt::Debug for SessionSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionSpec")
            .field("config", &self.config)
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}

/// What the runtime answers to create and resume.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Made {
    session_id: Option<String>,
    workspace_path: Option<String>,
    capabilities: Option<Map<String, Value>>,
    open_canvases: Option<Vec<Value>>,
    /// Kept as it came: which variables an extension was granted, how a transcript was repaired.
    granted_environment_variables: Option<Value>,
    transcript_recovery: Option<Value>,
}

impl Client {
    /// Creates a session, starting the client when needed.
    pub async fn create_session(&self, spec: impl Into<SessionSpec>) -> Result<Session> {
        let spec = spec.into();
        let given = spec.config.session_id.clone().filter(|id| !id.is_empty());
        let id = match (given, &spec.config.cloud) {
            (Some(id), _) => Some(id),
            // The runtime chooses the id of a cloud session.
            (None, Some(_)) => None,
            (None, None) => Some(Uuid::new_v4().to_string()),
        };
        self.make_session(Purpose::Create, id, spec).await
    }

    /// Resumes a session, starting the client when needed.
    pub async fn resume_session(&self, id: &str, spec: impl Into<SessionSpec>) -> Result<Session> {
        self.make_session(Purpose::Resume, Some(id.to_owned()), spec.into()).await
    }

    async fn make_session(&self, purpose: Purpose, id: Option<String>, spec: SessionSpec) -> Result<Session> {
        let span = match purpose {
            Purpose::Create => {
                tracing::debug_span!(target: "copilot_core::session", "session.create", session_id = id)
            }
            Purpose::Resume => {
                tracing::debug_span!(target: "copilot_core::session", "session.resume", session_id = id)
            }
        };
        let timed = Timed::new(span.clone());
        let made = self.make_session_once(purpose, id, spec).instrument(span).await;
        timed.end(made.as_ref().map_or_else(|error| error.kind().name(), |_| "ok"));
        made
    }

    async fn make_session_once(
        &self,
        purpose: Purpose,
        id: Option<String>,
        mut spec: SessionSpec,
    ) -> Result<Session> {
        if self.0.link().live.is_none() {
            self.start().await.map_err(|error| error.on_closed_connection())?;
        }
        let mode = self.0.options.mode;
        spec.config.validate(mode)?;
        if self.0.options.session_fs.is_some() && spec.handlers.session_fs.is_none() {
            spec.handlers.session_fs = self.0.files.clone().map(|files| files as _);
        }
        if self.0.options.session_fs.is_some() && spec.handlers.session_fs.is_none() {
            let text = "create_session_fs_handler is required: the client was made with session_fs";
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        let live = self.0.live()?;
        let mut declared = spec.handlers.declared();
        declared.github_telemetry = self.0.options.handlers.github_telemetry;
        check_providers(&spec)?;
        let token_registration = declared.github_token.clone();
        let params = spec.config.payload(purpose, mode, &declared, id.as_deref(), &spec.trace)?;
        self.0.watch.secrets.learn_config(&params);
        let patch = spec.config.patch(mode)?;
        let wants_interest = spec.handlers.mcp_auth.is_some();

        let managed = spec.config.is_managed();
        let core = SessionCore::new(live.connection.clone(), spec.handlers, spec.sinks);
        if managed {
            core.set_managed();
        }
        if let Some(id) = token_registration {
            core.register_tokens(id);
        }
        let mut attempt = Registration {
            router: Arc::clone(&live.router),
            core: Arc::clone(&core),
            kept: false,
            before: None,
        };
        if let Some(id) = &id {
            core.set_id(id);
            // Before the request: the runtime asks and tells while it still works on it.
            attempt.before = live.router.insert(Arc::clone(&core) as _);
        }
        let method = if purpose == Purpose::Create { method::SESSION_CREATE } else { method::SESSION_RESUME };
        let answer =
            call_and_register(&live, method, &json::text(&params)?, id.is_none().then(|| Arc::clone(&core)))
                .await?;
        accept(&core, purpose, id.as_deref(), &answer)?;
        let session = Session::new(core, Arc::clone(&self.0) as _);
        if wants_interest {
            session.call(method::SESSION_REGISTER_INTEREST, r#"{"eventType":"mcp.oauth_required"}"#).await?;
        }
        attempt.kept = true;
        if let Some(patch) = patch {
            apply_patch(&session, &patch).await?;
        }
        Ok(session)
    }
}

fn check_providers(spec: &SessionSpec) -> Result<()> {
    let refused = if spec.handlers.github_token.is_some() && spec.config.github_token.is_some() {
        "github_token and github_token_provider are mutually exclusive"
    } else if spec.handlers.skill_provider.is_some() && spec.config.cloud.is_some() {
        "a skill provider cannot be used with a cloud session"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::InvalidArgument, refused))
}

/// The call; a session whose id the runtime chooses is registered by the reader before it reads the next message.
async fn call_and_register(
    live: &Live,
    method: &str,
    params: &str,
    unnamed: Option<Arc<SessionCore>>,
) -> Result<Bytes> {
    let Some(core) = unnamed else { return live.connection.call(method, params).await };
    let (sender, receiver) = oneshot::channel();
    let router = Arc::clone(&live.router);
    let sender = Mutex::new(Some(sender));
    let done = move |answer: Result<Bytes>| {
        if let Ok(made) = answer.as_ref().map(|answer| json::parse::<Made>(answer).unwrap_or_default())
            && let Some(id) = made.session_id.filter(|id| !id.is_empty())
        {
            core.set_id(&id);
            router.insert(Arc::clone(&core) as _);
        }
        if let Some(sender) = sender.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(sender.send(answer));
        }
    };
    live.connection.call_as(live.connection.next_id(), method, params, Box::new(done));
    receiver.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::ProcessExited, "connection closed")))
}

/// Checks the answer and stores what it tells.
fn accept(core: &SessionCore, purpose: Purpose, wanted: Option<&str>, answer: &[u8]) -> Result<()> {
    let made: Made = json::parse_as("answer to session.create", answer)?;
    if purpose == Purpose::Create {
        match (wanted, made.session_id.as_deref()) {
            (_, None | Some("")) => {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    "session.create was answered without a sessionId",
                ));
            }
            (Some(wanted), Some(got)) if wanted != got => {
                let text =
                    format!("session.create was answered for session {got:?}, but {wanted:?} was asked for");
                return Err(Error::new(ErrorKind::Protocol, text));
            }
            _ => {}
        }
    }
    let mut state = core.state();
    state.workspace_path = made.workspace_path;
    state.granted_environment_variables = made.granted_environment_variables;
    state.transcript_recovery = made.transcript_recovery;
    // An event may have told already; the answer is older then, but complete.
    for (name, value) in made.capabilities.unwrap_or_default() {
        state.capabilities.entry(name).or_insert(value);
    }
    if purpose == Purpose::Resume
        && let Some(canvases) = made.open_canvases
    {
        state.open_canvases = canvases;
    }
    Ok(())
}

/// Options that the runtime takes only after creation. Without them the session must not be used.
async fn apply_patch(session: &Session, patch: &Map<String, Value>) -> Result<()> {
    match session.call(method::SESSION_OPTIONS_UPDATE, &json::text(patch)?).await {
        Ok(_) => Ok(()),
        Err(error) => {
            if let Err(second) = session.disconnect().await {
                tracing::debug!(error = %second, "a session without its options could not be disconnected");
            }
            Err(error)
        }
    }
}

/// Takes a session that was not made out of the routing again, also when the caller gave up, and puts back the one
/// whose place it took.
struct Registration {
    router: Arc<Router>,
    core: Arc<SessionCore>,
    kept: bool,
    before: Option<Arc<dyn SessionInbox>>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        if self.kept {
            if let Some(before) = self.before.take() {
                before.close(&crate::error::Error::new(
                    ErrorKind::SessionClosed,
                    format!("session {} was resumed by another session object", self.core.id()),
                ));
            }
            return;
        }
        self.router.remove(&*self.core);
        self.core.close(&Error::new(ErrorKind::SessionClosed, "the session was not made"));
        if let Some(before) = self.before.take() {
            self.router.insert(before);
        }
    }
}
