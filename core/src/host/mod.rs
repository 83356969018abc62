//! The one door for foreign languages: operations go in as JSON, everything the user sees comes out of one ordered
//! queue. The contract is in `docs/host.md`.

mod adapter;
mod client;
mod delivery;
mod engine;
mod inbox;
mod llm;
mod messages;
mod ops;
mod request;

pub use crate::session::Counters;
pub use client::HostClient;
pub use delivery::{CallError, CallId, CallKind, Delivery, SessionKey, Ticket};
pub use inbox::Waker;
