//! Engine of copilot-native.
#![doc = ""]
pub mod error;
pub use error::{Error, ErrorKind, Result};
