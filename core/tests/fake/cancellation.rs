//! Whatever the program is busy with for the runtime ends at once when nobody wants the answer any more: every kind of
//! call, for every way in which a session can end.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{call, fake_client};
use async_trait::async_trait;
use copilot_core::handlers::{
    AutoModeSwitchHandler, AutoModeSwitchRequest, CallContext, CanvasHandler, CommandContext, CommandHandler,
    ElicitationHandler, ElicitationRequest, ExitPlanModeHandler, ExitPlanModeRequest, FactoryExecution,
    FactoryHandler, GitHubTokenAnswer, GitHubTokenHandler, GitHubTokenRequest, HookHandler, HookInput,
    McpAuthHandler, McpAuthRequest, PermissionDecision, PermissionHandler, PermissionRequest,
    ProviderTokenHandler, SessionFsHandler, SkillProviderHandler, ToolHandler, ToolInvocation, ToolResult,
    TransformHandler, UserInputAnswer, UserInputHandler, UserInputRequest,
};
use copilot_core::{Client, Handlers, Result, Session, SessionConfig, SessionSpec};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const LIMIT: Duration = Duration::from_secs(60);

/// A handler that never answers; says when it begins and when it is dropped.
struct Never(UnboundedSender<&'static str>);

struct Working(UnboundedSender<&'static str>);

impl Drop for Working {
    fn drop(&mut self) {
        let _ = self.0.send("ended");
    }
}

impl Never {
    async fn work<T>(&self) -> T {
        let _working = Working(self.0.clone());
        let _ = self.0.send("begun");
        std::future::pending().await
    }
}

macro_rules! never {
    ($($handler:ident :: $name:ident ( $($argument:ty),* ) -> $answer:ty;)*) => {
        $(#[async_trait]
        impl $handler for Never {
            async fn $name(&self, $(_: $argument),*) -> Result<$answer> {
                self.work().await
            }
        })*
    };
}

never! {
    ToolHandler::call(&CallContext, ToolInvocation) -> ToolResult;
    PermissionHandler::decide(&CallContext, PermissionRequest) -> PermissionDecision;
    UserInputHandler::ask(&CallContext, UserInputRequest) -> UserInputAnswer;
    ExitPlanModeHandler::decide(&CallContext, ExitPlanModeRequest) -> Value;
    AutoModeSwitchHandler::decide(&CallContext, AutoModeSwitchRequest) -> String;
    ElicitationHandler::fill(&CallContext, ElicitationRequest) -> Value;
    McpAuthHandler::authorize(&CallContext, McpAuthRequest) -> Value;
    HookHandler::run(&CallContext, HookInput) -> Value;
    CommandHandler::run(&CallContext, CommandContext) -> ();
    TransformHandler::transform(&CallContext, &str, &str) -> String;
    ProviderTokenHandler::token(&CallContext, &str) -> String;
    SessionFsHandler::call(&CallContext, &str, Map<String, Value>) -> Value;
    CanvasHandler::call(&CallContext, &str, Map<String, Value>) -> Value;
    GitHubTokenHandler::token(&CallContext, GitHubTokenRequest) -> GitHubTokenAnswer;
    FactoryHandler::execute(&CallContext, FactoryExecution) -> Option<Value>;
}

#[async_trait]
impl SkillProviderHandler for Never {
    async fn list(&self, _: &CallContext) -> Result<Value> {
        self.work().await
    }

    async fn read(&self, _: &CallContext, _: &str) -> Result<Option<String>> {
        self.work().await
    }
}

fn handlers(never: &Arc<Never>) -> Handlers {
    macro_rules! named {
        ($name:expr) => {
            [($name.to_owned(), Arc::clone(never) as _)].into()
        };
    }
    macro_rules! one {
        () => {
            Some(Arc::clone(never) as _)
        };
    }
    Handlers {
        tools: named!("t"),
        permission: one!(),
        permission_on_resume: None,
        user_input: one!(),
        exit_plan_mode: one!(),
        auto_mode_switch: one!(),
        elicitation: one!(),
        mcp_auth: one!(),
        hooks: named!("preToolUse"),
        commands: named!("c"),
        transforms: named!("tone"),
        provider_tokens: named!("p"),
        session_fs: one!(),
        canvas: one!(),
        factories: named!("f"),
        skill_provider: one!(),
        github_token: one!(),
    }
}

/// What makes the runtime ask: an event, or a request. The second member says whether an abort of the turn ends it.
fn asked() -> Vec<(&'static str, bool, Value)> {
    let event = |kind: &str, data: Value| json!({"event": {"type": kind, "data": data}});
    let request = |method: &str, params: Value| json!({"method": method, "params": params});
    vec![
        (
            "tool",
            true,
            event("external_tool.requested", json!({"requestId": "1", "toolName": "t", "toolCallId": "c"})),
        ),
        (
            "permission",
            true,
            event("permission.requested", json!({"requestId": "2", "permissionRequest": {"kind": "shell"}})),
        ),
        ("elicitation", false, event("elicitation.requested", json!({"requestId": "3", "message": "m"}))),
        (
            "mcpAuth",
            false,
            event("mcp.oauth_required", json!({"requestId": "4", "serverName": "s", "serverUrl": "u"})),
        ),
        (
            "command",
            false,
            event(
                "command.execute",
                json!({"requestId": "5", "command": "/c", "commandName": "c", "args": ""}),
            ),
        ),
        ("userInput", true, request("userInput.request", json!({"question": "q"}))),
        (
            "exitPlanMode",
            true,
            request("exitPlanMode.request", json!({"summary": "s", "actions": [], "recommendedAction": "x"})),
        ),
        ("autoModeSwitch", true, request("autoModeSwitch.request", json!({}))),
        ("hook", true, request("hooks.invoke", json!({"hookType": "preToolUse", "input": {}}))),
        (
            "transform",
            false,
            request("systemMessage.transform", json!({"sections": {"tone": {"content": "x"}}})),
        ),
        ("providerToken", false, request("providerToken.getToken", json!({"providerName": "p"}))),
        ("sessionFs", false, request("sessionFs.readFile", json!({"path": "/x"}))),
        (
            "canvas",
            false,
            request("canvas.close", json!({"extensionId": "e", "canvasId": "c", "instanceId": "i"})),
        ),
        (
            "factory",
            false,
            request("factory.execute", json!({"name": "f", "runId": "r", "executionToken": "t", "args": {}})),
        ),
        ("skillProvider", false, request("skillProvider.read", json!({"name": "x"}))),
    ]
}

/// Makes the runtime ask one thing and waits until the handler is at work.
async fn provoke(
    client: &Client,
    session: &Session,
    ask: &Value,
    told: &mut UnboundedReceiver<&'static str>,
    name: &str,
) {
    let id = session.id();
    if let Some(event) = ask.get("event") {
        call(client, "fake.emit", json!({"sessionId": &*id, "event": event})).await;
    } else {
        let mut params = ask["params"].clone();
        params["sessionId"] = (*id).into();
        let (client, ask) = (client.clone(), json!({"method": ask["method"], "params": params}));
        tokio::spawn(async move { client.call("fake.request", &ask.to_string()).await });
    }
    let begun = tokio::time::timeout(LIMIT, told.recv()).await;
    assert_eq!(begun.unwrap_or_else(|_| panic!("{name}: the handler was not called")), Some("begun"));
}

async fn ended(told: &mut UnboundedReceiver<&'static str>, what: &str) {
    let ended = tokio::time::timeout(LIMIT, told.recv()).await;
    assert_eq!(ended.unwrap_or_else(|_| panic!("{what}: the handler went on")), Some("ended"));
}

async fn session(client: &Client) -> (Session, UnboundedReceiver<&'static str>) {
    let (sender, told) = unbounded_channel();
    let mut spec = SessionSpec::new(SessionConfig::default());
    spec.handlers = handlers(&Arc::new(Never(sender)));
    (client.create_session(spec).await.unwrap(), told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnected_session_wants_no_answers() {
    let client = fake_client(json!({}));
    client.start().await.unwrap();
    for (name, _, ask) in asked() {
        let (session, mut told) = session(&client).await;
        provoke(&client, &session, &ask, &mut told, name).await;
        session.disconnect().await.unwrap();
        ended(&mut told, name).await;
    }
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_client_wants_no_answers() {
    for forced in [false, true] {
        let client = fake_client(json!({}));
        client.start().await.unwrap();
        let mut all = Vec::new();
        for (name, _, ask) in asked() {
            let (session, mut told) = session(&client).await;
            provoke(&client, &session, &ask, &mut told, name).await;
            all.push((name, told, session));
        }
        if forced {
            client.force_stop().await;
        } else {
            client.stop().await;
        }
        for (name, mut told, _session) in all {
            ended(&mut told, name).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aborted_turn_ends_what_was_asked_for_it_and_nothing_else() {
    let client = fake_client(json!({}));
    client.start().await.unwrap();
    for (name, of_the_turn, ask) in asked() {
        let (session, mut told) = session(&client).await;
        provoke(&client, &session, &ask, &mut told, name).await;
        let mut events = session.events();
        let abort = json!({"type": "abort", "data": {"reason": "user_initiated"}});
        call(&client, "fake.emit", json!({"sessionId": &*session.id(), "event": abort})).await;
        events.next().await.unwrap();
        if of_the_turn {
            ended(&mut told, name).await;
        } else {
            call(&client, "ping", json!({})).await;
            assert!(told.try_recv().is_err(), "{name} does not belong to the turn");
        }
        session.disconnect().await.unwrap();
    }
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_somebody_else_ends_ones_own_work() {
    let client = fake_client(json!({}));
    client.start().await.unwrap();
    for (index, completed) in [(0, "external_tool.completed"), (1, "permission.completed")] {
        let (session, mut told) = session(&client).await;
        let (name, _, ask) = asked().swap_remove(index);
        provoke(&client, &session, &ask, &mut told, name).await;
        let data = json!({"requestId": ask["event"]["data"]["requestId"], "result": {"kind": "approved"}});
        let event = json!({"type": completed, "data": data});
        call(&client, "fake.emit", json!({"sessionId": &*session.id(), "event": event})).await;
        ended(&mut told, name).await;
        session.disconnect().await.unwrap();
    }
    client.stop().await;
}
