//! Questions for the person in front of the program.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::CallContext;
use crate::error::Result;

/// A question that the agent has for the user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInputRequest {
    /// The question, not empty.
    pub question: String,
    /// Answers that the agent proposes, perhaps none.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Whether any other text is fine too.
    #[serde(default = "yes")]
    pub allow_freeform: bool,
}

fn yes() -> bool {
    true
}

/// What the user answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInputAnswer {
    /// One of the choices, or the user's own text.
    pub answer: String,
    /// Whether it is none of the choices.
    pub was_freeform: bool,
}

/// Answers questions that the agent has for the user.
#[async_trait]
pub trait UserInputHandler: Send + Sync {
    /// Called when the agent asks, for example with its tool `ask_user`. An error is reported to the runtime with its text.
    async fn ask(&self, context: &CallContext, request: UserInputRequest) -> Result<UserInputAnswer>;
}
