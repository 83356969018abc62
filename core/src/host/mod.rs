//! The one entrance for foreign languages. What programs of one language see (the Python package, the Node package, the C
//! library) is called a door; all of them stand on this module. Operations go in as JSON, everything the user sees comes
//! out of one ordered queue. The contract is in `docs/host.md`.

mod adapter;
mod answers;
mod calls;
mod client;
mod delivery;
mod engine;
mod envelope;
mod inbox;
mod kinds;
mod llm;
mod llm_answer;
mod make;
mod messages;
mod ops;
mod plain;
mod request;
mod served;
mod session;
mod shapes;
mod shared;
pub mod utf16;

pub use crate::client::new_session_id;
pub use crate::runtime::{Around, around_start};
pub use crate::session::Counters;
pub use client::HostClient;
pub use delivery::{CallError, CallId, Delivery, SessionKey, Ticket};
pub use envelope::{EventParts, Part, data_range};
pub use inbox::Waker;
pub use kinds::CallKind;
pub use shapes::{Shaped, Shapes};

/// [`tool_result_of_mcp`](crate::handlers::tool_result_of_mcp) from JSON text to JSON text.
///
/// # Errors
/// `InvalidArgument` when it is no JSON.
pub fn tool_result_of_mcp(result_json: &str) -> crate::Result<String> {
    let result = crate::protocol::json::parse_as("result", result_json.as_bytes())?;
    Ok(crate::handlers::tool_result_of_mcp(&result).to_string())
}
