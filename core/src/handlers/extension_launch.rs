//! How extensions are started.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;

/// The extension that the runtime is about to start.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionLaunchRequest {
    /// Id of the extension.
    pub id: String,
    /// Name of the extension.
    pub name: String,
    /// Path of its main file.
    pub module_path: String,
    /// `project`, `user`, `plugin` or `session`; kept as the runtime sends it.
    pub source: String,
}

/// Chooses the program that runs an extension.
#[async_trait]
pub trait ExtensionLaunchHandler: Send + Sync {
    /// `{executable, args, env}`; null leaves the choice to the runtime, which waits 15 seconds for an answer.
    async fn resolve(&self, request: ExtensionLaunchRequest) -> Result<Value>;
}
