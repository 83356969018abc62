//! The C door: `libcopilot`. It stands on [`copilot_core::host`] and holds no behaviour of its own.
//!
//! ```text
//! client, session, config, call, op, cancel, error, text   what C sees, one idea per file
//! driver, pump                                             who runs callbacks, and when
//! handle, input, user_data, boundary                       why C cannot hurt us
//! ```
//!
//! Every exported function goes through [`boundary`](mod@boundary), takes handles that are looked up and never
//! dereferenced, and reports by an owned error object. The public header `include/copilot.h` is generated from here.

// Talking to C needs raw pointers. The crate is the only place of the workspace where that is so; every block
// says why it is sound.
#![allow(unsafe_code)]
#![deny(unsafe_op_in_unsafe_fn)]
// C names are C style: `copilot_client`, not `CopilotClient`.
#![allow(non_camel_case_types)]
// The contract of pointer arguments is written once, in the header's introduction, and not per function.
#![allow(clippy::missing_safety_doc)]
// The exported surface is `#[no_mangle]`; nothing is meant to be reached by path.
#![allow(unreachable_pub)]

mod boundary;
mod call;
mod call_args;
mod cancel;
mod client;
mod client_calls;
mod client_object;
mod code;
mod config;
mod driver;
mod error;
mod error_object;
mod event_fields;
mod event_header;
mod fork;
mod generated;
mod handle;
mod input;
mod json;
mod kinds;
mod log;
mod op;
mod opaque;
mod options;
mod pointer;
mod pump;
mod session;
mod session_calls;
mod session_entry;
mod session_object;
mod session_tools;
mod signals;
mod sync;
mod text;
mod text_object;
mod user_data;
mod version;
mod wait;
mod wake;
