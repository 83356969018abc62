//! What a runtime asks and tells, with the members that it really sends. `$id` is one of a few ids, so that the same id comes
//! more than once; `$hostId`, `$registrationId` and the like are what the SDK itself sent last under that name.

/// Requests that an SDK serves, and some that none does.
pub(super) const ASKED: &[(&str, &str)] = &[
    ("userInput.request", r#"{"question":"which?","choices":["a","b"],"allowFreeform":true}"#),
    ("hooks.invoke", r#"{"hookType":"preToolUse","input":{"toolName":"t","toolArgs":{},"cwd":"/"}}"#),
    ("hooks.invoke", r#"{"hookType":"sessionStart","input":{"source":"new","cwd":"/","timestamp":1}}"#),
    ("exitPlanMode.request", r#"{"summary":"s","actions":["a"],"recommendedAction":"a","planContent":"p"}"#),
    ("autoModeSwitch.request", r#"{"errorCode":"rate_limited","retryAfterSeconds":1.5}"#),
    ("systemMessage.transform", r#"{"sections":{"tone":{"content":"be brief"},"other":{"content":""}}}"#),
    ("sessionFs.readFile", r#"{"path":"/a"}"#),
    ("sessionFs.readFileBytes", r#"{"path":"/a"}"#),
    ("sessionFs.writeFile", r#"{"path":"/a","content":"text","mode":420}"#),
    ("sessionFs.writeFileBytes", r#"{"path":"/a","content":"AAEC"}"#),
    ("sessionFs.appendFile", r#"{"path":"/a","content":"text"}"#),
    ("sessionFs.exists", r#"{"path":"/a"}"#),
    ("sessionFs.stat", r#"{"path":"/a"}"#),
    ("sessionFs.mkdir", r#"{"path":"/d","recursive":true}"#),
    ("sessionFs.readdir", r#"{"path":"/"}"#),
    ("sessionFs.readdirWithTypes", r#"{"path":"/"}"#),
    ("sessionFs.rm", r#"{"path":"/a","recursive":true,"force":false}"#),
    ("sessionFs.rename", r#"{"src":"/a","dest":"/b"}"#),
    ("sessionFs.sqliteQuery", r#"{"query":"select 1","queryType":"query","params":{}}"#),
    ("sessionFs.sqliteTransaction", r#"{"statements":[{"query":"select 1","queryType":"query"}]}"#),
    ("sessionFs.sqliteExists", "{}"),
    (
        "llmInference.httpRequestStart",
        r#"{"requestId":"$id","method":"POST","url":"http://127.0.0.1:1/v1","headers":{"a":["b"]},"transport":"http"}"#,
    ),
    (
        "llmInference.httpRequestStart",
        r#"{"requestId":"$id","method":"GET","url":"ws://127.0.0.1:1/v1","headers":{},"transport":"websocket"}"#,
    ),
    ("llmInference.httpRequestChunk", r#"{"requestId":"$id","data":"{}","binary":false,"end":true}"#),
    ("llmInference.httpRequestChunk", r#"{"requestId":"$id","data":"AAEC","binary":true}"#),
    (
        "llmInference.httpRequestChunk",
        r#"{"requestId":"$id","data":"","cancel":true,"cancelReason":"enough"}"#,
    ),
    ("canvas.open", r#"{"extensionId":"e","canvasId":"c","instanceId":"$id","input":{}}"#),
    ("canvas.close", r#"{"extensionId":"e","canvasId":"c","instanceId":"$id"}"#),
    (
        "canvas.action.invoke",
        r#"{"extensionId":"e","canvasId":"c","instanceId":"$id","actionName":"a","input":1}"#,
    ),
    ("factory.execute", r#"{"name":"f","runId":"$id","executionToken":"$id","args":{}}"#),
    ("factory.abort", r#"{"runId":"$id","executionToken":"$id"}"#),
    ("workflow.execute", r#"{"name":"f","runId":"$id","executionToken":"$id","args":{}}"#),
    ("workflow.abort", r#"{"runId":"$id","executionToken":"$id"}"#),
    ("tasks.cancel", r#"{"id":"$id","clientTaskId":"$id","cancellationId":"$id","reason":"user"}"#),
    ("providerToken.getToken", r#"{"providerName":"default"}"#),
    (
        "gitHubToken.getToken",
        r#"{"registrationId":"$registrationId","host":"github.com","reason":"refresh"}"#,
    ),
    ("extensionLaunchProvider.resolve", r#"{"id":"e","name":"e","modulePath":"/e.mjs","source":"user"}"#),
    (
        "installations.confirm",
        r#"{"confirmationId":"$id","operationId":"$id","reviewFingerprint":"f","review":{"kind":"mcp"}}"#,
    ),
    ("skillProvider.list", "{}"),
    ("skillProvider.read", r#"{"name":"s"}"#),
    ("uiThread.run", r#"{"actionId":1}"#),
    (
        "host.materializeSession",
        r#"{"hostId":"$hostId","handoffId":"$id","config":{"sessionId":"$sessionId"},"resume":false,"authentication":{"mode":"none"}}"#,
    ),
    ("host.validateAuthentication", r#"{"hostId":"$hostId","requestId":"$id","token":"secret"}"#),
    ("tool.call", r#"{"toolName":"t","arguments":{}}"#),
    ("permission.request", r#"{"permissionRequest":{"kind":"shell"}}"#),
    ("session.event", r#"{"event":{"type":"session.idle","data":{}}}"#),
    ("no.such.method", "{}"),
    ("", "{}"),
];

/// Notifications.
pub(super) const TOLD: &[(&str, &str)] = &[
    ("session.lifecycle", r#"{"type":"session.created","metadata":{"startTime":"2026-01-01T00:00:00Z"}}"#),
    ("gitHubTelemetry.event", r#"{"restricted":false,"event":{"kind":"k"}}"#),
    ("host.authenticationCancelled", r#"{"hostId":"$hostId","requestId":"$id"}"#),
    ("host.sessionReleased", r#"{"hostId":"$hostId","handoffId":"$id"}"#),
    ("host.exited", r#"{"hostId":"$hostId","reason":"disposed","exitCode":0}"#),
    ("log", r#"{"level":"info","message":"m"}"#),
    ("$/cancelRequest", r#"{"id":1}"#),
    ("no.such.news", "{}"),
    ("", "{}"),
];

/// Events of a session.
pub(super) const EVENTS: &[(&str, &str)] = &[
    (
        "external_tool.requested",
        r#"{"requestId":"$id","sessionId":"$sessionId","toolCallId":"c","toolName":"t","arguments":{"value":1}}"#,
    ),
    ("external_tool.completed", r#"{"requestId":"$id"}"#),
    (
        "permission.requested",
        r#"{"requestId":"$id","permissionRequest":{"kind":"shell","fullCommandText":"ls","toolCallId":"c"}}"#,
    ),
    ("permission.completed", r#"{"requestId":"$id","result":{"kind":"approved"}}"#),
    (
        "elicitation.requested",
        r#"{"requestId":"$id","message":"m","mode":"form","requestedSchema":{"type":"object","properties":{}}}"#,
    ),
    (
        "mcp.oauth_required",
        r#"{"requestId":"$id","serverName":"s","serverUrl":"http://127.0.0.1:1/mcp","reason":"initial"}"#,
    ),
    ("command.execute", r#"{"requestId":"$id","command":"/c x","commandName":"c","args":"x"}"#),
    ("assistant.message", r#"{"messageId":"$id","content":"hello","toolRequests":[]}"#),
    ("assistant.message_delta", r#"{"messageId":"$id","deltaContent":"h"}"#),
    ("session.idle", r#"{"aborted":false}"#),
    ("session.error", r#"{"errorType":"quota","message":"quota exceeded"}"#),
    ("session.shutdown", r#"{"shutdownType":"routine"}"#),
    ("session.canvas.opened", r#"{"instanceId":"$id","canvasId":"c","extensionId":"e"}"#),
    ("abort", r#"{"reason":"user_initiated"}"#),
    ("capabilities.changed", r#"{"ui":{"elicitation":true}}"#),
    ("user.message", r#"{"content":"c","messageId":"$id"}"#),
    ("from.the.future", "{}"),
    ("", "{}"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    #[test]
    fn params_are_objects() {
        for (name, params) in [ASKED, TOLD, EVENTS].into_iter().flatten() {
            assert!(serde_json::from_str::<Map<String, Value>>(params).is_ok(), "{name}: {params}");
        }
    }
}
