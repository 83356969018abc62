//! Handlers that do what a case says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use copilot_core::handlers::{
    AhpAuthenticationRequest, AhpIdentity, AhpSessionRequest, AutoModeSwitchHandler, AutoModeSwitchRequest,
    CallContext, CanvasHandler, CommandContext, CommandHandler, ElicitationHandler, ElicitationRequest,
    ExitPlanModeHandler, ExitPlanModeRequest, ExtensionLaunchHandler, ExtensionLaunchRequest,
    FactoryExecution, FactoryHandler, GitHubTokenAnswer, GitHubTokenHandler, GitHubTokenRequest, HookHandler,
    HookInput, InstallationHandler, InstallationRequest, LlmBody, LlmHandler, LlmRequest, LlmResponse,
    McpAuthHandler, McpAuthRequest, ModelsHandler, PermissionDecision, PermissionHandler, PermissionRequest,
    ProviderTokenHandler, SessionFsHandler, SkillProviderHandler, ToolHandler, ToolInvocation, ToolResult,
    TransformHandler, UiAction, UiThreadHandler, UserInputAnswer, UserInputHandler, UserInputRequest,
};
use copilot_core::{
    AhpHostHandler, Client, ClientCallbacks, CommandSpec, Error, ErrorKind, Result, SessionSpec, ToolSpec,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The canned behaviour of a `client` or `start`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CannedClient {
    list_models: Option<Value>,
    request_handler: Option<Value>,
    extension_launch: Option<Value>,
    installation_confirmation: Option<Value>,
    ui_thread: Option<Value>,
    pub(crate) ahp_host: Option<Value>,
}

impl CannedClient {
    /// Takes these out of the arguments of a verb.
    pub(crate) fn take(args: &mut Value) -> Self {
        let mut taken = |name: &str| args.as_object_mut().and_then(|args| args.remove(name));
        Self {
            list_models: taken("list_models"),
            request_handler: taken("request_handler"),
            extension_launch: taken("extension_launch"),
            installation_confirmation: taken("installation_confirmation"),
            ui_thread: taken("ui_thread"),
            ahp_host: taken("ahp_host"),
        }
    }

    pub(crate) fn callbacks(self) -> ClientCallbacks {
        ClientCallbacks {
            list_models: one(self.list_models).map(|answer| answer as _),
            llm: one(self.request_handler).map(|answer| answer as _),
            extension_launch: one(self.extension_launch).map(|answer| answer as _),
            installation: one(self.installation_confirmation).map(|answer| answer as _),
            ui_thread: one(self.ui_thread).map(|answer| answer as _),
        }
    }
}

/// What serves a host of the Agent Host Protocol.
pub(crate) fn ahp_host(answer: Value) -> Arc<dyn AhpHostHandler> {
    Arc::new(Answer(answer))
}

fn one(answer: Option<Value>) -> Option<Arc<Answer>> {
    answer.map(|answer| Arc::new(Answer(answer)))
}

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
    canvas: Option<Value>,
    session_fs: Option<Value>,
    skill_provider: Option<Value>,
    git_hub_token: Option<Value>,
    #[serde(default)]
    factories: BTreeMap<String, Value>,
}

impl Canned {
    pub(crate) fn apply(self, spec: &mut SessionSpec) {
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
        if !self.factories.is_empty() {
            let described = |name: &String| json!({"name": name, "description": "", "phases": []});
            let described: Vec<_> = self.factories.keys().map(described).collect();
            spec.config.extra.insert("factories".to_owned(), described.into());
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
        handlers.canvas = one(self.canvas).map(|answer| answer as _);
        handlers.session_fs = one(self.session_fs).map(|answer| answer as _);
        handlers.skill_provider = one(self.skill_provider).map(|answer| answer as _);
        handlers.github_token = one(self.git_hub_token).map(|answer| answer as _);
        handlers.factories = each(self.factories).map(|(name, answer)| (name, answer as _)).collect();
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

#[async_trait]
impl CanvasHandler for Answer {
    async fn call(&self, _: &CallContext, _: &str, _: Map<String, Value>) -> Result<Value> {
        self.value().await
    }
}

#[async_trait]
impl SessionFsHandler for Answer {
    async fn call(&self, _: &CallContext, _: &str, _: Map<String, Value>) -> Result<Value> {
        self.value().await
    }
}

#[async_trait]
impl SkillProviderHandler for Answer {
    async fn list(&self, _: &CallContext) -> Result<Value> {
        self.value().await
    }

    async fn read(&self, _: &CallContext, _: &str) -> Result<Option<String>> {
        self.text().await.map(Some)
    }
}

#[async_trait]
impl GitHubTokenHandler for Answer {
    async fn token(&self, _: &CallContext, _: GitHubTokenRequest) -> Result<GitHubTokenAnswer> {
        serde_json::from_value(self.value().await?).map_err(|error| failed(&error.to_string()))
    }
}

#[async_trait]
impl FactoryHandler for Answer {
    async fn execute(&self, _: &CallContext, _: FactoryExecution) -> Result<Option<Value>> {
        self.value().await.map(Some)
    }
}

#[async_trait]
impl ModelsHandler for Answer {
    async fn list(&self) -> Result<Value> {
        self.value().await
    }
}

#[async_trait]
impl ExtensionLaunchHandler for Answer {
    async fn resolve(&self, _: ExtensionLaunchRequest) -> Result<Value> {
        self.value().await
    }
}

#[async_trait]
impl UiThreadHandler for Answer {
    async fn run(&self, action: UiAction) -> Result<()> {
        self.value().await?;
        action.run()
    }
}

#[async_trait]
impl AhpHostHandler for Answer {
    async fn session(&self, _: &Client, _: AhpSessionRequest) -> Result<String> {
        Ok(self.value().await?["sessionId"].as_str().unwrap_or_default().to_owned())
    }

    async fn authenticate(&self, _: AhpAuthenticationRequest) -> Result<Option<AhpIdentity>> {
        serde_json::from_value(self.value().await?).map_err(|error| failed(&error.to_string()))
    }
}

#[async_trait]
impl InstallationHandler for Answer {
    async fn confirm(&self, _: InstallationRequest) -> Result<String> {
        self.value().await.map(|decision| decision.as_str().unwrap_or_default().to_owned())
    }
}

#[async_trait]
impl LlmHandler for Answer {
    async fn serve(&self, _: LlmRequest, body: LlmBody, response: Arc<dyn LlmResponse>) -> Result<()> {
        body.collect().await?;
        let status = self.value().await?["status"].as_u64().and_then(|status| status.try_into().ok());
        response.start(status.unwrap_or(200), None, Map::new()).await?;
        response.end().await
    }
}
