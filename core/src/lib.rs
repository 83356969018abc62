//! The engine of copilot-native: a client of the GitHub Copilot agent runtime.
//!
//! The runtime is started as a child, or joined over a socket; conversations are [`Session`]s; what the agent does arrives
//! as [`Event`]s; what it asks is answered by [`Handlers`]. Foreign languages stand on [`host`].
//!
//! ```no_run
//! # async fn chat() -> copilot_core::Result<()> {
//! use copilot_core::{Client, ClientOptions, SessionConfig};
//!
//! let client = Client::new(ClientOptions::default())?;
//! let session = client.create_session(SessionConfig { model: Some("gpt-5".into()), ..Default::default() }).await?;
//! if let Some(answer) = session.send_and_wait("What is 2 + 2?", None).await? {
//!     println!("{}", answer.data_json());
//! }
//! client.stop().await;
//! # Ok(()) }
//! ```

mod client;
mod diagnostics;
mod dispatch;
pub mod error;
pub mod files;
#[cfg(feature = "forward")]
pub mod forward;
mod framing;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod handlers;
pub mod host;
mod protocol;
mod router;
mod rpc;
mod runtime;
mod session;
mod sync;
#[cfg(feature = "types")]
mod typed;

pub use client::{AhpAuthentication, AhpHost, AhpHostHandler, AhpHostOptions};
pub use client::{
    AuthStatus, Client, ConnectionState, LifecycleEvent, LifecycleMetadata, LifecycleStream, ModelInfo, Pong,
    RuntimeStatus, SessionContext, SessionListFilter, SessionMetadata, SessionSpec, StartInfo, StopReport,
};
pub use diagnostics::{ClientCounters, Diagnostics, StartRecord, StartTimings};
pub use error::{Error, ErrorKind, Reason, Result};
pub use handlers::{ClientCallbacks, Handlers};
pub use protocol::common::{CommandSpec, Mode, Secret};
pub use protocol::event::{Event, EventHeader};
#[cfg(feature = "types")]
pub use protocol::generated;
pub use protocol::method;
pub use protocol::options::{SendOptions, SessionConfig, ToolSpec};
pub use protocol::session_spec::TraceContext;
pub use runtime::options::{
    LeaseOptions, RuntimeConnection, SessionFsOptions, SessionFsStore, TelemetryConfig,
};
pub use runtime::{ClientHandlers, ClientOptions};
pub use session::{
    Counters, ElicitationAnswer, EventStream, LogOptions, ModelChoice, Session, Until, WaitOptions,
};
#[cfg(feature = "structured")]
pub use session::{Structured, StructuredOptions};

/// The program of the first page compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FirstPage;

/// And that of the first guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guides/first-program.md")]
struct FirstGuide;
