//! Questions for the person in front of the program.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::CallContext;
use crate::error::Result;

/// A question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInputRequest {
    /// The question, not empty.
    pub question: String,
    /// Proposed answers.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Whether any other text is fine too.
    #[serde(default = "yes")]
    pub allow_freeform: bool,
}

fn yes() -> bool {
    true
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInputAnswer {
    /// The text.
    pub answer: String,
    /// Whether it is none of the choices.
    pub was_freeform: bool,
}

/// Answers questions that the agent has for the user.
#[async_trait]
pub trait UserInputHandler: Send + Sync {
    /// An error is reported to the runtime with its text.
    async fn ask(&self, context: &CallContext, request: UserInputRequest) -> Result<UserInputAnswer>;
}
