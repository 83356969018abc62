//! What the programs share that measure the engine through its public interface.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use copilot_core::{
    Error, ErrorKind, EventStream, Result, SessionConfig, SessionSpec, ToolSpec,
    handlers::{ApproveAll, CallContext, ToolHandler, ToolInvocation, ToolResult},
};

use crate::{Delta, Seen};

/// A tool that counts its calls and answers at once.
struct Answer(Arc<AtomicUsize>);

#[async_trait]
impl ToolHandler for Answer {
    async fn call(&self, _: &CallContext, _: ToolInvocation) -> Result<ToolResult> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok("ok".into())
    }
}

/// A session that streams, approves everything and has one tool, whose calls are counted.
#[must_use]
pub fn spec(tool_calls: &Arc<AtomicUsize>) -> SessionSpec {
    let tool = ToolSpec { name: "bench".into(), description: "Answers ok".into(), ..ToolSpec::default() };
    let config = SessionConfig { streaming: Some(true), tools: Some(vec![tool]), ..SessionConfig::default() };
    let mut spec = SessionSpec::new(config);
    spec.handlers.tools.insert("bench".into(), Arc::new(Answer(Arc::clone(tool_calls))));
    spec.handlers.permission = Some(Arc::new(ApproveAll));
    spec
}

/// Reads type and text of every event until the turn ends.
///
/// # Errors
/// When the text of a delta is no text.
pub async fn read_turn(events: &mut EventStream, seen: &mut Seen) -> Result<()> {
    while let Some(event) = events.next().await {
        match event.event_type() {
            "assistant.message_delta" => {
                let delta: Delta<'_> = serde_json::from_str(event.data_json()).map_err(failed)?;
                seen.take(&delta);
            }
            "session.idle" => break,
            _ => {}
        }
    }
    Ok(())
}

/// Anything that goes wrong, as an error of the engine.
#[must_use]
pub fn failed(error: impl ToString) -> Error {
    Error::new(ErrorKind::Internal, error.to_string())
}
