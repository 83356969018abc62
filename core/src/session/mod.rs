//! Sessions: the user's handle, the fold over events, waiting for turns.

mod core;
mod handle;
mod helpers;
mod leave;
mod observe;
mod once;
mod state;
mod stream;
#[cfg(feature = "structured")]
mod structured;
mod subscribers;
mod turn;
mod ui;
mod until;
mod wait;

pub(crate) use self::core::{Lasts, Reactions, SessionCore, SessionOwner, WorkId};
pub use handle::Session;
pub use helpers::{LogOptions, ModelChoice};
pub(crate) use leave::leave;
pub(crate) use once::without_wait;
pub(crate) use stream::EventSink;
pub(crate) use stream::Meter;
pub use stream::{Counters, EventStream};
#[cfg(feature = "structured")]
pub use structured::{Structured, StructuredOptions};
pub use ui::ElicitationAnswer;
pub(crate) use ui::Question;
pub use until::Until;
pub use wait::WaitOptions;
pub(crate) use wait::Waiting;
