//! The engine against the fake runtime: what a healthy one cannot be made to do. One program, since each takes a while to link;
//! tests that count processes, threads or descriptors, or listen to the log, have programs of their own beside it.

#[path = "../support/mod.rs"]
mod support;

mod ahp_hosts;
mod calls;
mod cancellation;
mod events;
#[cfg(feature = "forward")]
mod forward;
mod handlers;
mod helpers;
mod host;
mod host_cancel;
mod host_sessions;
#[cfg(feature = "types")]
mod lenient;
mod openings;
mod protocol_tables;
mod providers;
mod ui_thread;
mod wire_faults;
