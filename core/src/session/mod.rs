//! Sessions: the user's handle, the fold over events, waiting for turns.

mod core;
mod handle;
mod helpers;
mod leave;
mod state;
mod stream;
mod turn;
mod ui;

pub(crate) use self::core::{SessionCore, SessionOwner};
pub use handle::{SendOptions, Session};
pub use helpers::{LogOptions, ModelChoice};
pub(crate) use leave::leave;
pub(crate) use stream::EventSink;
pub(crate) use stream::Meter;
pub use stream::{Counters, EventStream};
pub use ui::ElicitationAnswer;
