//! The list of models, provided by the host.

use async_trait::async_trait;
use serde_json::Value;

use crate::error::Result;

/// Takes the place of the runtime's own list.
#[async_trait]
pub trait ModelsHandler: Send + Sync {
    /// A list of models in wire spelling.
    async fn list(&self) -> Result<Value>;
}
