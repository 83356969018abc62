//! Sections of the system message rewritten by the user.

use async_trait::async_trait;

use super::CallContext;
use crate::error::Result;

/// Rewrites one section.
#[async_trait]
pub trait TransformHandler: Send + Sync {
    /// The new text of the section; an error leaves it as it was.
    async fn transform(&self, context: &CallContext, section_id: &str, content: &str) -> Result<String>;
}
