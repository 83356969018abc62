//! JSON-RPC both ways over one byte stream.

mod age;
mod ages;
mod connection;
mod linger;
pub(crate) mod message;
mod outgoing;
mod pace;
mod responder;
mod withdrawn;

#[cfg(all(test, shuttle))]
pub(crate) use connection::model_tests::silent;
pub(crate) use connection::{Connection, Inbound};
pub(crate) use linger::linger_on_this_thread;
pub(crate) use responder::{INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, Responder};
pub(crate) use withdrawn::Withdrawable;
