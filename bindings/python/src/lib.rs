//! `copilot._native`: the private half of the Python door. It holds a [`copilot_core::host::HostClient`], converts
//! arguments, and hands whole batches of deliveries to Python; everything a user sees is in the `copilot` package.

mod client;
mod delivery;
mod error;
mod event;
mod quick;
mod wake;

/// The private extension module.
#[pyo3::pymodule]
mod _native {
    use std::ffi::OsString;
    use std::sync::OnceLock;

    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::event::{SessionEvent, serve_events};

    /// The result of an MCP tool as a tool result; both are JSON text.
    #[pyfunction]
    fn mcp_tool_result(py: Python<'_>, result: &str) -> PyResult<String> {
        copilot_core::host::tool_result_of_mcp(result).map_err(|error| crate::error::to_exception(py, &error))
    }

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// An id for a session whose program has given none.
    #[pyfunction]
    fn new_session_id() -> String {
        copilot_core::host::new_session_id()
    }

    /// Runs `copilot-native` with these arguments and the runtime that the package brings; the exit code.
    #[pyfunction]
    fn command_line(py: Python<'_>, arguments: Vec<OsString>, runtime: Option<String>) -> i32 {
        py.detach(|| copilot_native_cli::run(arguments, runtime))
    }

    /// Where the first interpreter that imported this module keeps its built-ins: no two share them.
    static HOME: OnceLock<usize> = OnceLock::new();

    /// Refuses a second interpreter: objects of one must not reach another through the shared engine.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let here = module.py().import("builtins")?.as_ptr() as usize;
        if *HOME.get_or_init(|| here) == here {
            return Ok(());
        }
        Err(PyImportError::new_err("copilot does not work in more than one interpreter of a process"))
    }
}
