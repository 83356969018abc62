//! Canvases of the host, experimental.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::CallContext;
use crate::error::Result;

/// Serves all canvases of a session.
#[async_trait]
pub trait CanvasHandler: Send + Sync {
    /// `method` is `open`, `close` or `action.invoke`; `params` are those of the wire without `sessionId`. `open` answers
    /// `{url?, title?, status?}`, `action.invoke` any value. An error whose data is `{"code": …}` keeps its code.
    async fn call(&self, context: &CallContext, method: &str, params: Map<String, Value>) -> Result<Value>;
}
