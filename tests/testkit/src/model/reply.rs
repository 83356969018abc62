//! Replies as completion JSON: which reply a request gets, and its stream of chunks or its one object.

use serde_json::{Map, Value, json};

use super::script::{ModelReply, ModelScript, ModelToolCall, When, last_message, offers_tool};
use crate::text;

/// Takes the reply for request number `nth` out of the script. `None` when the script is strict and nothing fits.
pub(super) fn choose(script: &mut ModelScript, request: &Value, nth: usize) -> Option<ModelReply> {
    let fits = |reply: &ModelReply| reply.when.as_ref().is_none_or(|when: &When| when.fits(request, nth));
    match script.replies.iter().position(fits) {
        Some(index) if script.replies[index].repeat => Some(script.replies[index].clone()),
        Some(index) => Some(script.replies.remove(index)),
        None if script.strict => None,
        None => Some(built_in(request, script.demo)),
    }
}

/// What the model says when nothing is scripted: enough for a conversation with one tool call in it.
fn built_in(request: &Value, demo: bool) -> ModelReply {
    let (role, text) = last_message(request);
    match role {
        "user" if demo && offers_tool(request, "get_weather") => {
            ModelReply::tool_call("get_weather", json!({"city": "Paris"}))
        }
        "tool" => ModelReply::text(["The tool ", "said: ", text.as_str()]),
        _ => ModelReply::text(["You ", "said: ", user_text(&text)]),
    }
}

/// What the user wrote, without the lines that the runtime puts in front of it.
fn user_text(text: &str) -> &str {
    match text.split_once("</current_datetime>") {
        Some((_, rest)) => rest.trim_start(),
        None => text,
    }
}

fn usage(reply: &ModelReply) -> Value {
    let mut usage: Map<String, Value> = reply.usage.clone().unwrap_or_default();
    let number = |usage: &Map<String, Value>, key: &str, default| {
        usage.get(key).and_then(Value::as_u64).unwrap_or(default)
    };
    let (input, output) = (number(&usage, "prompt_tokens", 10), number(&usage, "completion_tokens", 5));
    usage.entry("prompt_tokens").or_insert(input.into());
    usage.entry("completion_tokens").or_insert(output.into());
    usage.entry("total_tokens").or_insert((input + output).into());
    Value::Object(usage)
}

fn tool_call(index: usize, call: &ModelToolCall) -> Value {
    let arguments = call.arguments.as_str().map_or_else(|| call.arguments.to_string(), str::to_owned);
    let id = call.id.clone().unwrap_or_else(|| format!("call_{}", text::uuid().replace('-', "")));
    json!({"index": index, "id": id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
}

fn finish_reason(reply: &ModelReply) -> &'static str {
    if reply.tool_calls.is_empty() { "stop" } else { "tool_calls" }
}

fn head(kind: &str, request: &Value) -> Value {
    json!({
        "id": format!("chatcmpl-{}", text::uuid()),
        "object": kind,
        "created": text::unix_micros() / 1_000_000,
        "model": request.get("model").cloned().unwrap_or_else(|| "scripted".into()),
    })
}

/// The chunks of a streamed answer, the last of which carries the usage.
pub(super) fn chunks(reply: &ModelReply, request: &Value) -> Vec<Value> {
    let head = head("chat.completion.chunk", request);
    let chunk = |delta: Value, finish: Option<&str>| {
        let mut chunk = head.clone();
        chunk["choices"] = json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
        chunk
    };
    let mut chunks = vec![chunk(json!({"role": "assistant", "content": ""}), None)];
    chunks.extend(reply.deltas().into_iter().map(|text| chunk(json!({"content": text}), None)));
    for (index, call) in reply.tool_calls.iter().enumerate() {
        chunks.push(chunk(json!({"tool_calls": [tool_call(index, call)]}), None));
    }
    let mut last = chunk(json!({}), Some(finish_reason(reply)));
    last["usage"] = usage(reply);
    chunks.push(last);
    chunks
}

/// The answer in one object.
pub(super) fn completion(reply: &ModelReply, request: &Value) -> Value {
    let mut message = json!({"role": "assistant", "content": reply.deltas().concat()});
    if !reply.tool_calls.is_empty() {
        message["tool_calls"] =
            reply.tool_calls.iter().enumerate().map(|(i, call)| tool_call(i, call)).collect();
    }
    let mut body = head("chat.completion", request);
    body["choices"] = json!([{"index": 0, "message": message, "finish_reason": finish_reason(reply)}]);
    body["usage"] = usage(reply);
    body
}
