//! Finds the runtime's program.

use std::path::{Path, PathBuf};

use super::client_options::ClientOptions;
use super::options::RuntimeConnection;
use crate::error::{Error, ErrorKind, Result, reasons};

const PATH_VARIABLE: &str = "COPILOT_CLI_PATH";

/// The program as the user named it: the connection's path, else `COPILOT_CLI_PATH` of the child's environment.
pub(crate) fn resolve(options: &ClientOptions) -> Result<Option<String>> {
    let explicit = match options.connection.as_ref() {
        None => None,
        Some(RuntimeConnection::Stdio { path, .. } | RuntimeConnection::Tcp { path, .. }) => path.clone(),
        Some(RuntimeConnection::Inprocess { path }) => path.clone(),
        Some(RuntimeConnection::Uri { .. } | RuntimeConnection::ParentProcess {}) => return Ok(None),
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
        None => Err(reasons::runtime_not_installed()),
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
        _ => Err(reasons::runtime_not_found(named)),
    }
}

/// The library of an in-process runtime and the program it belongs to: `named` is either of them.
pub(crate) fn find_library(named: &str) -> Result<(PathBuf, Option<String>)> {
    let program = std::fs::canonicalize(find_program(named)?)
        .map_err(|error| not_found(format!("Copilot CLI not found at {named:?}: {error}")))?;
    let extension = program.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if ["node", "so", "dylib", "dll"].contains(&extension) {
        return Ok((program, None));
    }
    let folder = program.parent().unwrap_or(Path::new("."));
    let places = [
        PathBuf::from(NATURAL_NAME),
        PathBuf::from("runtime.node"),
        ["prebuilds", &prebuilt_folder(), "runtime.node"].iter().collect(),
    ];
    let found = places.iter().map(|place| folder.join(place)).find(|candidate| candidate.is_file());
    match found {
        Some(library) => Ok((library, Some(program.to_string_lossy().into_owned()))),
        None => Err(not_found(format!(
            "the in-process runtime was not found: none of {NATURAL_NAME}, runtime.node and \
             prebuilds/{}/runtime.node is in {}",
            prebuilt_folder(),
            folder.display()
        ))),
    }
}

const NATURAL_NAME: &str = if cfg!(windows) {
    "copilot_runtime.dll"
} else if cfg!(target_os = "macos") {
    "libcopilot_runtime.dylib"
} else {
    "libcopilot_runtime.so"
};

/// The runtime's name of this platform, such as `linux-x64`.
fn prebuilt_folder() -> String {
    let platform = if cfg!(windows) {
        "win32"
    } else if cfg!(target_os = "macos") {
        "darwin"
    } else if cfg!(target_env = "musl") {
        "linuxmusl"
    } else {
        "linux"
    };
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    format!("{platform}-{machine}")
}

fn not_found(text: String) -> Error {
    Error::new(ErrorKind::RuntimeNotFound, text)
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
