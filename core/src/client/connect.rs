//! Starting, as named steps: launch, connect, handshake, setup.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::ahp_requests::Hosts;
use super::{Client, ClientInner, ConnectionState, Link, Live, StartInfo, lock};
use crate::diagnostics::Phase;
use crate::dispatch;
use crate::dispatch::client_wide::ClientWide;
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::framing::{DEFAULT_MAX_FRAME, LARGEST_MAX_FRAME};
use crate::protocol::version::is_before;
use crate::protocol::{json, method};
use crate::router::{ClientObserver, ClientRequests, Router};
use crate::rpc::{Connection, METHOD_NOT_FOUND};
use crate::runtime::options::RuntimeConnection;
use crate::runtime::{ClientOptions, LaunchPlan, Launched, diagnose, launch};

/// The protocol versions this engine speaks.
const OLDEST_PROTOCOL: u32 = 3;
const NEWEST_PROTOCOL: u32 = 3;
/// The runtimes that speak them. 1.0.113 began with protocol 4.
const RUNTIMES: &str = "1.0.67 to 1.0.112";
/// Runtimes newer than this are left by `session.detach`. Older ones that know it do the same as for `session.destroy`.
const LAST_WITH_DESTROY: &str = "1.0.85";
/// How long the first answer may take, unless the caller sets `startTimeoutMs`.
const HANDSHAKE_TIME: Duration = Duration::from_secs(30);

impl Client {
    /// Starts or joins the runtime and agrees on the protocol. Does nothing when connected. After an error nothing is left
    /// running, and it can be called again.
    ///
    /// # Errors
    /// `RuntimeNotFound`, `SpawnFailed`, `ConnectFailed`, `StartTimeout`, `ProtocolMismatch` or `ProcessExited`, with what the
    /// runtime wrote to its error output; `Rpc` when it refuses what must be registered.
    pub async fn start(&self) -> Result<StartInfo> {
        let span = tracing::info_span!(target: "copilot_core::client", "client.start");
        self.start_once().instrument(span).await
    }

    async fn start_once(&self) -> Result<StartInfo> {
        let inner = &self.0;
        // Taken before the turn comes: a stop by force is also for those who wait behind the start that it ends.
        let (abandoned, awaited) = inner.link().awaited();
        let _transition = inner.transition.lock().await;
        if abandoned.is_cancelled() {
            return Err(stopped_by_force());
        }
        if let Some(done) = inner.link().begin(awaited) {
            return done;
        }
        inner.watch.counts.starts.one();
        inner.watch.start.begin();
        let settled = Settle(inner);
        let outcome = tokio::select! {
            biased;
            () = abandoned.cancelled() => Err(stopped_by_force()),
            outcome = inner.connect() => outcome,
        };
        inner.watch.start.end(outcome.as_ref().map(|_| ()));
        let mut live = outcome.inspect_err(|error| inner.link().fail(error))?;
        std::mem::forget(settled);
        let timings = inner.watch.start.read().map(|record| record.timings).unwrap_or_default();
        let info = StartInfo { timings, ..(*live.info).clone() };
        live.info = Arc::new(info.clone());
        let mut link = inner.link();
        // A connection lost a moment ago could not take itself out of the link, nor could a stop by force.
        let too_late =
            live.connection.end_reason().or_else(|| abandoned.is_cancelled().then(stopped_by_force));
        if let Some(error) = too_late {
            link.state = ConnectionState::Error;
            drop(link);
            drop(Attempt { live: Some(live) });
            return Err(error);
        }
        link.state = ConnectionState::Connected;
        link.live = Some(live);
        Ok(info)
    }
}

impl Link {
    /// What a stop by force cancels, and the start under way that a start from now on waits for.
    fn awaited(&self) -> (CancellationToken, Option<u64>) {
        (self.abandon.clone(), (self.state == ConnectionState::Connecting).then_some(self.starts))
    }

    /// Begins a start, unless the client is connected or the start that was waited for has failed.
    fn begin(&mut self, awaited: Option<u64>) -> Option<Result<StartInfo>> {
        if let Some(live) = &self.live {
            return Some(Ok((*live.info).clone()));
        }
        if let Some((start, error)) = &self.failed
            && awaited == Some(*start)
        {
            return Some(Err(error.clone()));
        }
        self.state = ConnectionState::Connecting;
        self.starts += 1;
        None
    }

    fn fail(&mut self, error: &Error) {
        self.failed = Some((self.starts, error.clone()));
    }
}

fn stopped_by_force() -> Error {
    Error::new(ErrorKind::Cancelled, "the client was stopped by force while it was starting")
}

/// A failed or abandoned start leaves the state `error`.
struct Settle<'a>(&'a ClientInner);

impl Drop for Settle<'_> {
    fn drop(&mut self) {
        let given_up = Error::new(ErrorKind::Cancelled, "the start was given up");
        self.0.watch.start.end(Err(&given_up));
        self.0.link().state = ConnectionState::Error;
    }
}

