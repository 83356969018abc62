//! The two peers that every test of copilot-native talks to.
//!
//! * [`ScriptedModel`] is an OpenAI-compatible loopback server that plays scripted replies and tool calls. It stands
//!   behind the *real* runtime, so a conversation can be tested end to end without a network or an account.
//! * [`FakeRuntime`] plays the runtime's side of the wire from a script. It stands in for the real runtime, so faults,
//!   odd orders and bursts that a healthy runtime never shows can be tested too.
//!
//! Both exist as programs (`copilot-scripted-model`, `copilot-fake-runtime`) for hosts that are not written in Rust, and
//! both read the same JSON scripts that the types here build. `README.md` beside this crate is the reference of the formats.

mod http;
mod launch;
pub mod matching;
pub mod mcp;
pub mod model;
pub mod runtime;
mod text;
pub mod wire;

pub use launch::{FakeProcess, FakeRuntime};
pub use model::ScriptedModel;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
