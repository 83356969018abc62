//! The engine on the real runtime, one module per group of behaviours. `COPILOT_CLI_PATH` names the runtime; a scripted
//! model stands behind it, so nothing leaves this machine. The same tests run on the oldest supported runtime: what it
//! cannot do is said by [`version::since`].

#![allow(missing_docs, unreachable_pub, reason = "a test program")]

mod asks;
mod files;
mod hosts;
mod life;
mod mcp;
mod models;
mod once;
mod support;
mod tools;
mod turns;
mod version;
