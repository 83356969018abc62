//! What every command that talks to an agent has in common: which runtime, which model, what is allowed.

use std::fmt;
use std::sync::Arc;

use copilot_core::{
    Client, ClientOptions, Error, ErrorKind, EventStream, Handlers, Result, RuntimeConnection, Secret,
    Session, SessionConfig, SessionSpec,
};
use copilot_testkit::ScriptedModel;
use copilot_testkit::model::ModelScript;
use serde_json::json;
use tempfile::TempDir;

/// The runtime's program, and who named it.
pub(crate) enum Runtime {
    Option(String),
    Environment(String),
    Package(String),
    Nobody,
}

impl Runtime {
    /// The option comes first, then `COPILOT_CLI_PATH`, then what came with the package.
    pub(crate) fn of(option: Option<String>, brought: Option<String>) -> Self {
        let named = std::env::var("COPILOT_CLI_PATH").ok().filter(|path| !path.is_empty());
        match (option, named, brought) {
            (Some(path), _, _) => Self::Option(path),
            (None, Some(path), _) => Self::Environment(path),
            (None, None, Some(path)) => Self::Package(path),
            (None, None, None) => Self::Nobody,
        }
    }

    /// How it is reached.
    pub(crate) fn connection(&self) -> Option<RuntimeConnection> {
        let (Self::Option(path) | Self::Environment(path) | Self::Package(path)) = self else { return None };
        Some(RuntimeConnection::Stdio { path: Some(path.clone()), args: Vec::new(), env: None })
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(path) => write!(f, "{path} (--runtime)"),
            Self::Environment(path) => write!(f, "{path} (COPILOT_CLI_PATH)"),
            Self::Package(path) => write!(f, "{path} (came with this package)"),
            Self::Nobody => f.write_str("none is named"),
        }
    }
}

/// What every conversation is told; help.txt says it to people.
#[derive(Default)]
pub(crate) struct Agent {
    /// Talks to a model that follows a script on this machine: no account, no network. Without FILE it repeats what it is
    /// told; tests/testkit/README.md says what a script may hold.
    pub scripted: Option<String>,
    /// The model; without it the runtime's own choice.
    pub model: Option<String>,
    /// Address of an OpenAI-compatible server to use in place of Copilot, such as http://127.0.0.1:11434/v1. Its key is
    /// read from COPILOT_PROVIDER_API_KEY.
    pub provider: Option<String>,
    /// The runtime's program; without it COPILOT_CLI_PATH.
    pub runtime: Option<String>,
    /// Where the agent works; without it the current directory.
    pub cwd: Option<String>,
    /// Goes on with this session.
    pub resume: Option<String>,
}

/// A client with one session. The scripted model and the folder of its runtime live as long.
pub(crate) struct Conversation {
    pub client: Client,
    pub session: Session,
    /// Everything that happens in it.
    pub events: EventStream,
    _model: Option<ScriptedModel>,
    _home: Option<TempDir>,
}

impl Agent {
    /// Starts the runtime and opens the session.
    ///
    /// # Errors
    /// `InvalidArgument` for a script that cannot be read; those of starting a client and of opening a session.
    pub(crate) async fn open(self, handlers: Handlers, brought: Option<String>) -> Result<Conversation> {
        let model = self.scripted.as_deref().map(scripted_model).transpose()?;
        // A scripted conversation leaves nothing behind, and needs no login.
        let home = model
            .is_some()
            .then(TempDir::new)
            .transpose()
            .map_err(|error| wrong("a temporary folder", &error))?;
        let options = ClientOptions {
            connection: Runtime::of(self.runtime, brought).connection(),
            github_token: if model.is_some() { None } else { token() },
            base_directory: home.as_ref().map(|home| home.path().to_string_lossy().into_owned()),
            use_logged_in_user: model.is_some().then_some(false),
            ..ClientOptions::default()
        };
        let address = model.as_ref().map(|model| model.base_url().to_owned()).or(self.provider);
        let mut config =
            SessionConfig { streaming: Some(true), model: self.model, ..SessionConfig::default() };
        config.working_directory = self.cwd;
        if let Some(address) = address {
            let key = std::env::var("COPILOT_PROVIDER_API_KEY").unwrap_or_else(|_| "none".to_owned());
            config.provider = Some(json!({"type": "openai", "baseUrl": address, "apiKey": key}));
            if model.is_some() {
                config.model.get_or_insert_with(|| "scripted".to_owned());
            }
        }
        let client = Client::new(options)?;
        let mut spec = SessionSpec::new(config);
        spec.handlers = handlers;
        let events = spec.subscribe();
        let opened = match &self.resume {
            Some(id) => client.resume_session(id, spec).await,
            None => client.create_session(spec).await,
        };
        match opened {
            Ok(session) => Ok(Conversation { client, session, events, _model: model, _home: home }),
            Err(error) => {
                client.force_stop().await;
                Err(error)
            }
        }
    }
}

impl Conversation {
    /// Leaves the session and ends the runtime. What does not go well is told, and is no failure.
    pub(crate) async fn close(self) {
        for error in self.client.stop().await.errors {
            eprintln!("copilot-native: {error}");
        }
    }
}

fn scripted_model(file: &str) -> Result<ScriptedModel> {
    let script = if file.is_empty() { Ok(ModelScript::default()) } else { ModelScript::load(file) };
    script
        .and_then(ScriptedModel::start)
        .map_err(|error| wrong(if file.is_empty() { "--scripted" } else { file }, &error))
}

fn wrong(what: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("{what}: {error}"))
}

fn token() -> Option<Secret> {
    let named = ["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"];
    named.iter().find_map(|name| std::env::var(name).ok().filter(|token| !token.is_empty())).map(Secret)
}

/// Handlers with one for permissions, which every agent needs.
pub(crate) fn handlers(permission: impl copilot_core::handlers::PermissionHandler + 'static) -> Handlers {
    Handlers { permission: Some(Arc::new(permission)), ..Handlers::default() }
}
