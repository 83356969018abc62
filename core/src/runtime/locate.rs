//! Finds the runtime's program.

use std::path::{Path, PathBuf};

use super::options::{ClientOptions, RuntimeConnection};
use crate::error::{Error, ErrorKind, Result};

const PATH_VARIABLE: &str = "COPILOT_CLI_PATH";

/// The program as the user named it: the connection's path, else `COPILOT_CLI_PATH` of the child's environment.
pub(crate) fn resolve(options: &ClientOptions) -> Result<Option<String>> {
    let explicit = match options.connection.as_ref() {
        None => None,
        Some(RuntimeConnection::Stdio { path, .. } | RuntimeConnection::Tcp { path, .. }) => path.clone(),
        Some(
            RuntimeConnection::Uri { .. }
            | RuntimeConnection::ParentProcess {}
            | RuntimeConnection::Inprocess {},
        ) => {
            return Ok(None);
        }
    };
    if explicit.is_some() {
        return Ok(explicit);
    }
    let from_environment = match options.child_env() {
        Some(env) => env.get(PATH_VARIABLE).cloned(),
        None => std::env::var(PATH_VARIABLE).ok(),
    };
    match from_environment.filter(|path| !path.is_empty()) {
        Some(path) => Ok(Some(path)),
        None => Err(Error::new(
            ErrorKind::RuntimeNotFound,
            "Copilot CLI not found: no runtime is installed with this package; install the package of the runtime \
             for this platform, set COPILOT_CLI_PATH, or give the connection an explicit path",
        )),
    }
}

/// The program to start: a path that exists, else the first match on `PATH`.
pub(crate) fn find_program(named: &str) -> Result<PathBuf> {
    if Path::new(named).exists() && !named.is_empty() {
        return Ok(PathBuf::from(named));
    }
    let on_path = std::env::var_os("PATH").and_then(|paths| {
        std::env::split_paths(&paths).map(|folder| folder.join(named)).find(|candidate| candidate.is_file())
    });
    match on_path {
        Some(found) if !named.is_empty() => Ok(found),
        _ => Err(Error::new(
            ErrorKind::RuntimeNotFound,
            format!("Copilot CLI not found at {named:?}; check the connection's path or COPILOT_CLI_PATH"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explicit_path_wins_and_env_is_searched() {
        let options = |text| ClientOptions::from_json(text).unwrap();
        let both = r#"{"connection":{"kind":"stdio","path":"/a"},"env":{"COPILOT_CLI_PATH":"/b"}}"#;
        assert_eq!(resolve(&options(both)).unwrap().as_deref(), Some("/a"));
        assert_eq!(resolve(&options(r#"{"env":{"COPILOT_CLI_PATH":"/b"}}"#)).unwrap().as_deref(), Some("/b"));
        assert_eq!(resolve(&options(r#"{"env":{}}"#)).unwrap_err().kind(), ErrorKind::RuntimeNotFound);
        assert_eq!(resolve(&options(r#"{"connection":{"kind":"uri","url":"1"}}"#)).unwrap(), None);
    }

    #[test]
    fn programs_are_looked_up_on_the_path() {
        assert!(find_program("sh").unwrap().is_absolute());
        let error = find_program("/nowhere/copilot").unwrap_err();
        assert!(error.kind() == ErrorKind::RuntimeNotFound && error.message().contains("/nowhere/copilot"));
        assert!(find_program("").is_err());
    }
}
