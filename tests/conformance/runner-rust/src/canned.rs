//! Handlers that do what a case says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use copilot_core::handlers::{
    AutoModeSwitchHandler, AutoModeSwitchRequest, CallContext, CommandContext, CommandHandler,
    ElicitationHandler, ElicitationRequest, ExitPlanModeHandler, ExitPlanModeRequest, HookHandler, HookInput,
    McpAuthHandler, McpAuthRequest, PermissionDecision, PermissionHandler, PermissionRequest,
    ProviderTokenHandler, ToolHandler, ToolInvocation, ToolResult, TransformHandler, UserInputAnswer,
    UserInputHandler, UserInputRequest,
};
use copilot_core::{CommandSpec, Error, ErrorKind, Result, SessionSpec, ToolSpec};
use serde::Deserialize;
use serde_json::{Value, json};

/// The canned behaviour of a `create` or `resume`.
#[derive(Deserialize)]
pub(crate) struct Canned {
    #[serde(default)]
    tools: Vec<Tool>,
    permission: Option<Value>,
    user_input: Option<Value>,
    #[serde(default)]
    hooks: BTreeMap<String, Value>,
    elicitation: Option<Value>,
    #[serde(default)]
    commands: BTreeMap<String, Value>,
    exit_plan_mode: Option<Value>,
    auto_mode_switch: Option<Value>,
    #[serde(default)]
    provider_token: BTreeMap<String, Value>,
    #[serde(default)]
    transforms: BTreeMap<String, Value>,
    mcp_auth: Option<Value>,
}

impl Canned {
    pub(crate) fn apply(self, spec: &mut SessionSpec) {
        fn one(answer: Option<Value>) -> Option<Arc<Answer>> {
            answer.map(|answer| Arc::new(Answer(answer)))
        }
        fn each(answers: BTreeMap<String, Value>) -> impl Iterator<Item = (String, Arc<Answer>)> {
            answers.into_iter().map(|(name, answer)| (name, Arc::new(Answer(answer))))
        }
        if !self.tools.is_empty() {
            spec.config.tools = Some(self.tools.iter().map(|tool| tool.spec.clone()).collect());
        }
        if !self.commands.is_empty() {
            let named = |name: &String| CommandSpec { name: name.clone(), ..CommandSpec::default() };
            spec.config.commands = Some(self.commands.keys().map(named).collect());
        }
        let handlers = &mut spec.handlers;
        handlers.tools =
            self.tools.into_iter().map(|tool| (tool.spec.name.clone(), Arc::new(tool) as _)).collect();
        handlers.permission = one(self.permission).map(|answer| answer as _);
        handlers.user_input = one(self.user_input).map(|answer| answer as _);
        handlers.elicitation = one(self.elicitation).map(|answer| answer as _);
        handlers.exit_plan_mode = one(self.exit_plan_mode).map(|answer| answer as _);
        handlers.auto_mode_switch = one(self.auto_mode_switch).map(|answer| answer as _);
        handlers.mcp_auth = one(self.mcp_auth).map(|answer| answer as _);
        handlers.hooks = each(self.hooks).map(|(name, answer)| (name, answer as _)).collect();
        handlers.commands = each(self.commands).map(|(name, answer)| (name, answer as _)).collect();
        handlers.provider_tokens =
            each(self.provider_token).map(|(name, answer)| (name, answer as _)).collect();
        handlers.transforms = each(self.transforms).map(|(name, answer)| (name, answer as _)).collect();
    }
}

fn failed(text: &str) -> Error {
    Error::new(ErrorKind::HandlerFailed, text.to_owned())
}

#[derive(Deserialize)]
struct Tool {
    #[serde(flatten)]
    spec: ToolSpec,
}

