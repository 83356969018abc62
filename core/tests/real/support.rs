//! A program of the real runtime, the scripted model behind it, and handlers that answer by a closure and remember what
//! they were asked.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use copilot_core::handlers::{
    CallContext, CommandContext, CommandHandler, ElicitationHandler, ElicitationRequest, HookHandler,
    HookInput, PermissionDecision, PermissionHandler, PermissionRequest, ToolHandler, ToolInvocation,
    ToolResult, TransformHandler, UserInputAnswer, UserInputHandler, UserInputRequest,
};
use copilot_core::{
    Client, ClientOptions, Event, EventStream, Handlers, Result, RuntimeConnection, Session, SessionConfig,
    SessionSpec,
};
use copilot_testkit::ScriptedModel;
use copilot_testkit::model::ModelScript;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::SemaphorePermit;

/// How long anything may take on a loaded machine.
pub const LIMIT: Duration = Duration::from_secs(90);

/// How many runtimes run at a time: each takes some 200 MB.
static ROOM: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(3);

pub fn runtime() -> String {
    let path = std::env::var_os("COPILOT_CLI_PATH").filter(|path| !path.is_empty()).map(PathBuf::from);
    path.expect("COPILOT_CLI_PATH names no runtime: run make runtime").to_string_lossy().into_owned()
}

/// One test's model, state directory and place among the running tests.
pub struct World {
    pub model: ScriptedModel,
    pub home: TempDir,
    _room: SemaphorePermit<'static>,
}

impl World {
    pub async fn new(script: Value) -> Self {
        Self {
            model: ScriptedModel::start(ModelScript::from_value(script).unwrap()).unwrap(),
            home: tempfile::tempdir().unwrap(),
            _room: ROOM.acquire().await.unwrap(),
        }
    }

    pub fn options(&self) -> ClientOptions {
        ClientOptions {
            connection: Some(RuntimeConnection::Stdio { path: Some(runtime()), args: Vec::new(), env: None }),
            base_directory: Some(self.home.path().to_string_lossy().into_owned()),
            use_logged_in_user: Some(false),
            ..ClientOptions::default()
        }
    }

    pub fn tcp_options(&self, token: &str) -> ClientOptions {
        let connection = json!({"kind": "tcp", "path": runtime(), "connectionToken": token});
        ClientOptions { connection: Some(serde_json::from_value(connection).unwrap()), ..self.options() }
    }

    pub async fn client(&self) -> Client {
        let client = Client::new(self.options()).unwrap();
        client.start().await.unwrap();
        client
    }

    /// A session's configuration: the scripted model, and these members.
    pub fn config(&self, more: Value) -> SessionConfig {
        let mut config = json!({
            "model": "scripted",
            "provider": {"type": "openai", "baseUrl": self.model.base_url(), "apiKey": "none"},
        });
        let members = more.as_object().unwrap().clone();
        config.as_object_mut().unwrap().extend(members);
        serde_json::from_value(config).unwrap()
    }

    /// What travels together with the handlers; everything is allowed unless they say otherwise.
    pub fn spec(&self, more: Value, handlers: Handlers) -> SessionSpec {
        let mut spec = SessionSpec::new(self.config(more));
        spec.handlers = handlers;
        spec.handlers.permission.get_or_insert_with(|| Arc::new(copilot_core::handlers::ApproveAll));
        spec
    }

    /// The messages of the model's last request, as text.
    pub fn last_messages(&self) -> String {
        self.model.requests().last().map(|request| request["messages"].to_string()).unwrap_or_default()
    }

    /// The last message of the model's last request, as text.
    pub fn last_message(&self) -> String {
        let requests = self.model.requests();
        let messages = requests.last().and_then(|request| request["messages"].as_array()?.last().cloned());
        messages.unwrap_or_default().to_string()
    }

    /// The names of the tools that the last request offered.
    pub fn offered(&self) -> Vec<String> {
        let requests = self.model.requests();
        let tools = requests.last().and_then(|request| request["tools"].as_array().cloned());
        let names = tools.unwrap_or_default();
        names.iter().filter_map(|tool| Some(tool["function"]["name"].as_str()?.to_owned())).collect()
    }
}

