//! The fake runtime: the runtime's side of the wire, with manners that a test can change.
//!
//! A frame goes through these stations: [`serve`](self) reads it, [`record`] writes it down, the rules of the [`script`] get
//! the first word ([`actions`]), then the control methods for tests and benchmarks ([`control`]), then what a healthy runtime
//! would answer ([`builtin`]). Everything that leaves goes through [`conn`]. With
//! `--adversary` each message that comes or goes may be spoilt ([`adversary`]).

mod actions;
mod adversary;
mod anything;
mod builtin;
mod conn;
mod control;
mod flood;
mod options;
mod questions;
mod record;
mod script;
mod serve;
mod session;
mod state;

pub use script::{
    Action, Event, Expect, Flood, Notify, On, Raw, Reply, Request, Rule, RuntimeScript, WireError,
};

/// The whole program: reads options from the arguments and the environment, serves, and returns the exit code.
pub fn main() -> std::process::ExitCode {
    serve::main()
}
