//! From options to byte streams.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::process::Command;

use super::child::ChildProcess;
use super::client_options::ClientOptions;
use super::inprocess::{self, HostPlan, Hosted};
use super::options::{RuntimeConnection, TelemetryConfig};
use super::{locate, tcp, uri};
use crate::diagnostics::{Phase, Watch};
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::protocol::common::{Mode, Secret};
use crate::protocol::json;

const DEFAULT_START_TIMEOUT: Duration = Duration::from_secs(10);
const TOKEN_VARIABLE: &str = "COPILOT_SDK_AUTH_TOKEN";

/// A runtime that can be spoken to.
pub(crate) struct Launched {
    pub(crate) reader: Box<dyn AsyncRead + Send + Unpin>,
    pub(crate) writer: Box<dyn AsyncWrite + Send + Unpin>,
    /// The child that serves it; none for a runtime somebody else owns.
    pub(crate) child: Option<ChildProcess>,
    /// The server inside this process.
    pub(crate) hosted: Option<Hosted>,
    pub(crate) port: Option<u16>,
}

/// What the client decided once, when it was made.
pub(crate) struct LaunchPlan<'a> {
    pub(crate) options: &'a ClientOptions,
    pub(crate) program: Option<&'a str>,
    pub(crate) token: Option<&'a Secret>,
    /// Whether the application runs actions on its main thread.
    pub(crate) ui_thread: bool,
    pub(crate) watch: &'a Arc<Watch>,
}

/// Starts or joins the runtime. A child that does not get ready is killed before the error is returned.
pub(crate) async fn launch(plan: LaunchPlan<'_>) -> Result<Launched> {
    let limit = plan.options.start_timeout_ms.map_or(DEFAULT_START_TIMEOUT, Duration::from_millis);
    match plan.options.connection.as_ref() {
        None | Some(RuntimeConnection::Stdio { .. }) => launch_stdio(&plan),
        Some(RuntimeConnection::Tcp { port, .. }) => launch_tcp(&plan, *port, limit).await,
        Some(RuntimeConnection::Uri { url, .. }) => {
            let (host, port) = uri::parse_uri(url)?;
            plan.watch.start.enter(Phase::Connect);
            let stream = tcp::connect(&host, port, limit).await?;
            let (reader, writer) = stream.into_split();
            Ok(Launched {
                reader: Box::new(reader),
                writer: Box::new(writer),
                child: None,
                hosted: None,
                port: Some(port),
            })
        }
        Some(RuntimeConnection::ParentProcess {}) => Ok(Launched {
            reader: Box::new(tokio::io::stdin()),
            writer: Box::new(tokio::io::stdout()),
            child: None,
            hosted: None,
            port: None,
        }),
        Some(RuntimeConnection::Inprocess { .. }) => launch_inprocess(&plan).await,
    }
}

/// Loading and starting may block, so they happen on a thread made for that. Given up, the server ends by itself.
async fn launch_inprocess(plan: &LaunchPlan<'_>) -> Result<Launched> {
    plan.watch.start.enter(Phase::Locate);
    let host_plan = host_plan(plan)?;
    plan.watch.start.enter(Phase::Spawn);
    let started = tokio::task::spawn_blocking(move || inprocess::host(&host_plan)).await;
    let failed =
        |error| Error::new(ErrorKind::SpawnFailed, format!("the in-process runtime did not start: {error}"));
    let (hosted, reader, writer) = started.map_err(failed)??;
    Ok(Launched {
        reader: Box::new(reader),
        writer: Box::new(writer),
        child: None,
        hosted: Some(hosted),
        port: None,
    })
}

