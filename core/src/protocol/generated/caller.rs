//! The one place where generated code meets the engine's error. Written by hand.

use super::support::WireError;
use crate::{Error, ErrorKind};

/// The runtime answered with something that is not the declared result.
pub(crate) fn bad_result(method: &str, error: &WireError) -> Error {
    Error::new(ErrorKind::Protocol, format!("result of {method}: {error}"))
}
