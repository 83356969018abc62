//! The native addon behind the npm package `copilot-native`.
//!
//! Four files: [`client`] is the one class JavaScript sees, [`batch`] turns what the engine delivers into one text per
//! wake-up, whose [`records`] it has written, [`error`] maps the engine's errors. Everything a user calls by name lives in `../js`.

mod batch;
mod client;
mod error;
mod records;

pub use client::{command_line, mcp_tool_result, new_session_id};
