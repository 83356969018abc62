//! GitHub tokens of a session, asked for when the runtime needs one.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::CallContext;
use crate::error::Result;

/// Which token the runtime wants.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitHubTokenRequest {
    /// The host the token is for, for example `github.com`.
    pub host: String,
    /// The session it is for, when it is for one.
    #[serde(default)]
    pub session_id: Option<String>,
    /// `initial` or `refresh`; kept as the runtime sends it.
    pub reason: String,
}

/// The token, or that there is none.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum GitHubTokenAnswer {
    /// A token and for how long it may be used.
    Token {
        /// The token itself.
        access_token: String,
        /// Seconds for which it is valid, more than 0.
        expires_in: u64,
        /// For example `bearer`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_type: Option<String>,
    },
    /// The user does not want to.
    Cancelled,
}

impl std::fmt::Debug for GitHubTokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token { .. } => "Token { .. }",
            Self::Cancelled => "Cancelled",
        })
    }
}

/// Gets GitHub tokens for one session. The runtime keeps a token until it expires.
#[async_trait]
pub trait GitHubTokenHandler: Send + Sync {
    /// Called when the session is made (`initial`) and before a token expires (`refresh`).
    async fn token(&self, context: &CallContext, request: GitHubTokenRequest) -> Result<GitHubTokenAnswer>;
}
