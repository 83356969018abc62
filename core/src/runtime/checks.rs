//! What a client's options may say.

use std::collections::BTreeMap;

use super::client_options::ClientOptions;
use super::options::{RuntimeConnection, SessionFsOptions, SessionFsStore};
use crate::error::{Result, reasons};
use crate::protocol::common::Mode;
use crate::protocol::json;

impl ClientOptions {
    /// Reads options from JSON.
    ///
    /// # Errors
    /// `InvalidArgument`, which names an unknown or mistyped member.
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

/// A day: an owner that died is waited for no longer.
const MAX_TTL: u32 = 86_400_000;

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
        if let Some(lease) = &self.lease {
            if self.store.is_none() {
                return Err(reasons::files_missing("sessionFs.store"));
            }
            if lease.ttl_ms.is_some_and(|ttl| !(1000..=u64::from(MAX_TTL)).contains(&ttl)) {
                return Err(reasons::files_ttl(MAX_TTL.into()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;
    use crate::protocol::common::Secret;
    use crate::protocol::place::tests::same_as_tracked;

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

    #[test]
    fn clients_name_what_is_wrong() {
        let of_type = [
            (json!({"connection": "localhost:1"}), "connection: expected an object, got a string"),
            (
                json!({"connection": {"kind": "stdio", "path": 5}}),
                "connection.path: expected a string, got 5",
            ),
            (json!({"connection": {"kind": 5}}), "connection.kind: expected a string, got 5"),
            (json!({"env": {"SECRET": 5}}), "env.SECRET: expected a string, got a number"),
        ];
        for (options, said) in of_type {
            let error = ClientOptions::from_json(&options.to_string()).unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidType, said));
        }
        for (options, said) in [
            (json!({"mode": "wild"}), "mode is \"wild\"; expected one of copilot-cli, empty"),
            (json!({"connection": {"kind": "pipe"}}), "connection.kind is \"pipe\"; expected one of "),
            (
                json!({"connection": {"kind": "tcp", "port": 70000}}),
                "connection.port: expected a whole number from 0 to 65535, got 70000",
            ),
            (json!({"connection": {}}), "connection: missing field `kind`"),
            (json!({"connection": {"kind": "uri"}}), "connection: missing field `url`"),
            (json!({"logLvl": 1}), "logLvl: unknown field"),
        ] {
            let error = ClientOptions::from_json(&options.to_string()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.to_string().starts_with(said), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_found_at_its_place() {
        same_as_tracked::<ClientOptions>(&json!({
            "connection": {"kind": "tcp", "port": 1, "args": ["a"], "env": {"A": "b"}}, "env": {"X": "y"},
            "logLevel": "info", "useLoggedInUser": true, "telemetry": {"otlpEndpoint": "o"},
            "sessionFs": {"initialCwd": "/", "sessionStatePath": "/s"}, "sessionIdleTimeoutSeconds": 3,
        }));
    }
}
