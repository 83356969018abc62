//! The one place where generated code meets the engine's errors and log. Written by hand.

use super::support::{Wire, WireError};
use super::surrogates;
use crate::diagnostics::misfit;
use crate::{Error, ErrorKind};

/// Reads the result of a method. What does not fit its declaration is read as far as it does, and noted in the log.
pub(crate) fn result<R: Wire>(method: &'static str, bytes: &[u8]) -> Result<R, Error> {
    let parse = || surrogates::parse(bytes).map_err(|error| no_json(method, &error));
    match R::read(parse()?) {
        Ok(result) => Ok(result),
        Err(error) => {
            misfit(method, &error);
            Ok(R::read_leniently(parse()?))
        }
    }
}

fn no_json(method: &str, error: &WireError) -> Error {
    Error::new(ErrorKind::Protocol, format!("result of {method}: {error}"))
}
