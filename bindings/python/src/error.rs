//! Errors of the engine as plain tuples; `copilot._errors` turns them into exceptions, in one place.

use copilot_core::{Error, Reason};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// `(kind name, message, JSON-RPC code or None, JSON details or None, JSON reason or None)`.
pub(crate) type ErrorTuple = (&'static str, String, Option<i64>, Option<String>, Option<String>);

/// Takes an error apart.
pub(crate) fn to_tuple(error: &Error) -> ErrorTuple {
    let (data, reason) = (error.data().map(str::to_owned), error.reason().map(Reason::json));
    (error.kind().name(), error.message().to_owned(), error.rpc_code(), data, reason)
}

/// The same as a Python exception, through `copilot._errors.from_native`.
pub(crate) fn to_exception(py: Python<'_>, error: &Error) -> PyErr {
    let made = py
        .import("copilot._errors")
        .and_then(|module| module.getattr("from_native"))
        .and_then(|function| function.call1((to_tuple(error),)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(_) => PyRuntimeError::new_err(error.to_string()),
    }
}
