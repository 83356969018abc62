//! Small types that options and session configuration share.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text that must not show in logs or debug output.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What the runtime may do by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// The abilities of the command-line tool.
    #[default]
    #[serde(rename = "copilot-cli")]
    CopilotCli,
    /// Nothing that is not asked for: for hosts with many users.
    #[serde(rename = "empty")]
    Empty,
}