/// A reply that calls a tool after the user's message.
pub fn calls(tool: &str, arguments: Value) -> Value {
    json!({"when": {"lastRole": "user"}, "toolCalls": [{"name": tool, "arguments": arguments}]})
}

/// The reply after every tool.
pub fn done() -> Value {
    json!({"when": {"lastRole": "tool"}, "text": "done", "repeat": true})
}

pub fn tool(name: &str) -> Value {
    let properties = json!({"text": {"type": "string"}, "n": {"type": "number"}});
    json!({"name": name, "description": format!("Does {name}"), "skipPermission": true,
           "parameters": {"type": "object", "properties": properties}})
}

pub fn tools(names: &[&str]) -> Value {
    names.iter().map(|name| tool(name)).collect()
}

/// Sends, waits, and takes the text of the answer.
pub async fn say(session: &Session, prompt: &str) -> String {
    let event = session.send_and_wait(prompt, Some(LIMIT)).await.unwrap();
    content(&event.expect("the agent answers"))
}

pub fn content(event: &Event) -> String {
    event.data::<Value>().unwrap()["content"].as_str().unwrap_or_default().to_owned()
}

/// Reads events until one of this type, which it returns; the others' types go to `seen`.
pub async fn until(events: &mut EventStream, kind: &str, seen: &mut Vec<String>) -> Event {
    let found = async {
        loop {
            let event = events.next().await.expect("the session is open");
            if event.event_type() == kind {
                return event;
            }
            seen.push(event.event_type().to_owned());
        }
    };
    tokio::time::timeout(LIMIT, found).await.unwrap_or_else(|_| panic!("no {kind}; there were {seen:?}"))
}

/// Waits until it holds.
pub async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

type Answer = dyn Fn(&Value) -> Result<Value> + Send + Sync;

/// Serves any callback.
pub struct Asked {
    seen: Mutex<Vec<Value>>,
    answer: Box<Answer>,
}

impl Asked {
    pub fn new(answer: impl Fn(&Value) -> Result<Value> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { seen: Mutex::default(), answer: Box::new(answer) })
    }

    /// Always the same.
    pub fn answering(answer: Value) -> Arc<Self> {
        Self::new(move |_| Ok(answer.clone()))
    }

    pub fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn ask(&self, question: Value) -> Result<Value> {
        let answer = (self.answer)(&question);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(question);
        answer
    }
}

#[async_trait]
impl ToolHandler for Asked {
    async fn call(&self, _: &CallContext, invocation: ToolInvocation) -> Result<ToolResult> {
        let answer = self.ask(serde_json::from_str(invocation.arguments.get()).unwrap())?;
        Ok(match answer {
            Value::Null => ToolResult::None,
            Value::String(text) => ToolResult::Text(text),
            object => ToolResult::Object(object),
        })
    }
}

#[async_trait]
impl PermissionHandler for Asked {
    async fn decide(&self, _: &CallContext, request: PermissionRequest) -> Result<PermissionDecision> {
        let decision = self.ask(serde_json::from_str(request.permission_request.get()).unwrap())?;
        Ok(PermissionDecision::Decision { decision, context: None })
    }
}

#[async_trait]
impl HookHandler for Asked {
    async fn run(&self, _: &CallContext, input: HookInput) -> Result<Value> {
        self.ask(json!({"hook": input.hook_type, "input": input.input}))
    }
}

#[async_trait]
impl UserInputHandler for Asked {
    async fn ask(&self, _: &CallContext, request: UserInputRequest) -> Result<UserInputAnswer> {
        let answer = Asked::ask(self, serde_json::to_value(&request).unwrap())?;
        Ok(serde_json::from_value(answer).unwrap())
    }
}

#[async_trait]
impl ElicitationHandler for Asked {
    async fn fill(&self, _: &CallContext, request: ElicitationRequest) -> Result<Value> {
        self.ask(serde_json::to_value(&request).unwrap())
    }
}

#[async_trait]
impl CommandHandler for Asked {
    async fn run(&self, _: &CallContext, command: CommandContext) -> Result<()> {
        self.ask(serde_json::to_value(&command).unwrap()).map(drop)
    }
}

#[async_trait]
impl TransformHandler for Asked {
    async fn transform(&self, _: &CallContext, section_id: &str, content: &str) -> Result<String> {
        let answer = self.ask(json!({"section": section_id, "content": content}))?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }
}
