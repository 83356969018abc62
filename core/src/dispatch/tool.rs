//! `external_tool.requested`: the model calls a tool of the user.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{guarded, member, reply, reply_text};
use crate::diagnostics::describe;
use crate::error::Result;
use crate::handlers::{ToolInvocation, ToolResult};
use crate::protocol::event::Event;
use crate::protocol::{json as text, method};
use crate::session::{Lasts, SessionCore, WorkId};

/// The built-in tool that finds other tools; a tool of the user may take its place.
const TOOL_SEARCH: &str = "tool_search_tool";

pub(super) fn requested(core: &Arc<SessionCore>, event: &Event) {
    let mut invocation = match event.data::<ToolInvocation>() {
        Ok(invocation) => invocation,
        Err(error) => return tracing::warn!(%error, "tool request ignored"),
    };
    if invocation.request_id.is_empty() || invocation.tool_name.is_empty() {
        return;
    }
    // Without a handler another client may own the tool.
    let Some(handler) = core.handlers().tools.get(&invocation.tool_name).cloned() else { return };
    if invocation.agent_id.is_none() {
        invocation.agent_id = event.header().ok().and_then(|header| header.agent_id);
    }
    // Work of sub-agents in the background outlives an aborted turn.
    let lasts = if invocation.agent_id.is_some() { Lasts::Session } else { Lasts::Turn };
    let (owner, request_id) = (Arc::clone(core), invocation.request_id.clone());
    tracing::Span::current()
        .record("request_id", &request_id)
        .record("tool", &invocation.tool_name)
        .record("tool_call_id", &invocation.tool_call_id);
    core.spawn_once(lasts, WorkId::Request(request_id.clone()), |context| async move {
        if invocation.tool_name == TOOL_SEARCH {
            invocation.available_tools = available_tools(&owner).await;
        }
        let outcome = guarded(handler.call(&context, invocation)).await;
        match answer(outcome) {
            Answer::Members(members) => {
                reply(&owner, method::SESSION_TOOLS_REPLY, &request_id, members).await;
            }
            Answer::Result(json) => {
                reply_text(&owner, method::SESSION_TOOLS_REPLY, &request_id, "result", &json).await;
            }
        }
    });
}

/// What the session's tools are now, for a tool that searches them; none when the runtime does not tell.
async fn available_tools(core: &SessionCore) -> Option<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Answer {
        tools: Option<Box<RawValue>>,
    }
    let params = json!({"sessionId": *core.id()}).to_string();
    let answer = core.connection().call(method::SESSION_TOOLS_METADATA, &params).await.ok()?;
    text::parse::<Answer>(&answer).ok()?.tools
}

/// What goes to the runtime.
enum Answer {
    Members(Map<String, Value>),
    /// The result as JSON text, which nobody has to read on the way.
    Result(String),
}

fn answer(outcome: Result<ToolResult>) -> Answer {
    let result = |value: Value| Answer::Members(member("result", value));
    match outcome {
        Ok(ToolResult::Text(text)) => result(text.into()),
        Ok(ToolResult::Object(object)) => result(object),
        Ok(ToolResult::Raw(raw)) => match serde_json::from_str::<&RawValue>(&raw).map(RawValue::get) {
            Ok("null") => result(nothing()),
            Ok(_) => Answer::Result(raw),
            Err(error) => Answer::Members(member(
                "error",
                format!("the tool's result is no JSON: {}", describe(&error)),
            )),
        },
        Ok(ToolResult::None) => result(nothing()),
        Err(error) => Answer::Members(member("error", error.message())),
    }
}

fn nothing() -> Value {
    json!({
        "textResultForLlm": "Tool returned no result.",
        "resultType": "failure",
        "error": "tool returned no result",
        "toolTelemetry": {},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    #[test]
    fn outcomes_on_the_wire() {
        let of = |outcome| match answer(outcome) {
            Answer::Members(members) => Value::Object(members),
            Answer::Result(json) => json!({"result": text::parse::<Value>(json.as_bytes()).unwrap()}),
        };
        assert_eq!(of(Ok("t".into())), json!({"result": "t"}));
        assert_eq!(of(Ok(ToolResult::Raw("\"t\"".into()))), json!({"result": "t"}));
        assert_eq!(of(Ok(ToolResult::None))["result"]["resultType"], "failure");
        assert_eq!(of(Ok(ToolResult::Raw("null".into())))["result"]["toolTelemetry"], json!({}));
        assert_eq!(of(Err(Error::new(ErrorKind::HandlerFailed, "secret"))), json!({"error": "secret"}));
        let full = json!({"textResultForLlm": "t", "resultType": "failure", "error": "E"});
        assert_eq!(of(Ok(ToolResult::Object(full.clone()))), json!({"result": full}));
    }
}
