//! Who plays the runtime for a case, and what a client must be told to reach it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use copilot_core::{ClientOptions, RuntimeConnection, SessionFsOptions};
use copilot_testkit::model::ModelScript;
use copilot_testkit::runtime::RuntimeScript;
use copilot_testkit::{FakeProcess, FakeRuntime, ScriptedModel};
use serde::Deserialize;

use crate::case::{Case, Peer};

/// The runtime of a case.
pub(crate) enum Peers {
    Fake { runtime: FakeRuntime, program: PathBuf, home: PathBuf },
    Real { program: PathBuf, home: PathBuf, model: ScriptedModel },
}

/// The arguments of the verbs `client` and `start`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct ClientArgs {
    pub(crate) connection: Option<String>,
    pub(crate) options: OptionArgs,
    pub(crate) token: Option<String>,
    pub(crate) server_token: Option<String>,
    pub(crate) url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct OptionArgs {
    path: Option<String>,
    log_level: Option<String>,
    env: Option<BTreeMap<String, String>>,
    use_logged_in_user: Option<bool>,
    session_idle_timeout_seconds: Option<i64>,
    start_timeout_ms: Option<u64>,
    session_fs: Option<SessionFsOptions>,
}

impl Peers {
    pub(crate) fn start(case: &Case, peer: Peer, home: &Path, record: &Path) -> Result<Self, String> {
        match peer {
            Peer::Fake => {
                let script = case.fake.clone().unwrap_or_else(|| serde_json::json!({}));
                let script = RuntimeScript::from_value(script).map_err(|error| format!("fake: {error}"))?;
                let program = FakeRuntime::path().map_err(|error| error.to_string())?;
                Ok(Self::Fake {
                    runtime: FakeRuntime::scripted(script).record(record),
                    program,
                    home: home.to_owned(),
                })
            }
            Peer::Real => {
                let program = std::env::var_os("COPILOT_CLI_PATH").filter(|path| !path.is_empty());
                let program = program
                    .ok_or("COPILOT_CLI_PATH is not set: cases with the real runtime need its path")?;
                let script = case.model.clone().unwrap_or_else(|| serde_json::json!([]));
                let script = ModelScript::from_value(script).map_err(|error| format!("model: {error}"))?;
                let model = ScriptedModel::start(script).map_err(|error| format!("model: {error}"))?;
                Ok(Self::Real { program: program.into(), home: home.join("copilot-home"), model })
            }
        }
    }

    pub(crate) fn model(&self) -> Option<&ScriptedModel> {
        match self {
            Self::Fake { .. } => None,
            Self::Real { model, .. } => Some(model),
        }
    }

    /// The options of a client; for a URI also the process that was started for it.
    pub(crate) fn options(&self, args: ClientArgs) -> Result<(ClientOptions, Option<FakeProcess>), String> {
        let (program, caller_args) = match self {
            Self::Fake { runtime, program, .. } => (program, runtime.args()),
            Self::Real { program, .. } => (program, Vec::new()),
        };
        let path = Some(args.options.path.unwrap_or_else(|| program.to_string_lossy().into_owned()));
        let mut served = None;
        let inprocess = args.connection.as_deref() == Some("inprocess");
        let connection = match args.connection.as_deref() {
            None | Some("stdio") => RuntimeConnection::Stdio { path, args: caller_args, env: None },
            Some("tcp") => RuntimeConnection::Tcp {
                port: 0,
                connection_token: args.token.as_deref().map(Into::into),
                path,
                args: caller_args,
                env: None,
            },
            Some("uri") => {
                let url = match args.url {
                    Some(url) => url,
                    None => {
                        let process = self.serve(args.server_token.as_deref())?;
                        let url = format!("127.0.0.1:{}", process.port());
                        served = Some(process);
                        url
                    }
                };
                RuntimeConnection::Uri { url, connection_token: args.token.as_deref().map(Into::into) }
            }
            Some("inprocess") => {
                let Self::Fake { home, .. } = self else {
                    return Err("only the fake runtime has a library here".to_owned());
                };
                fake_library(home, program, &caller_args)?
            }
            Some(other) => return Err(format!("unknown connection {other:?}")),
        };
        let present = || std::env::vars().collect::<BTreeMap<_, _>>();
        let options = ClientOptions {
            connection: Some(connection),
            base_directory: match self {
                Self::Fake { home, .. } => {
                    Some(home).filter(|_| inprocess).map(|home| home.to_string_lossy().into_owned())
                }
                Self::Real { home, .. } => Some(home.to_string_lossy().into_owned()),
            },
            log_level: args.options.log_level,
            env: args.options.env.map(|added| {
                let mut env = present();
                env.extend(added);
                env
            }),
            use_logged_in_user: args.options.use_logged_in_user,
            session_idle_timeout_seconds: args.options.session_idle_timeout_seconds,
            start_timeout_ms: args.options.start_timeout_ms,
            session_fs: args.options.session_fs,
            ..ClientOptions::default()
        };
        Ok((options, served))
    }

    fn serve(&self, token: Option<&str>) -> Result<FakeProcess, String> {
        match self {
            Self::Fake { runtime, .. } => runtime.spawn_tcp(token).map_err(|error| error.to_string()),
            Self::Real { .. } => Err("a URI is only served by the fake runtime".to_owned()),
        }
    }
}

/// The fake runtime's library, which finds the program to run beside the state of the client.
fn fake_library(home: &Path, program: &Path, args: &[String]) -> Result<RuntimeConnection, String> {
    let library = std::env::var("COPILOT_FAKE_LIBRARY").map_err(|_| "COPILOT_FAKE_LIBRARY is not set")?;
    let words = std::iter::once(program.to_string_lossy().into_owned()).chain(args.iter().cloned());
    let text = words.collect::<Vec<_>>().join("\n");
    std::fs::write(home.join("fake-runtime"), text).map_err(|error| error.to_string())?;
    Ok(RuntimeConnection::Inprocess { path: Some(library) })
}