fn host_plan(plan: &LaunchPlan<'_>) -> Result<HostPlan> {
    let options = plan.options;
    let named = plan.program.unwrap_or_default();
    let (library, entrypoint) = locate::find_library(named)?;
    let mut arguments = Vec::new();
    if let Some(entrypoint) = entrypoint {
        if entrypoint.to_ascii_lowercase().ends_with(".js") {
            arguments.push("node".to_owned());
        }
        arguments.extend([entrypoint, "--embedded-host".to_owned(), "--no-auto-update".to_owned()]);
    }
    arguments.extend(level_arguments(options));
    arguments.extend(account_arguments(options));
    let environment = environment(options);
    let environment = if environment.is_empty() { String::new() } else { json::to_text(&environment)? };
    Ok(HostPlan { library, arguments, environment, ui_thread: plan.ui_thread })
}

fn launch_stdio(plan: &LaunchPlan<'_>) -> Result<Launched> {
    plan.watch.start.enter(Phase::Locate);
    let (mut command, shown) = command(plan)?;
    plan.watch.start.enter(Phase::Spawn);
    command.arg("--stdio").stdin(Stdio::piped());
    let (child, pipes) = ChildProcess::spawn(command, &shown, plan.watch)?;
    let stdin = pipes.stdin.ok_or_else(|| Error::new(ErrorKind::Internal, "the child has no stdin"))?;
    Ok(Launched {
        reader: Box::new(pipes.stdout),
        writer: Box::new(stdin),
        child: Some(child),
        hosted: None,
        port: None,
    })
}

async fn launch_tcp(plan: &LaunchPlan<'_>, wanted: u16, limit: Duration) -> Result<Launched> {
    plan.watch.start.enter(Phase::Locate);
    let (mut command, shown) = command(plan)?;
    plan.watch.start.enter(Phase::Spawn);
    if wanted > 0 {
        command.args(["--port", &wanted.to_string()]);
    }
    if let Some(token) = plan.token {
        command.env("COPILOT_CONNECTION_TOKEN", &token.0);
    }
    command.stdin(Stdio::null());
    let (child, pipes) = ChildProcess::spawn(command, &shown, plan.watch)?;
    plan.watch.start.enter(Phase::Connect);
    let port = tcp::announced_port(&child, pipes.stdout, limit, plan.watch).await?;
    let (reader, writer) = tcp::connect("127.0.0.1", port, limit).await?.into_split();
    Ok(Launched {
        reader: Box::new(reader),
        writer: Box::new(writer),
        child: Some(child),
        hosted: None,
        port: Some(port),
    })
}

fn command(plan: &LaunchPlan<'_>) -> Result<(Command, String)> {
    let options = plan.options;
    let named = plan.program.unwrap_or_default();
    let program = locate::find_program(named)?;
    let mut command = if named.ends_with(".js") {
        let mut node = Command::new("node");
        node.arg(&program);
        node
    } else {
        Command::new(&program)
    };
    if let Some(folder) = options.working_directory.as_ref().filter(|folder| !folder.is_empty()) {
        if !Path::new(folder).is_dir() {
            let os = std::fs::read_dir(folder).err().and_then(|error| error.raw_os_error());
            return Err(reasons::runtime_working_directory(folder, &os.into()));
        }
        command.current_dir(folder);
    }
    command.args(arguments(options));
    if let Some(env) = options.child_env() {
        command.env_clear().envs(env);
    }
    command.envs(environment(options));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok((command, program.to_string_lossy().into_owned()))
}

fn arguments(options: &ClientOptions) -> Vec<String> {
    let mut args = match options.connection.as_ref() {
        Some(RuntimeConnection::Stdio { args, .. } | RuntimeConnection::Tcp { args, .. }) => args.clone(),
        _ => Vec::new(),
    };
    args.extend(["--headless".to_owned(), "--no-auto-update".to_owned()]);
    args.extend(level_arguments(options));
    args.extend(account_arguments(options));
    args
}

/// Without a level the runtime chooses.
fn level_arguments(options: &ClientOptions) -> Vec<String> {
    options.log_level.iter().flat_map(|level| ["--log-level".to_owned(), level.clone()]).collect()
}

