//! Why a step did not hold.

use std::fmt;

use copilot_core::Error;

/// An error of the surface, which a case may expect, or an expectation that was not met, which it may not.
#[derive(Debug)]
pub(crate) enum Failure {
    Surface(Error),
    Unmet(String),
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn unmet<T>(text: impl Into<String>) -> Outcome<T> {
        Err(Self::Unmet(text.into()))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Surface(error)
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Unmet(text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Surface(error) => write!(f, "{}: {error}", error.kind().name()),
            Self::Unmet(text) => f.write_str(text),
        }
    }
}
