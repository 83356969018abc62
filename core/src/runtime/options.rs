//! What a client can be told about the runtime it starts or joins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostics::redacted_debug;
use crate::error::{Result, reasons};
use crate::protocol::common::{Mode, Secret};
use crate::protocol::json;

/// How to reach the runtime.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum RuntimeConnection {
    /// A child that speaks on its standard streams. The default.
    Stdio {
        /// The runtime's program; none: `COPILOT_CLI_PATH`.
        #[serde(default)]
        path: Option<String>,
        /// Arguments placed before the engine's own.
        #[serde(default)]
        args: Vec<String>,
        /// Replaces the child's environment; excludes [`ClientOptions::env`].
        #[serde(default)]
        env: Option<BTreeMap<String, String>>,
    },
    /// A child that listens on a loopback port.
    Tcp {
        /// 0 lets the system choose.
        #[serde(default)]
        port: u16,
        /// Presented when connecting; none: a random one.
        #[serde(default)]
        connection_token: Option<Secret>,
        /// As for stdio.
        #[serde(default)]
        path: Option<String>,
        /// As for stdio.
        #[serde(default)]
        args: Vec<String>,
        /// As for stdio.
        #[serde(default)]
        env: Option<BTreeMap<String, String>>,
    },
    /// A runtime somebody else started. It is never shut down.
    Uri {
        /// `port`, `host:port`, or either after `http://`.
        url: String,
        /// Presented when connecting.
        #[serde(default)]
        connection_token: Option<Secret>,
    },
    /// The runtime that started this process and speaks on its standard streams: for extensions. The program must write
    /// nothing else to its standard output, and read nothing from its standard input.
    #[serde(rename = "parent-process")]
    ParentProcess {},
    /// The runtime's library inside this process; with the feature `inprocess`.
    Inprocess {
        /// The library itself, or the runtime's program, beside which the library is looked for; none: `COPILOT_CLI_PATH`.
        #[serde(default)]
        path: Option<String>,
    },
}

impl RuntimeConnection {
    /// A stdio child at `path`.
    #[must_use]
    pub fn stdio(path: impl Into<String>) -> Self {
        Self::Stdio { path: Some(path.into()), args: Vec::new(), env: None }
    }
}

