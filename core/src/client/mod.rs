//! The client: assembles runtime, connection, router and sessions.

mod ahp_handler;
mod ahp_host;
mod ahp_requests;
mod connect;
mod files;
mod lifecycle;
mod models;
mod questions;
mod sessions;
mod stop;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use ahp_handler::AhpHostHandler;
pub use ahp_host::{AhpAuthentication, AhpHost, AhpHostOptions};
use files::ClientFiles;
pub(crate) use lifecycle::Lifecycle;
pub use lifecycle::{LifecycleEvent, LifecycleMetadata, LifecycleStream};
pub use models::ModelInfo;
pub(crate) use questions::Polite;
pub use questions::{AuthStatus, Pong, RuntimeStatus, SessionContext, SessionListFilter, SessionMetadata};
pub(crate) use sessions::Opening;
pub use sessions::{SessionSpec, new_session_id};
pub use stop::StopReport;

use crate::diagnostics::{Diagnostics, StartTimings, Watch};
use crate::error::{Error, Result, reasons};
use crate::handlers::ClientCallbacks;
use crate::protocol::common::Secret;
use crate::router::{ClientObserver, Router};
use crate::rpc::Connection;
use crate::runtime::ClientOptions;
use crate::runtime::options::RuntimeConnection;
use crate::runtime::{self, ChildProcess, Hosted};
use crate::session::{SessionCore, SessionOwner};

/// A connection to one runtime. Clones name the same client; dropping the last one, and the last of its sessions, ends
/// a runtime that it started.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<ClientInner>);

/// State of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not started, stopped, or the connection was lost.
    #[default]
    Disconnected,
    /// A start is under way.
    Connecting,
    /// Started: calls reach the runtime.
    Connected,
    /// The last start failed.
    Error,
}

impl ConnectionState {
    /// Lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Error => "error",
        }
    }
}

pub(crate) struct ClientInner {
    options: ClientOptions,
    /// The environment for the next start, when it is no longer that of the options.
    env: Mutex<Option<BTreeMap<String, String>>>,
    program: Option<String>,
    token: Option<Secret>,
    uri_port: Option<u16>,
    observer: Arc<dyn ClientObserver>,
    lifecycle: Arc<Lifecycle>,
    /// Held while starting or stopping.
    transition: tokio::sync::Mutex<()>,
    link: Arc<Mutex<Link>>,
    models: models::Models,
    callbacks: ClientCallbacks,
    /// Serves the files of sessions without a handler of their own.
    files: ClientFiles,
    watch: Arc<Watch>,
}

/// What changes with each start.
#[derive(Default)]
pub(crate) struct Link {
    state: ConnectionState,
    live: Option<Live>,
    /// Cancelled by a forced stop: ends a start or a stop under way. Renewed afterwards.
    abandon: CancellationToken,
    /// How many starts were begun, and how the last one failed: those who waited for it get the same error.
    starts: u64,
    failed: Option<(u64, Error)>,
}

/// A started connection.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) connection: Connection,
    pub(crate) router: Arc<Router>,
    pub(crate) child: Option<ChildProcess>,
    pub(crate) hosted: Option<Hosted>,
    hosts: Arc<ahp_requests::Hosts>,
    pub(crate) port: Option<u16>,
    pub(crate) info: Arc<StartInfo>,
}

/// What the runtime said when it was started, and how long each phase took.
#[derive(Clone, Debug, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartInfo {
    /// Version of the runtime; none when it is too old to tell.
    pub version: Option<String>,
    /// Version of the protocol spoken.
    pub protocol_version: u32,
    /// Milliseconds per phase.
    pub timings: StartTimings,
}

impl Client {
    /// Checks the options and finds the runtime's program. Starts nothing.
    ///
    /// # Errors
    /// `InvalidArgument` for options that contradict each other, `RuntimeNotFound` when no program is named and
    /// `COPILOT_CLI_PATH` names none.
    pub fn new(options: ClientOptions) -> Result<Self> {
        Self::with_callbacks(options, ClientCallbacks::default())
    }

