//! Functions that `cargo xtask gen` writes.

mod calls;
mod handlers;
