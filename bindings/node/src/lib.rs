//! The native addon behind the npm package `copilot-native`.
//!
//! Three files: [`client`] is the one class JavaScript sees, [`batch`] turns what the engine delivers into one text per
//! wake-up, [`error`] maps the engine's errors. Everything a user calls by name lives in `../js`.

mod batch;
mod client;
mod error;

pub use client::{mcp_tool_result, new_session_id};