    /// Like [`new`](Self::new), with callbacks that concern the client as a whole.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_callbacks(options: ClientOptions, callbacks: ClientCallbacks) -> Result<Self> {
        let lifecycle = Arc::new(Lifecycle::default());
        let observer = Arc::clone(&lifecycle) as Arc<dyn ClientObserver>;
        Self::with_observer(options, lifecycle, observer, callbacks)
    }

    pub(crate) fn with_observer(
        mut options: ClientOptions,
        lifecycle: Arc<Lifecycle>,
        observer: Arc<dyn ClientObserver>,
        callbacks: ClientCallbacks,
    ) -> Result<Self> {
        if options.connection.is_none() {
            options.connection = Some(default_connection()?);
        }
        options.validate()?;
        let (mut token, mut uri_port) = (None, None);
        match options.connection.as_ref() {
            Some(RuntimeConnection::Uri { url, connection_token }) => {
                uri_port = Some(runtime::parse_uri(url)?.1);
                token = connection_token.clone();
            }
            Some(RuntimeConnection::Tcp { connection_token, .. }) => {
                let random = || Secret(Uuid::new_v4().to_string());
                token = Some(connection_token.clone().unwrap_or_else(random));
            }
            _ => {}
        }
        let program = runtime::resolve(&options)?;
        let files = ClientFiles::new(options.session_fs.as_ref())?;
        let watch = Arc::new(Watch::default());
        for secret in options.github_token.iter().chain(&token) {
            watch.secrets.learn(&secret.0);
        }
        watch.secrets.learn_environment(options.child_env().into_iter().flatten());
        if let Some(endpoint) =
            options.telemetry.as_ref().and_then(|telemetry| telemetry.otlp_endpoint.as_ref())
        {
            watch.secrets.learn_address(endpoint);
        }
        Ok(Self(Arc::new(ClientInner {
            options,
            env: Mutex::default(),
            program,
            token,
            uri_port,
            observer,
            lifecycle,
            transition: tokio::sync::Mutex::default(),
            link: Arc::default(),
            models: models::Models::default(),
            callbacks,
            files,
            watch,
        })))
    }

    /// Replaces the environment of the child from the next start on, for programs that learn late what belongs there. Has no
    /// effect on a runtime that somebody else started.
    pub fn set_env(&self, env: BTreeMap<String, String>) {
        self.0.watch.secrets.learn_environment(env.iter());
        *lock(&self.0.env) = Some(env);
    }

    /// Where the client is in its life.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.0.link().state
    }

    /// The port of a runtime on TCP: announced by a child, or taken from the uri.
    #[must_use]
    pub fn runtime_port(&self) -> Option<u16> {
        self.0.uri_port.or_else(|| self.0.link().live.as_ref().and_then(|live| live.port))
    }

    /// The process id of the runtime, when this client started it.
    #[must_use]
    pub fn runtime_pid(&self) -> Option<u32> {
        self.0.link().live.as_ref().and_then(|live| live.child.as_ref().map(ChildProcess::pid))
    }

    /// What the runtime said at the start; none when not connected.
    #[must_use]
    pub fn start_info(&self) -> Option<StartInfo> {
        self.0.link().live.as_ref().map(|live| (*live.info).clone())
    }

    /// Where the client stands, how its last start went, and what went over the wire since it was made. Holds no secrets
    /// and no content.
    #[must_use]
    pub fn diagnostics(&self) -> Diagnostics {
        let watch = &self.0.watch;
        let (state, live) = {
            let link = self.0.link();
            (link.state, link.live.clone())
        };
        let info = live.as_ref().map(|live| Arc::clone(&live.info));
        Diagnostics {
            state: state.name(),
            runtime_version: info.as_ref().and_then(|info| info.version.clone()),
            protocol_version: info.map(|info| info.protocol_version),
            runtime_pid: self.runtime_pid(),
            runtime_port: self.runtime_port(),
            start: watch.start.read(),
            open_sessions: live.as_ref().map_or(0, |live| live.router.len()),
            pending_calls: live.as_ref().map_or(0, |live| live.connection.pending_calls()),
            counters: watch.counts.read(),
        }
    }

    pub(crate) fn unreadable(&self, method: &str) {
        self.0.watch.unreadable(method);
    }

    pub(crate) fn count_late_reply(&self) {
        self.0.watch.counts.late_replies.one();
    }

    /// The options, as completed by [`new`](Self::new).
    #[must_use]
    pub fn options(&self) -> &ClientOptions {
        &self.0.options
    }

    /// Calls any method of the runtime; `params` is JSON text of an object. No time limit: wrap it in one if needed.
    ///
    /// # Errors
    /// `InvalidState` when the client is not connected, `ProcessExited` when the connection ends first, `Rpc` when the runtime
    /// refuses.
    pub async fn call(&self, method: &str, params: &str) -> Result<Bytes> {
        let connection = self.0.live()?.connection;
        connection.call(method, if params.trim().is_empty() { "{}" } else { params }).await
    }

    /// Sends a notification to the runtime.
    ///
    /// # Errors
    /// `InvalidState` when the client is not connected.
    pub fn notify(&self, method: &str, params: &str) -> Result<()> {
        self.0.live()?.connection.notify(method, if params.trim().is_empty() { "{}" } else { params })
    }

    /// Sessions created, deleted, updated or moved between foreground and background, from now on. Can be called before a
    /// start; goes on over restarts.
    #[must_use]
    pub fn lifecycle_events(&self) -> LifecycleStream {
        self.0.lifecycle.subscribe(None)
    }

    /// The same for one type of event, for example `session.deleted`.
    #[must_use]
    pub fn lifecycle_events_of(&self, event_type: &str) -> LifecycleStream {
        self.0.lifecycle.subscribe(Some(event_type))
    }
}

impl ClientInner {
    fn link(&self) -> MutexGuard<'_, Link> {
        lock(&self.link)
    }

    /// The present connection.
    pub(crate) fn live(&self) -> Result<Live> {
        self.link().live.clone().ok_or_else(reasons::client_not_connected)
    }
}

impl SessionOwner for ClientInner {
    fn forget(&self, core: &SessionCore) {
        if let Some(live) = &self.link().live {
            live.router.remove(core);
        }
    }

    fn stderr_tail(&self) -> Option<String> {
        self.link().live.as_ref().and_then(|live| live.child.as_ref().map(ChildProcess::stderr_tail))
    }
}

impl Drop for ClientInner {
    fn drop(&mut self) {
        if let Some(live) = self.link().live.take() {
            live.connection.close();
        }
    }
}

pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The kind of connection used when none is given.
fn default_connection() -> Result<RuntimeConnection> {
    const VARIABLE: &str = "COPILOT_SDK_DEFAULT_CONNECTION";
    let wanted = std::env::var(VARIABLE).unwrap_or_default();
    match wanted.trim().to_ascii_lowercase().as_str() {
        "" | "stdio" => Ok(RuntimeConnection::Stdio { path: None, args: Vec::new(), env: None }),
        "inprocess" => Ok(RuntimeConnection::Inprocess { path: None }),
        _ => Err(reasons::option_value(VARIABLE, &wanted, "stdio, inprocess")),
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("state", &self.state()).finish_non_exhaustive()
    }
}
