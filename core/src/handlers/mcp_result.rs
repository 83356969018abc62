//! Results of MCP tools as results of tools of the host.

use serde_json::{Map, Value, json};

/// What a blob is when its server does not say.
const UNKNOWN_MIME: &str = "application/octet-stream";

/// Turns the result of an MCP `tools/call` into a [tool result](super::ToolResult::Object): texts are joined by newlines;
/// images, audio and embedded blobs become `binaryResultsForLlm`. Blocks without content, and of unknown types, are
/// left out.
#[must_use]
pub fn tool_result_of_mcp(result: &Value) -> Value {
    let mut texts = Vec::new();
    let mut binaries = Vec::new();
    for block in result.get("content").and_then(Value::as_array).into_iter().flatten() {
        let member = |name: &str| filled(block, name);
        match block.get("type").and_then(Value::as_str) {
            Some("text") => texts.extend(member("text")),
            Some(kind @ ("image" | "audio")) => {
                if let (Some(data), Some(mime)) = (member("data"), member("mimeType")) {
                    // The runtime knows images and resources.
                    let kind = if kind == "image" { kind } else { "resource" };
                    binaries.push(json!({"data": data, "mimeType": mime, "type": kind}));
                }
            }
            Some("resource") => {
                let resource = block.get("resource").unwrap_or(&Value::Null);
                texts.extend(filled(resource, "text"));
                binaries.extend(blob(resource));
            }
            _ => {}
        }
    }
    let failed = !matches!(result.get("isError"), None | Some(Value::Null | Value::Bool(false)));
    let mut converted = Map::new();
    converted.insert("textResultForLlm".to_owned(), texts.join("\n").into());
    converted.insert("resultType".to_owned(), if failed { "failure" } else { "success" }.into());
    if !binaries.is_empty() {
        converted.insert("binaryResultsForLlm".to_owned(), binaries.into());
    }
    converted.into()
}

/// A text member that is there and not empty.
fn filled<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn blob(resource: &Value) -> Option<Value> {
    let data = filled(resource, "blob")?;
    let mut binary = json!({
        "data": data,
        "mimeType": filled(resource, "mimeType").unwrap_or(UNKNOWN_MIME),
        "type": "resource",
    });
    if let Some(uri) = filled(resource, "uri") {
        binary["description"] = uri.into();
    }
    Some(binary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content: Value) -> Value {
        tool_result_of_mcp(&json!({"content": content}))
    }

    #[test]
    fn texts_and_binaries() {
        let result = of(json!([
            {"type": "text", "text": "a"},
            {"type": "resource", "resource": {"uri": "file:///x", "text": "b"}},
            {"type": "image", "data": "aQ==", "mimeType": "image/png"},
            {"type": "audio", "data": "YQ==", "mimeType": "audio/wav"},
            {"type": "resource", "resource": {"uri": "file:///y", "blob": "Yg=="}},
            {"type": "of the future", "text": "?"},
        ]));
        let expected = json!({
            "textResultForLlm": "a\nb",
            "resultType": "success",
            "binaryResultsForLlm": [
                {"data": "aQ==", "mimeType": "image/png", "type": "image"},
                {"data": "YQ==", "mimeType": "audio/wav", "type": "resource"},
                {"data": "Yg==", "mimeType": "application/octet-stream", "type": "resource", "description": "file:///y"},
            ],
        });
        assert_eq!(result, expected);
    }

    #[test]
    fn what_is_missing_is_left_out() {
        let nothing = json!({"textResultForLlm": "", "resultType": "success"});
        for block in [
            json!({"type": "text"}),
            json!({"type": "text", "text": null}),
            json!({"type": "image", "data": "aQ=="}),
            json!({"type": "image", "mimeType": "image/png"}),
            json!({"type": "audio", "data": "", "mimeType": "audio/wav"}),
            json!({"type": "resource"}),
            json!({"type": "resource", "resource": null}),
            json!({"type": "resource", "resource": {"uri": "x"}}),
            json!({"text": "without a type"}),
            json!(5),
        ] {
            assert_eq!(of(json!([block])), nothing, "{block}");
        }
        assert_eq!(tool_result_of_mcp(&Value::Null), nothing);
        for mime in [json!(null), json!("")] {
            let binary = &of(
                json!([{"type": "resource", "resource": {"blob": "Yg==", "mimeType": mime, "uri": null}}]),
            )["binaryResultsForLlm"][0];
            assert_eq!(*binary, json!({"data": "Yg==", "mimeType": UNKNOWN_MIME, "type": "resource"}));
        }
    }

    #[test]
    fn errors_are_failures() {
        for (mark, kind) in [
            (json!(true), "failure"),
            (json!(1), "failure"),
            (json!(false), "success"),
            (json!(null), "success"),
        ] {
            assert_eq!(tool_result_of_mcp(&json!({"isError": mark}))["resultType"], kind);
        }
    }
}
