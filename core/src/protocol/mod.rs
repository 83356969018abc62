//! Data of the wire, usable by every layer. No behaviour lives here.

pub(crate) mod common;
pub(crate) mod event;
#[cfg(feature = "types")]
pub mod generated;
pub(crate) mod json;
pub(crate) mod marks;
pub mod method;
pub(crate) mod mistyped;
pub(crate) mod notification;
pub(crate) mod options;
pub(crate) mod place;
pub(crate) mod scan;
pub(crate) mod session_spec;
pub(crate) mod shape;
pub(crate) mod system_message;
pub(crate) mod time;
pub(crate) mod tool_spec;
pub(crate) mod version;
