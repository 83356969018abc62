//! Options: our own first, then the arguments that an SDK passes to a runtime, then the environment.

use std::{env, fs, io};

use super::script::RuntimeScript;

/// How the process was started.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) script: RuntimeScript,
    pub(super) record: Option<String>,
    pub(super) token: Option<String>,
    pub(super) stdio: bool,
    pub(super) port: u16,
    pub(super) detached: bool,
    /// Nothing that is received is kept: a benchmark wants a runtime that costs little, and never asks for it.
    pub(super) forgets: bool,
    /// Seed of the adversary; none: a healthy runtime.
    pub(super) adversary: Option<u64>,
}

impl Options {
    pub(super) fn read() -> io::Result<Self> {
        let from_env = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let mut options = Self {
            record: from_env("COPILOT_FAKE_RECORD"),
            token: from_env("COPILOT_CONNECTION_TOKEN"),
            forgets: from_env("COPILOT_FAKE_FORGETS").is_some(),
            ..Self::default()
        };
        let mut script = match from_env("COPILOT_FAKE_SCRIPT") {
            Some(path) => Some(fs::read_to_string(path)?),
            None => from_env("COPILOT_FAKE_SCRIPT_JSON"),
        };
        let mut args = env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| io::Error::other(format!("{arg} needs a value")));
            match arg.as_str() {
                "--script" => script = Some(fs::read_to_string(value()?)?),
                "--script-json" => script = Some(value()?),
                "--record" => options.record = Some(value()?),
                "--stdio" => options.stdio = true,
                "--port" => options.port = value()?.parse().map_err(io::Error::other)?,
                "--adversary" => options.adversary = Some(value()?.parse().map_err(io::Error::other)?),
                "--detached" => options.detached = true,
                // Everything else an SDK may pass is recorded with the arguments but means nothing here.
                _ => {}
            }
        }
        if let Some(text) = script {
            options.script = RuntimeScript::parse(&text)?;
        }
        Ok(options)
    }
}