/// What every runtime that this client starts is told.
fn account_arguments(options: &ClientOptions) -> Vec<String> {
    let mut args = Vec::new();
    let mut add = |words: &[&str]| args.extend(words.iter().map(|&word| word.to_owned()));
    if has_token(options) {
        add(&["--auth-token-env", TOKEN_VARIABLE]);
    }
    if !options.use_logged_in_user.unwrap_or(!has_token(options)) {
        add(&["--no-auto-login"]);
    }
    if let Some(seconds) = options.session_idle_timeout_seconds.filter(|seconds| *seconds > 0) {
        add(&["--session-idle-timeout", &seconds.to_string()]);
    }
    if options.enable_remote_sessions {
        add(&["--remote"]);
    }
    args
}

fn has_token(options: &ClientOptions) -> bool {
    options.github_token.as_ref().is_some_and(|token| !token.0.is_empty())
}

/// What is laid over the child's environment.
fn environment(options: &ClientOptions) -> BTreeMap<&'static str, String> {
    let mut env = BTreeMap::new();
    if let Some(token) = options.github_token.as_ref().filter(|token| !token.0.is_empty()) {
        env.insert(TOKEN_VARIABLE, token.0.clone());
    }
    if options.mode == Mode::Empty {
        env.insert("COPILOT_DISABLE_KEYTAR", "1".to_owned());
    }
    if let Some(folder) = options.base_directory.as_ref().filter(|folder| !folder.is_empty()) {
        env.insert("COPILOT_HOME", folder.clone());
    }
    if let Some(telemetry) = &options.telemetry {
        env.extend(telemetry_environment(telemetry));
    }
    env
}

fn telemetry_environment(telemetry: &TelemetryConfig) -> impl Iterator<Item = (&'static str, String)> {
    [
        ("COPILOT_OTEL_ENABLED", Some("true".to_owned())),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", telemetry.otlp_endpoint.clone()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", telemetry.otlp_protocol.clone()),
        ("COPILOT_OTEL_FILE_EXPORTER_PATH", telemetry.file_path.clone()),
        ("COPILOT_OTEL_EXPORTER_TYPE", telemetry.exporter_type.clone()),
        ("COPILOT_OTEL_SOURCE_NAME", telemetry.source_name.clone()),
        (
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
            telemetry.capture_content.map(|capture| capture.to_string()),
        ),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| (name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> ClientOptions {
        ClientOptions::from_json(text).unwrap()
    }

    #[test]
    fn argument_order() {
        let options = options(
            r#"{"connection":{"kind":"stdio","args":["x.js","-v"]},"gitHubToken":"t","logLevel":"debug",
                "sessionIdleTimeoutSeconds":5,"enableRemoteSessions":true}"#,
        );
        let expected = "x.js -v --headless --no-auto-update --log-level debug --auth-token-env \
                        COPILOT_SDK_AUTH_TOKEN --no-auto-login --session-idle-timeout 5 --remote";
        assert_eq!(arguments(&options).join(" "), expected);
    }

    #[test]
    fn login_defaults_depend_on_the_token() {
        assert!(!arguments(&options("{}")).contains(&"--no-auto-login".to_owned()));
        let without = options(r#"{"useLoggedInUser":false,"gitHubToken":"","sessionIdleTimeoutSeconds":0}"#);
        assert_eq!(arguments(&without).join(" "), "--headless --no-auto-update --no-auto-login");
    }

    #[test]
    fn environment_overlay() {
        let options = options(
            r#"{"mode":"empty","baseDirectory":"/b","telemetry":{"captureContent":false,"sourceName":"s"},"gitHubToken":"t"}"#,
        );
        let env = environment(&options);
        assert_eq!(env["COPILOT_HOME"], "/b");
        assert_eq!(env["COPILOT_DISABLE_KEYTAR"], "1");
        assert_eq!(env["COPILOT_OTEL_ENABLED"], "true");
        assert_eq!(env["COPILOT_OTEL_SOURCE_NAME"], "s");
        assert_eq!(env["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"], "false");
        assert_eq!(env[TOKEN_VARIABLE], "t");
        assert_eq!(env.len(), 6);
    }
}
