//! Handlers that misbehave cost their own answer and nothing else.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{call, fake_client, on_send};
use async_trait::async_trait;
use copilot_core::handlers::{
    CallContext, HookHandler, HookInput, PermissionDecision, PermissionHandler, PermissionRequest,
    ToolHandler, ToolInvocation, ToolResult, UserInputAnswer, UserInputHandler, UserInputRequest,
};
use copilot_core::{Result, SessionConfig, SessionSpec, ToolSpec};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

struct Panics;

#[async_trait]
impl ToolHandler for Panics {
    async fn call(&self, _: &CallContext, _: ToolInvocation) -> Result<ToolResult> {
        panic!("the tool panics on purpose")
    }
}

#[async_trait]
impl PermissionHandler for Panics {
    async fn decide(&self, _: &CallContext, _: PermissionRequest) -> Result<PermissionDecision> {
        panic!("the permission handler panics on purpose")
    }
}

#[async_trait]
impl UserInputHandler for Panics {
    async fn ask(&self, _: &CallContext, _: UserInputRequest) -> Result<UserInputAnswer> {
        panic!("the user input handler panics on purpose")
    }
}

#[async_trait]
impl HookHandler for Panics {
    async fn run(&self, _: &CallContext, _: HookInput) -> Result<Value> {
        panic!("the hook panics on purpose")
    }
}

fn with_tool(name: &str, handler: impl ToolHandler + 'static) -> SessionSpec {
    let tool = ToolSpec { name: name.to_owned(), ..ToolSpec::default() };
    let mut spec = SessionSpec::new(SessionConfig { tools: Some(vec![tool]), ..SessionConfig::default() });
    spec.handlers.tools.insert(name.to_owned(), Arc::new(handler));
    spec
}

fn tool_request(id: &str) -> Value {
    json!({"event": {"type": "external_tool.requested",
                     "data": {"requestId": id, "toolCallId": id, "toolName": "t", "arguments": {}}}})
}

/// Says which tools it was told of.
struct Finds;

