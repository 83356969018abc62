//! Starts or joins a runtime and gives its byte streams: a child on stdio or TCP, or a socket somebody else serves.

mod checks;
mod child;
mod client_handlers;
mod client_options;
mod guard;
#[cfg(feature = "inprocess")]
#[allow(unsafe_code)]
mod inprocess;
#[cfg(not(feature = "inprocess"))]
#[path = "inprocess_absent.rs"]
mod inprocess;
mod launch;
mod locate;
mod loss;
pub(crate) mod options;
mod starting;
mod tcp;
mod uri;

pub(crate) use child::ChildProcess;
pub use client_handlers::ClientHandlers;
pub use client_options::ClientOptions;
pub(crate) use inprocess::Hosted;
pub(crate) use launch::{LaunchPlan, Launched, launch};
pub(crate) use locate::resolve;
pub(crate) use loss::{Loss, diagnose};
pub use starting::{Around, around_start};
pub(crate) use uri::parse_uri;
