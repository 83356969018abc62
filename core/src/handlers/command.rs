//! Slash commands of the user.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::CallContext;
use crate::error::Result;

/// A command was typed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandContext {
    /// Names the pending request.
    pub request_id: String,
    /// The whole text typed.
    #[serde(default)]
    pub command: String,
    /// Its name, without the slash.
    pub command_name: String,
    /// The rest of the text.
    #[serde(default)]
    pub args: String,
}

/// Serves one command.
#[async_trait]
pub trait CommandHandler: Send + Sync {
    /// An error's message is reported to the runtime.
    async fn run(&self, context: &CallContext, command: CommandContext) -> Result<()>;
}
