//! Bearer tokens for model providers.

use async_trait::async_trait;

use super::CallContext;
use crate::error::Result;

/// Gets a token for one provider. Asked before every request: keeping tokens is the handler's job.
#[async_trait]
pub trait ProviderTokenHandler: Send + Sync {
    /// Called before each request to the provider. Returns the token alone, without `Bearer`; an error fails the request.
    async fn token(&self, context: &CallContext, provider_name: &str) -> Result<String>;
}