/// A connection under construction: ended when dropped.
struct Attempt {
    live: Option<Live>,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(live) = self.live.take() {
            // What the runtime has asked meanwhile is not wanted any more.
            live.router.shut(&reasons::session_stopped(": it could not be started"));
            live.connection.close();
            if let Some(child) = live.child {
                child.kill();
            }
            if let Some(hosted) = live.hosted {
                hosted.dispose();
            }
        }
    }
}

impl ClientInner {
    /// The options, with the environment that was set last.
    fn options_now(&self) -> Cow<'_, ClientOptions> {
        let Some(env) = lock(&self.env).clone() else { return Cow::Borrowed(&self.options) };
        let mut options = self.options.clone();
        match &mut options.connection {
            Some(
                RuntimeConnection::Stdio { env: own @ Some(_), .. }
                | RuntimeConnection::Tcp { env: own @ Some(_), .. },
            ) => *own = Some(env),
            _ => options.env = Some(env),
        }
        Cow::Owned(options)
    }

    async fn connect(&self) -> Result<Live> {
        let options = self.options_now();
        let plan = LaunchPlan {
            options: &options,
            program: self.program.as_deref(),
            token: self.token.as_ref(),
            ui_thread: self.callbacks.ui_thread.is_some(),
            watch: &self.watch,
        };
        let launched = launch(plan).await?;
        self.watch.start.enter(Phase::Handshake);
        let mut attempt = Attempt { live: Some(self.wire_up(launched)) };
        let Some(live) = attempt.live.as_mut() else { return Err(internal()) };
        let connection = live.connection.clone();
        let limit = self.options.start_timeout_ms.map_or(HANDSHAKE_TIME, Duration::from_millis);
        let outcome = tokio::time::timeout(limit, self.shake_hands(&connection))
            .await
            .unwrap_or_else(|_| Err(reasons::timeout_start(limit.as_secs_f64())));
        let (protocol_version, version) = match outcome {
            Ok(agreed) => agreed,
            Err(error) => {
                if let Some(child) = live.child.clone() {
                    child.kill();
                    child.exited().await;
                }
                return Err(error);
            }
        };
        self.watch.start.enter(Phase::Setup);
        self.set_up(&connection).await?;
        live.info = Arc::new(StartInfo { version, protocol_version, ..StartInfo::default() });
        attempt.live.take().ok_or_else(internal)
    }

    /// Starts reading and writing; the connection is watched from the first byte.
    fn wire_up(&self, launched: Launched) -> Live {
        let Launched { reader, writer, child, hosted, port } = launched;
        let loss_watch =
            Arc::new(LossWatch { link: Arc::downgrade(&self.link), observer: Arc::clone(&self.observer) });
        let hosts = Arc::new(Hosts::default());
        let client_wide = ClientWide::new(self.callbacks.clone(), hosted.clone(), Arc::clone(&hosts) as _);
        let requests = Arc::new(client_wide) as Arc<dyn ClientRequests>;
        let router =
            Router::new(loss_watch, Some(requests), dispatch::is_session_request, Arc::clone(&self.watch));
        let limit = self.options.max_frame_bytes.unwrap_or(DEFAULT_MAX_FRAME).min(LARGEST_MAX_FRAME);
        let witness = child.clone();
        let diagnosis = Box::new(move |loss| Box::pin(diagnose(witness, loss)) as _);
        let connection = Connection::start(
            reader,
            writer,
            Arc::clone(&router) as _,
            limit,
            diagnosis,
            Arc::clone(&self.watch),
        );
        if let Some(child) = child.clone() {
            tokio::spawn(watch_exit(child, connection.clone(), Arc::clone(&router)));
        }
        Live { connection, router, child, hosted, hosts, port, info: Arc::default() }
    }

    async fn shake_hands(&self, connection: &Connection) -> Result<(u32, Option<String>)> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Hello {
            protocol_version: Option<u32>,
            version: Option<String>,
        }
        let mut params = serde_json::Map::new();
        if let Some(token) = &self.token {
            params.insert("token".to_owned(), token.0.clone().into());
        }
        let info: serde_json::Map<_, _> = (self.options.client_info.iter().flatten())
            .filter(|(_, text)| text.as_str().is_some_and(|text| !text.is_empty()))
            .map(|(name, text)| (info_on_the_wire(name).to_owned(), text.clone()))
            .collect();
        if !info.is_empty() {
            params.insert("clientInfo".to_owned(), info.into());
        }
        if let Some(entra) = &self.options.entra {
            params.insert("entra".to_owned(), entra.clone().into());
        }
        if self.options.handlers.github_telemetry {
            params.insert("enableGitHubTelemetryForwarding".to_owned(), true.into());
        }
        let answer = match connection.call(method::CONNECT, &json::to_text(&params)?).await {
            Err(error) if is_unhandled_connect(&error) && self.options.entra.is_some() => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "entra: this runtime is too old to log in through Entra; use a newer one, or a token",
                ));
            }
            Err(error) if is_unhandled_connect(&error) => {
                connection.call(method::PING, r#"{"message":null}"#).await?
            }
            other => other?,
        };
        let hello: Hello =
            json::parse(&answer).map_err(|error| reasons::protocol_unreadable(&error.to_string()))?;
        check_version(hello.protocol_version, hello.version.as_deref())?;
        hello.version.iter().for_each(|version| connection.know_runtime(version));
        if hello.version.as_deref().is_some_and(|version| is_before(LAST_WITH_DESTROY, version)) {
            connection.know_detach();
        }
        Ok((hello.protocol_version.unwrap_or_default(), hello.version))
    }

    /// What must be registered before the first session.
    async fn set_up(&self, connection: &Connection) -> Result<()> {
        let options = &self.options;
        if self.callbacks.extension_launch.is_some() {
            connection.call(method::EXTENSION_LAUNCH_REGISTER, "{}").await?;
        }
        if !options.builtin_plugin_directories.is_empty() {
            let params = json!({"paths": options.builtin_plugin_directories}).to_string();
            connection.call(method::PLUGINS_BUILTIN_SET, &params).await?;
        }
        if let Some(files) = &options.session_fs {
            connection.call(method::SESSION_FS_SET_PROVIDER, &json::to_text(&files.declared())?).await?;
        }
        if self.callbacks.llm.is_some() {
            connection.call(method::LLM_SET_PROVIDER, "{}").await?;
        }
        Ok(())
    }
}

