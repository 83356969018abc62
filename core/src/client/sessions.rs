//! Creating and resuming sessions: one path for both.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::files::keep;
use super::{Client, lock};
use crate::diagnostics::Timed;
use crate::dispatch;
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::files::Lease;
use crate::handlers::Handlers;
use crate::protocol::options::SessionConfig;
use crate::protocol::session_spec::{Purpose, TraceContext, Wire};
use crate::protocol::version::is_before;
use crate::protocol::{json, method};
use crate::router::{Router, SessionInbox};
use crate::session::{EventSink, EventStream, Session, SessionCore, SessionOwner, leave};

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
    ///
    /// # Errors
    /// `InvalidArgument` for a configuration that cannot work, what [`start`](Self::start) fails with, `Rpc` when the runtime
    /// refuses, `ProcessExited` when the connection ends first. The runtime keeps nothing of a session that was not made.
    pub async fn create_session(&self, spec: impl Into<SessionSpec>) -> Result<Session> {
        let spec = spec.into();
        let given = spec.config.session_id.clone().filter(|id| !id.is_empty());
        let id = given.or_else(|| spec.config.cloud.is_none().then(new_session_id));
        self.make_session(Purpose::Create, id, spec).await
    }

    /// Resumes a session, starting the client when needed.
    ///
    /// # Errors
    /// As for [`create_session`](Self::create_session); `Rpc` also when there is no such session.
    pub async fn resume_session(&self, id: &str, spec: impl Into<SessionSpec>) -> Result<Session> {
        self.make_session(Purpose::Resume, Some(id.to_owned()), spec.into()).await
    }

    async fn make_session(&self, purpose: Purpose, id: Option<String>, spec: SessionSpec) -> Result<Session> {
        self.start_for_session().await?;
        let (sender, opened) = oneshot::channel();
        // Nobody waits any more: the opening is dropped, which leaves the session again.
        let opening = Box::new(move |opening| drop(sender.send(opening)));
        self.ask_for_session(purpose, id, spec, opening)?;
        let gone = || Err(Error::new(ErrorKind::ProcessExited, "connection closed"));
        opened.await.unwrap_or_else(|_| gone())?.finish().await
    }

    /// Starts the client when nobody has.
    pub(crate) async fn start_for_session(&self) -> Result<()> {
        if !self.is_connected() {
            self.start().await.map_err(|error| error.on_closed_connection())?;
        }
        Ok(())
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.0.link().live.is_some()
    }

    /// Asks a connected runtime for a session. Fails when that cannot even be asked; everything else is told to `opened`.
    pub(crate) fn ask_for_session(
        &self,
        purpose: Purpose,
        id: Option<String>,
        spec: SessionSpec,
        opened: Opened,
    ) -> Result<()> {
        spec.config.validate(self.0.options.mode)?;
        check_providers(&spec)?;
        let leases = self.0.files.leases().filter(|_| spec.handlers.session_fs.is_none());
        let Some(leases) = leases.cloned() else {
            return self.ask_now(purpose, id, spec, None, opened);
        };
        let id = id
            .ok_or_else(|| reasons::files_no_lease("cloud", "the runtime chooses where such a session is"))?;
        let client = self.clone();
        tokio::spawn(async move {
            let told = Told::new(opened);
            let asked = match leases.open(&id).await {
                Ok(lease) => client.ask_now(purpose, Some(id), spec, Some(lease), told.clone().tell_later()),
                Err(error) => Err(error),
            };
            if let Err(error) = asked {
                told.tell(Err(error));
            }
        });
        Ok(())
    }

    /// The same for a spec that was checked, with the ownership of the session's files where the store has such a thing.
    fn ask_now(
        &self,
        purpose: Purpose,
        id: Option<String>,
        mut spec: SessionSpec,
        lease: Option<Lease>,
        opened: Opened,
    ) -> Result<()> {
        let timed = Timed::new(span(purpose, id.as_deref()));
        if self.0.options.session_fs.is_some() && spec.handlers.session_fs.is_none() {
            spec.handlers.session_fs = Some(self.0.files.serve(lease.as_ref())?);
        }
        let live = self.0.live()?;
        check_jobs(&spec, live.connection.runtime())?;
        let mut declared = spec.handlers.declared();
        declared.github_telemetry = self.0.options.handlers.github_telemetry;
        let mode = self.0.options.mode;
        let Wire { params, patch } =
            spec.config.wire(purpose, mode, &declared, id.as_deref(), &spec.trace)?;
        self.0.watch.secrets.learn_config(&params);
        let params = json::to_text(&params)?;
        let interest = spec.handlers.mcp_auth.is_some();

        let core = SessionCore::new(live.connection.clone(), &dispatch::REACTIONS, spec.handlers, spec.sinks);
        if spec.config.is_managed() {
            core.set_managed();
        }
        if let Some(id) = declared.github_token {
            core.register_tokens(id);
        }
        if let Some(lease) = lease {
            keep(&core, &live.router, lease);
        }
        let mut registration = Registration::new(live.router, Arc::clone(&core));
        if let Some(id) = &id {
            // Before the request: the runtime asks and tells while it still works on it.
            registration.enter(id);
        }
        let (owner, span) = (Arc::clone(&self.0) as Arc<dyn SessionOwner>, timed.span.clone());
        let answered = move |answer: Result<Bytes>| {
            let answer = answer.map_err(|error| explained(purpose, id.as_deref(), error));
            let outcome = answer.and_then(|answer| registration.answered(purpose, id.as_deref(), &answer));
            opened(match outcome {
                Ok(()) => {
                    Ok(Opening { session: Session::new(core, owner), registration, interest, patch, timed })
                }
                Err(error) => {
                    timed.end(error.kind().name());
                    // Before the caller hears of it: a stop that follows must not find the session.
                    drop(registration);
                    Err(error)
                }
            });
        };
        let _inside = span.enter();
        let method = if purpose == Purpose::Create { method::SESSION_CREATE } else { method::SESSION_RESUME };
        live.connection.call_as(live.connection.next_id(), method, &params, Box::new(answered));
        Ok(())
    }
}