#[async_trait]
impl ToolHandler for Finds {
    async fn call(&self, _: &CallContext, invocation: ToolInvocation) -> Result<ToolResult> {
        Ok(invocation.available_tools.map_or("nothing", |_| "tools").into())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_search_is_told_of_the_tools_if_the_runtime_tells() {
    let found = json!({"tools": [{"name": "builtin:view"}]});
    for (reply, expected) in [
        (json!({"reply": {"result": found}}), "tools"),
        (json!({"reply": {"error": {"code": -32601, "message": "Unhandled method"}}}), "nothing"),
    ] {
        let mut asked = tool_request("r");
        asked["event"]["data"]["toolName"] = "tool_search_tool".into();
        let answered = json!({"expect": {"method": "session.tools.handlePendingToolCall"}});
        let idle = json!({"event": {"type": "session.idle", "data": {}}});
        let script = json!([
            {"on": {"method": "session.send"}, "do": [{"reply": "default"}, asked, answered, idle]},
            {"on": {"method": "session.tools.getCurrentMetadata"}, "do": [reply]},
        ]);
        let client = fake_client(script);
        let session = client.create_session(with_tool("tool_search_tool", Finds)).await.unwrap();
        session.send_and_wait("go", Duration::from_secs(20)).await.unwrap();
        let replies =
            call(&client, "fake.received", json!({"method": "session.tools.handlePendingToolCall"})).await;
        assert_eq!(replies["messages"][0]["params"]["result"], expected);
        client.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_costs_only_its_answer() {
    let client = fake_client(on_send(json!([
        tool_request("r1"),
        {"expect": {"method": "session.tools.handlePendingToolCall", "where": {"requestId": "r1"}}},
        {"event": {"type": "permission.requested",
                   "data": {"requestId": "p1", "permissionRequest": {"kind": "shell"}}}},
        {"expect": {"method": "session.permissions.handlePendingPermissionRequest"}},
        {"event": {"type": "session.idle", "data": {}, "ephemeral": true}},
    ])));
    let mut spec = with_tool("t", Panics);
    spec.handlers.permission = Some(Arc::new(Panics));
    spec.handlers.user_input = Some(Arc::new(Panics));
    spec.handlers.hooks.insert("preToolUse".to_owned(), Arc::new(Panics));
    let session = client.create_session(spec).await.unwrap();
    session.send_and_wait("go", Some(Duration::from_secs(60))).await.unwrap();
    let question = json!({"sessionId": &*session.id(), "question": "?"});
    let asked =
        call(&client, "fake.request", json!({"method": "userInput.request", "params": question})).await;
    assert!(asked["error"]["message"].as_str().unwrap().contains("panics on purpose"), "{asked}");
    let hook = json!({"sessionId": &*session.id(), "hookType": "preToolUse", "input": {}});
    let hooked = call(&client, "fake.request", json!({"method": "hooks.invoke", "params": hook})).await;
    assert_eq!(hooked["result"], json!({}), "a hook never breaks the session");
    let text = call(&client, "fake.received", json!({})).await.to_string();
    assert!(text.contains("the tool panics on purpose") && text.contains("user-not-available"), "{text}");
    assert!(client.stop().await.errors.is_empty());
}

/// Holds its thread, as careless handlers do, until the test lets go of it.
struct Blocks(Mutex<std::sync::mpsc::Receiver<()>>);

#[async_trait]
impl ToolHandler for Blocks {
    async fn call(&self, _: &CallContext, _: ToolInvocation) -> Result<ToolResult> {
        let _ = self.0.lock().unwrap().recv();
        Ok("late".into())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_handler_delays_nobody_else() {
    let client = fake_client(on_send(json!([tool_request("r1")])));
    let (release, held) = std::sync::mpsc::channel();
    let slow = client.create_session(with_tool("t", Blocks(Mutex::new(held)))).await.unwrap();
    let mut spec = SessionSpec::default();
    let mut events = spec.subscribe();
    let other = client.create_session(spec).await.unwrap();
    slow.send("block").await.unwrap();
    for n in 0..100 {
        let emit = json!({"sessionId": &*other.id(), "event": {"type": "test.tick", "data": {"n": n}}});
        call(&client, "fake.emit", emit).await;
        let event = events.next().await.unwrap();
        assert_eq!(event.data::<Value>().unwrap()["n"], n);
    }
    let answered = json!({"method": "session.tools.handlePendingToolCall"});
    assert_eq!(
        call(&client, "fake.received", answered).await["count"],
        0,
        "the handler blocked all the time"
    );
    drop(release);
    client.force_stop().await;
}

/// Tells when it runs, and when its future is dropped.
struct Hangs(tokio::sync::mpsc::UnboundedSender<&'static str>);

#[async_trait]
impl ToolHandler for Hangs {
    async fn call(&self, context: &CallContext, _: ToolInvocation) -> Result<ToolResult> {
        struct Tell(tokio::sync::mpsc::UnboundedSender<&'static str>, tokio_util::sync::CancellationToken);
        impl Drop for Tell {
            fn drop(&mut self) {
                assert!(self.1.is_cancelled(), "the context tells it too");
                let _nobody_listens = self.0.send("dropped");
            }
        }
        self.0.send("runs").unwrap();
        let _tell = Tell(self.0.clone(), context.cancel.clone());
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disconnecting_drops_running_handlers() {
    let client = fake_client(on_send(json!([tool_request("r1"), tool_request("r1"), tool_request("r2")])));
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let session = client.create_session(with_tool("t", Hangs(sender))).await.unwrap();
    session.send("go").await.unwrap();
    for _ in 0..2 {
        assert_eq!(tokio::time::timeout(LIMIT, told.recv()).await.unwrap(), Some("runs"));
    }
    call(&client, "ping", json!({"message": "the requests have arrived"})).await;
    session.disconnect().await.unwrap();
    for _ in 0..2 {
        assert_eq!(tokio::time::timeout(LIMIT, told.recv()).await.unwrap(), Some("dropped"));
    }
    assert!(told.recv().await.is_none(), "the request that came twice ran once, and the handler is gone");
    assert!(client.stop().await.errors.is_empty());
}