fn internal() -> Error {
    Error::new(ErrorKind::Internal, "a start lost its connection object")
}

fn is_unhandled_connect(error: &Error) -> bool {
    error.kind() == ErrorKind::Rpc
        && (error.rpc_code() == Some(METHOD_NOT_FOUND) || error.message() == "Unhandled method connect")
}

/// Programs speak of applications and integrations, the wire of editors and extensions. Names of the wire stay.
fn info_on_the_wire(name: &str) -> &str {
    match name {
        "applicationName" => "editorName",
        "applicationVersion" => "editorVersion",
        "integrationName" => "extensionName",
        "integrationVersion" => "extensionVersion",
        other => other,
    }
}

fn check_version(reported: Option<u32>, runtime: Option<&str>) -> Result<()> {
    let mismatch = |what: String| {
        let runtime = runtime.map(|version| format!(" (runtime {version})")).unwrap_or_default();
        Err(reasons::protocol_version(
            &format!("{OLDEST_PROTOCOL}-{NEWEST_PROTOCOL}"),
            &what,
            &runtime,
            RUNTIMES,
        ))
    };
    match reported {
        None => mismatch("does not report a protocol version".to_owned()),
        Some(version) if !(OLDEST_PROTOCOL..=NEWEST_PROTOCOL).contains(&version) => {
            mismatch(format!("reports version {version}"))
        }
        Some(_) => Ok(()),
    }
}

/// A child's end is noticed even when something keeps its pipes open.
async fn watch_exit(child: crate::runtime::ChildProcess, connection: Connection, router: Arc<Router>) {
    tokio::select! {
        () = connection.ended() => return,
        () = child.exited() => {}
    }
    // The last bytes may still be in the pipe.
    connection.hurry();
    let grace = std::time::Duration::from_millis(500);
    if tokio::time::timeout(grace, connection.ended()).await.is_err() {
        let error = child.exit_error().await;
        if connection.end(error.clone()) {
            connection.watch().counts.losses.one();
            crate::rpc::Inbound::lost(&*router, &error);
        }
    }
}

/// Marks the client as disconnected before anybody is told, and ends what is left of the runtime.
struct LossWatch {
    link: std::sync::Weak<std::sync::Mutex<super::Link>>,
    observer: Arc<dyn ClientObserver>,
}

impl ClientObserver for LossWatch {
    fn lifecycle(&self, params: &bytes::Bytes) {
        self.observer.lifecycle(params);
    }

    fn notification(&self, method: &str, params: &bytes::Bytes) {
        self.observer.notification(method, params);
    }

    fn batch_end(&self) {
        self.observer.batch_end();
    }

    fn backlog(&self) -> usize {
        self.observer.backlog()
    }

    fn lost(&self, error: &Error) {
        if let Some(link) = self.link.upgrade() {
            let mut link = lock(&link);
            let live = link.live.take();
            if let Some(child) = live.as_ref().and_then(|live| live.child.as_ref()) {
                child.kill();
            }
            if let Some(hosted) = live.as_ref().and_then(|live| live.hosted.as_ref()) {
                hosted.dispose();
            }
            if link.state == ConnectionState::Connected {
                link.state = ConnectionState::Disconnected;
            }
        }
        self.observer.lost(error);
    }
}
