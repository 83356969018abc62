//! Skills that the host knows without files.

use async_trait::async_trait;
use serde_json::Value;

use super::CallContext;
use crate::error::Result;

/// Tells the runtime which skills there are, and their text when one is used.
#[async_trait]
pub trait SkillProviderHandler: Send + Sync {
    /// A list of `{name, description, userInvocable?, disableModelInvocation?, argumentHint?, directory?}`; null is an
    /// empty one.
    async fn list(&self, context: &CallContext) -> Result<Value>;

    /// The Markdown of a skill; none when there is no such skill.
    async fn read(&self, context: &CallContext, name: &str) -> Result<Option<String>>;
}