/// The runtime's error, with the reason why where its words tell: it has one code for everything.
fn explained(purpose: Purpose, id: Option<&str>, error: Error) -> Error {
    match (id, error.rpc_code()) {
        (Some(id), Some(code))
            if purpose == Purpose::Resume && error.message().contains("Session not found") =>
        {
            reasons::session_not_found(id, error.message()).answered(code, error.data().map(str::to_owned))
        }
        _ => error,
    }
}

/// Somebody who is to be told once, by whoever comes first.
#[derive(Clone)]
struct Told(Arc<Mutex<Option<Opened>>>);

impl Told {
    fn new(opened: Opened) -> Self {
        Self(Arc::new(Mutex::new(Some(opened))))
    }

    fn tell(&self, opening: Result<Opening>) {
        let opened = lock(&self.0).take();
        if let Some(opened) = opened {
            opened(opening);
        }
    }

    fn tell_later(self) -> Opened {
        Box::new(move |opening| self.tell(opening))
    }
}

/// Runtimes from here on call factories workflows, and ignore the other name.
const FIRST_WITH_WORKFLOWS: &str = "1.0.89-7";

fn check_jobs(spec: &SessionSpec, runtime: Option<&str>) -> Result<()> {
    let Some(runtime) = runtime else { return Ok(()) };
    let is_given = |jobs: &Option<Vec<Value>>| jobs.as_ref().is_some_and(|jobs| !jobs.is_empty());
    let has_workflows = !is_before(runtime, FIRST_WITH_WORKFLOWS);
    if is_given(&spec.config.workflows) && !has_workflows {
        return Err(reasons::option_since(
            "workflows",
            FIRST_WITH_WORKFLOWS,
            runtime,
            "declare them as factories",
        ));
    }
    if is_given(&spec.config.factories) && has_workflows {
        return Err(reasons::option_until("factories", "1.0.85", runtime, "declare them as workflows"));
    }
    Ok(())
}

/// An id for a session that its caller has given none; the runtime itself chooses that of a cloud session.
#[must_use]
pub fn new_session_id() -> String {
    Uuid::new_v4().to_string()
}

fn span(purpose: Purpose, session_id: Option<&str>) -> tracing::Span {
    match purpose {
        Purpose::Create => {
            tracing::debug_span!(target: "copilot_core::session", "session.create", session_id)
        }
        Purpose::Resume => {
            tracing::debug_span!(target: "copilot_core::session", "session.resume", session_id)
        }
    }
}

/// Who learns of a session that was asked for, or why there is none. Runs once: on the reader, before the next message is
/// read.
pub(crate) type Opened = Box<dyn FnOnce(Result<Opening>) + Send>;

/// A session that the runtime has made, and what is left to do before it can be used. Dropping it leaves the session.
pub(crate) struct Opening {
    session: Session,
    registration: Registration,
    /// The runtime has to be told that somebody wants to serve tokens for MCP servers.
    interest: bool,
    /// Options that the runtime takes only after creation. Without them the session must not be used.
    patch: Option<Map<String, Value>>,
    timed: Timed,
}

impl Opening {
    /// The session, when nothing is left to do.
    pub(crate) fn at_once(self) -> std::result::Result<Session, Box<Self>> {
        if self.interest || self.patch.is_some() { Err(Box::new(self)) } else { Ok(self.done()) }
    }