/// What the runtime child gets of the host's telemetry settings. Only what is set travels.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TelemetryConfig {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`
    pub otlp_endpoint: Option<String>,
    /// `OTEL_EXPORTER_OTLP_PROTOCOL`: `http/json` or `http/protobuf`
    pub otlp_protocol: Option<String>,
    /// `COPILOT_OTEL_FILE_EXPORTER_PATH`
    pub file_path: Option<String>,
    /// `COPILOT_OTEL_EXPORTER_TYPE`: `otlp-http` or `file`
    pub exporter_type: Option<String>,
    /// `COPILOT_OTEL_SOURCE_NAME`
    pub source_name: Option<String>,
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`
    pub capture_content: Option<bool>,
}

/// Where the runtime keeps session state when the host provides the files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionFsOptions {
    /// Working directory of sessions, not empty.
    #[serde(default)]
    pub initial_cwd: String,
    /// Path of the state inside each session's file system, not empty.
    #[serde(default)]
    pub session_state_path: String,
    /// `posix` or `windows`.
    #[serde(default)]
    pub conventions: String,
    /// What the providers can do beyond files, passed on as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Value>,
    /// A ready store for sessions that bring no handler of their own; the runtime is not told.
    #[serde(default, skip_serializing)]
    pub store: Option<SessionFsStore>,
}

/// A ready store for session files. Sessions share it and do not see each other's files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum SessionFsStore {
    /// In memory, as long as the client lives.
    Memory,
    /// In a folder of this machine, made when it is not there.
    Folder {
        /// Path of the folder.
        path: String,
    },
}

/// Which client-wide callbacks a foreign host serves.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClientHandlers {
    /// The list of models comes from the host.
    pub list_models: bool,
    /// Model requests are served by the host.
    pub request_handler: bool,
    /// The programs that run extensions are chosen by the host.
    pub extension_launch: bool,
    /// Telemetry events of the runtime are wanted.
    #[serde(rename = "gitHubTelemetry")]
    pub github_telemetry: bool,
    /// Lifecycle notifications are wanted.
    pub lifecycle: bool,
}

/// Everything a client can be told. The defaults start a child on stdio found by `COPILOT_CLI_PATH`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClientOptions {
    /// How to reach the runtime; none: `COPILOT_SDK_DEFAULT_CONNECTION`, else stdio.
    pub connection: Option<RuntimeConnection>,
    /// Working directory of the child; none or empty: this process's at the time of the start.
    pub working_directory: Option<String>,
    /// `none`, `error`, `warning`, `info` (default), `debug` or `all`.
    pub log_level: Option<String>,
    /// Replaces the child's environment.
    pub env: Option<BTreeMap<String, String>>,
    /// Token for GitHub.
    #[serde(rename = "gitHubToken")]
    pub github_token: Option<Secret>,
    /// Where the runtime keeps its state; none: its own default.
    pub base_directory: Option<String>,
    /// Whether a stored login may be used; none: only without a token.
    pub use_logged_in_user: Option<bool>,
    /// Telemetry of the runtime.
    pub telemetry: Option<TelemetryConfig>,
    /// Session files served by the host.
    pub session_fs: Option<SessionFsOptions>,
    /// Idle sessions end after so many seconds; none or not positive: never.
    pub session_idle_timeout_seconds: Option<i64>,
    /// Whether remote sessions are enabled.
    pub enable_remote_sessions: bool,
    /// What the runtime may do by itself.
    pub mode: Mode,
    /// Absolute paths of plugins that come with the host.
    pub builtin_plugin_directories: Vec<String>,
    /// Names and versions of the host program and its integration, told to the runtime when connecting:
    /// `{editorName?, editorVersion?, extensionName?, extensionVersion?}`.
    pub client_info: Option<serde_json::Map<String, Value>>,
    /// Client-wide callbacks of a foreign host.
    pub handlers: ClientHandlers,
    /// How long a TCP child may take to announce its port and to accept, in milliseconds; default 10 000.
    pub start_timeout_ms: Option<u64>,
    /// Longest frame accepted, in bytes; default 256 MiB.
    pub max_frame_bytes: Option<usize>,
}

redacted_debug!(RuntimeConnection, TelemetryConfig, ClientOptions);

impl ClientOptions {
    /// Reads options from JSON.
    pub fn from_json(text: &str) -> Result<Self> {
        let text = if text.trim().is_empty() { "{}" } else { text };
        json::parse_as("client options", text.as_bytes())
    }

    pub(crate) fn validate(&self) -> Result<()> {
        if self.mode == Mode::Empty && !self.has_storage() {
            return Err(reasons::mode_needs_state());
        }
        self.validate_connection()?;
        if let Some(files) = &self.session_fs {
            files.validate()?;
        }
        if let Some(path) =
            self.builtin_plugin_directories.iter().find(|path| !std::path::Path::new(path).is_absolute())
        {
            return Err(reasons::option_relative_path("builtinPluginDirectories", path));
        }
        Ok(())
    }

    fn has_storage(&self) -> bool {
        self.base_directory.as_ref().is_some_and(|path| !path.is_empty())
            || self.session_fs.is_some()
            || matches!(
                self.connection,
                Some(RuntimeConnection::Uri { .. } | RuntimeConnection::ParentProcess {})
            )
    }

    fn validate_connection(&self) -> Result<()> {
        match self.connection.as_ref() {
            Some(RuntimeConnection::Uri { connection_token: Some(token), .. }) if token.0.is_empty() => {
                Err(reasons::connection_empty_token())
            }
            Some(RuntimeConnection::Tcp { connection_token: Some(token), .. }) if token.0.is_empty() => {
                Err(reasons::connection_empty_token())
            }
            Some(
                RuntimeConnection::Stdio { env: Some(_), .. } | RuntimeConnection::Tcp { env: Some(_), .. },
            ) if self.env.is_some() => {
                Err(reasons::option_twice("env", "on the client and on its connection"))
            }
            Some(RuntimeConnection::Inprocess { .. }) => self.validate_inprocess(),
            _ => Ok(()),
        }
    }

    fn validate_inprocess(&self) -> Result<()> {
        let refused = [
            ("env", self.env.is_some()),
            ("telemetry", self.telemetry.is_some()),
            ("workingDirectory", self.working_directory.is_some()),
        ];
        match refused.iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(reasons::option_inprocess(name)),
            None => Ok(()),
        }
    }

    /// The environment the child is to get, before the engine's additions: none means this process's own.
    pub(crate) fn child_env(&self) -> Option<&BTreeMap<String, String>> {
        match self.connection.as_ref() {
            Some(
                RuntimeConnection::Stdio { env: Some(env), .. }
                | RuntimeConnection::Tcp { env: Some(env), .. },
            ) => Some(env),
            _ => self.env.as_ref(),
        }
    }
}

impl SessionFsOptions {
    fn validate(&self) -> Result<()> {
        if self.initial_cwd.is_empty() {
            return Err(reasons::files_missing("sessionFs.initialCwd"));
        }
        if self.session_state_path.is_empty() {
            return Err(reasons::files_missing("sessionFs.sessionStatePath"));
        }
        if !matches!(self.conventions.as_str(), "posix" | "windows") {
            return Err(reasons::files_conventions());
        }
        if matches!(&self.store, Some(SessionFsStore::Folder { path }) if path.is_empty()) {
            return Err(reasons::files_missing("sessionFs.store.path"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn refused(text: &str) -> String {
        let error = ClientOptions::from_json(text).and_then(|options| options.validate()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        error.to_string()
    }

    #[test]
    fn bad_options_are_named() {
        assert!(refused(r#"{"logLvl":"info"}"#).contains("logLvl"));
        assert!(refused(r#"{"mode":"empty"}"#).contains("baseDirectory"));
        assert!(refused(r#"{"connection":{"kind":"tcp","connectionToken":""}}"#).contains("connectionToken"));
        assert!(refused(r#"{"connection":{"kind":"stdio","env":{}},"env":{}}"#).contains("env"));
        assert!(refused(r#"{"sessionFs":{}}"#).contains("sessionFs.initialCwd"));
        assert!(refused(r#"{"builtinPluginDirectories":["x"]}"#).contains("absolute"));
        assert!(refused(r#"{"connection":{"kind":"inprocess"},"env":{}}"#).contains("env"));
    }

    #[test]
    fn secrets_do_not_show() {
        let options = ClientOptions::from_json(r#"{"gitHubToken":"canary-1"}"#).unwrap();
        assert!(!format!("{options:?}").contains("canary"));
        assert_eq!(options.github_token, Some(Secret::from("canary-1")));
    }
}
