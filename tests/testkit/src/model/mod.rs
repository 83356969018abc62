//! The scripted model: an OpenAI-compatible server on loopback that says what a test told it to say.
//!
//! Requests are matched to replies by [`script`], turned into completion JSON by [`reply`] and carried by the small HTTP
//! server of this crate. Every request is kept, so that a test can look at what the runtime asked.

mod reply;
mod script;
mod server;

pub use script::{ModelError, ModelReply, ModelScript, ModelToolCall, When};
pub use server::ScriptedModel;