    /// Does what is left to do.
    pub(crate) async fn finish(self) -> Result<Session> {
        if let Err(error) = self.follow_up().await {
            self.timed.end(error.kind().name());
            return Err(error);
        }
        Ok(self.done())
    }

    async fn follow_up(&self) -> Result<()> {
        let core = self.session.core();
        let call = async |method, params: &str| {
            core.check_open()?;
            core.connection().call(method, &self.session.addressed(params)?).await
        };
        if self.interest {
            call(method::SESSION_REGISTER_INTEREST, r#"{"eventType":"mcp.oauth_required"}"#).await?;
        }
        if let Some(patch) = &self.patch {
            call(method::SESSION_OPTIONS_UPDATE, &json::to_text(patch)?).await?;
        }
        Ok(())
    }

    fn done(self) -> Session {
        self.timed.end("ok");
        self.registration.keep();
        self.session
    }
}

fn check_providers(spec: &SessionSpec) -> Result<()> {
    if spec.handlers.github_token.is_some() && spec.config.github_token.is_some() {
        return Err(reasons::option_excludes("gitHubToken", "gitHubTokenProvider"));
    }
    if spec.handlers.skill_provider.is_some() && spec.config.cloud.is_some() {
        return Err(reasons::cloud_skill_provider());
    }
    Ok(())
}

/// A place in the routing. Dropping it gives the place up, and puts back the session whose place it was.
struct Registration {
    router: Arc<Router>,
    core: Arc<SessionCore>,
    before: Option<Arc<dyn SessionInbox>>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Asked,
    /// The runtime has the session.
    Made,
    Kept,
}

impl Registration {
    fn new(router: Arc<Router>, core: Arc<SessionCore>) -> Self {
        Self { router, core, before: None, stage: Stage::Asked }
    }

    /// From now on the runtime reaches the session under this id.
    fn enter(&mut self, id: &str) {
        self.core.set_id(id);
        self.before = self.router.insert(Arc::clone(&self.core) as _);
    }

    /// Checks the runtime's answer and stores what it tells. Runs on the reader: a session whose id the runtime chose is
    /// registered before the next message is read.
    fn answered(&mut self, purpose: Purpose, wanted: Option<&str>, answer: &[u8]) -> Result<()> {
        let made: Made = json::parse_answer(&format!("session.{}", purpose.name()), answer)?;
        self.stage = Stage::Made;
        if purpose == Purpose::Create {
            match (wanted, made.session_id.as_deref()) {
                (_, None | Some("")) => {
                    self.stage = Stage::Asked;
                    return Err(reasons::answer_no_session_id(method::SESSION_CREATE));
                }
                (Some(wanted), Some(got)) if wanted != got => {
                    return Err(reasons::answer_other_session_id(method::SESSION_CREATE, got, wanted));
                }
                (Some(_), Some(_)) => {}
                (None, Some(id)) => self.enter(id),
            }
        }
        made.store(&self.core, purpose);
        self.core.answered();
        Ok(())
    }

    /// The session is whole: an older object of it ends.
    fn keep(mut self) {
        self.stage = Stage::Kept;
        if let Some(before) = self.before.take() {
            before.close(&reasons::session_superseded(&self.core.id()));
        }
    }
}

impl Made {
    fn store(self, core: &SessionCore, purpose: Purpose) {
        let mut state = core.state();
        state.workspace_path = self.workspace_path;
        state.granted_environment_variables = self.granted_environment_variables;
        state.transcript_recovery = self.transcript_recovery;
        // An event may have told already; the answer is older then, but complete.
        for (name, value) in self.capabilities.unwrap_or_default() {
            state.capabilities.entry(name).or_insert(value);
        }
        if purpose == Purpose::Resume
            && let Some(canvases) = self.open_canvases
        {
            state.open_canvases = canvases;
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if self.stage == Stage::Kept {
            return;
        }
        let (router, core) = (Arc::clone(&self.router), Arc::clone(&self.core));
        let end = move || {
            router.remove(&*core);
            core.close(&Error::new(ErrorKind::SessionClosed, "the session was not made"));
        };
        if let Some(before) = self.before.take() {
            end();
            self.router.insert(before);
            return;
        }
        match tokio::runtime::Handle::try_current() {
            // Nobody holds the session. Until the runtime has ended it, it may still want its files.
            Ok(engine) if self.stage == Stage::Made && self.core.is_open() => {
                let core = Arc::clone(&self.core);
                engine.spawn(async move {
                    if let Err(error) = leave(core.connection(), &core.id()).await {
                        tracing::debug!(%error, "a session that nobody wants could not be left");
                    }
                    end();
                });
            }
            _ => end(),
        }
    }
}
