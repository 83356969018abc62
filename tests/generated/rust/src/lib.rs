//! The generated protocol, included by path, over the least that it needs of the engine.

use std::borrow::Cow;

/// Stands for the engine's error.
#[derive(Debug)]
pub struct Error(pub String);

/// Stands for the engine's error kinds.
#[derive(Debug)]
pub enum ErrorKind {
    /// The peer sent bytes that are not the protocol.
    Protocol,
}

impl Error {
    /// Makes an error.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(format!("{kind:?}: {}", message.into()))
    }
}

/// Stands for what leaves secrets out.
pub(crate) mod diagnostics {
    pub(crate) fn redacted_type(_: &str, value: serde_json::Value) -> String {
        value.to_string()
    }

    /// Stands for a line of the engine's log.
    pub(crate) fn misfit(_: &str, _: &impl std::fmt::Display) {}
}

#[path = "../../../../core/src/protocol/generated/mod.rs"]
pub mod generated;