#[async_trait]
impl ToolHandler for Tool {
    async fn call(&self, _: &CallContext, invocation: ToolInvocation) -> Result<ToolResult> {
        let canned = |name: &str| self.spec.extra.get(name);
        let delay = canned("delay_ms").and_then(Value::as_u64).unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(delay)).await;
        if canned("hang").is_some() {
            std::future::pending::<()>().await;
        }
        if let Some(text) = canned("fail") {
            return Err(failed(text.as_str().unwrap_or_default()));
        }
        if canned("echo").is_some() {
            return Ok(invocation.arguments.get().into());
        }
        Ok(match canned("answer") {
            None => ToolResult::None,
            Some(Value::String(text)) => ToolResult::Text(text.clone()),
            Some(full) if full.get("textResultForLlm").is_some() => ToolResult::Object(full.clone()),
            Some(other) => ToolResult::Text(other.to_string()),
        })
    }
}

/// A value to answer, `{"throw": text}` or `{"hang": true}`.
struct Answer(Value);

impl Answer {
    async fn value(&self) -> Result<Value> {
        if self.0 == "hang" || self.0.get("hang").is_some() {
            std::future::pending::<()>().await;
        }
        if self.0 == "throw" {
            return Err(failed("the handler throws"));
        }
        match self.0.get("throw") {
            Some(text) => Err(failed(text.as_str().unwrap_or_default())),
            None => Ok(self.0.clone()),
        }
    }

    async fn text(&self) -> Result<String> {
        Ok(self.value().await?.as_str().unwrap_or_default().to_owned())
    }
}

#[async_trait]
impl PermissionHandler for Answer {
    async fn decide(&self, _: &CallContext, _: PermissionRequest) -> Result<PermissionDecision> {
        let answer = self.value().await?;
        Ok(match answer.as_str() {
            Some("approve") => PermissionDecision::approve_once(),
            Some("no-result") => PermissionDecision::NoResult,
            Some("reject") => PermissionDecision::reject(None),
            Some(kind) => PermissionDecision::Decision { decision: json!({"kind": kind}), context: None },
            None => PermissionDecision::reject(answer["reject"]["feedback"].as_str()),
        })
    }
}

#[async_trait]
impl UserInputHandler for Answer {
    async fn ask(&self, _: &CallContext, _: UserInputRequest) -> Result<UserInputAnswer> {
        let answer = self.value().await?;
        Ok(UserInputAnswer {
            answer: answer["answer"].as_str().unwrap_or_default().to_owned(),
            was_freeform: answer["wasFreeform"].as_bool().unwrap_or_default(),
        })
    }
}

#[async_trait]
impl HookHandler for Answer {
    async fn run(&self, _: &CallContext, input: HookInput) -> Result<Value> {
        match self.value().await? {
            // Shows what the hook was told.
            Value::String(word) if word == "echo" => Ok(input.input),
            output => Ok(output),
        }
    }
}

#[async_trait]
impl ElicitationHandler for Answer {
    async fn fill(&self, _: &CallContext, _: ElicitationRequest) -> Result<Value> {
        self.value().await
    }
}

#[async_trait]
impl McpAuthHandler for Answer {
    async fn authorize(&self, _: &CallContext, _: McpAuthRequest) -> Result<Value> {
        self.value().await
    }
}

#[async_trait]
impl ExitPlanModeHandler for Answer {
    async fn decide(&self, _: &CallContext, _: ExitPlanModeRequest) -> Result<Value> {
        self.value().await
    }
}

#[async_trait]
impl AutoModeSwitchHandler for Answer {
    async fn decide(&self, _: &CallContext, _: AutoModeSwitchRequest) -> Result<String> {
        self.text().await
    }
}

#[async_trait]
impl CommandHandler for Answer {
    async fn run(&self, _: &CallContext, _: CommandContext) -> Result<()> {
        self.value().await.map(drop)
    }
}

#[async_trait]
impl ProviderTokenHandler for Answer {
    async fn token(&self, _: &CallContext, _: &str) -> Result<String> {
        self.text().await
    }
}

#[async_trait]
impl TransformHandler for Answer {
    async fn transform(&self, _: &CallContext, _: &str, _: &str) -> Result<String> {
        self.text().await
    }
}
