//! Every handler trait, answered by the host.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::kinds::CallKind;
use super::session::HostSession;
use crate::client::{AhpHostHandler, Client};
use crate::error::Result;
use crate::handlers::{
    AhpAuthenticationRequest, AhpHostExit, AhpIdentity, AhpSessionReleased, AhpSessionRequest,
    AutoModeSwitchHandler, AutoModeSwitchRequest, CallContext, CanvasHandler, CommandContext, CommandHandler,
    ElicitationHandler, ElicitationRequest, ExitPlanModeHandler, ExitPlanModeRequest, ExtensionLaunchHandler,
    ExtensionLaunchRequest, FactoryExecution, FactoryHandler, GitHubTokenAnswer, GitHubTokenHandler,
    GitHubTokenRequest, HookHandler, HookInput, InstallationHandler, InstallationRequest, McpAuthHandler,
    McpAuthRequest, ModelsHandler, PermissionDecision, PermissionHandler, PermissionRequest,
    ProviderTokenHandler, SessionFsHandler, SkillProviderHandler, ToolHandler, ToolInvocation, ToolResult,
    TransformHandler, UiAction, UiThreadHandler, UserInputAnswer, UserInputHandler, UserInputRequest,
};
use crate::protocol::json as text;

#[async_trait]
impl ToolHandler for HostSession {
    async fn call(&self, _: &CallContext, invocation: ToolInvocation) -> Result<ToolResult> {
        let args = text::to_text(&invocation)?;
        Ok(ToolResult::Raw(self.calls.ask(CallKind::Tool, &invocation.tool_name, self.key, args).await?))
    }
}

#[async_trait]
impl PermissionHandler for HostSession {
    async fn decide(&self, _: &CallContext, request: PermissionRequest) -> Result<PermissionDecision> {
        let mut answer: Value = self.ask(CallKind::Permission, &request).await?;
        let context = answer.get_mut("decisionContext").map(Value::take);
        let decision = answer.get_mut("decision").map(Value::take).unwrap_or(answer);
        Ok(PermissionDecision::Decision { decision, context })
    }
}

#[async_trait]
impl UserInputHandler for HostSession {
    async fn ask(&self, _: &CallContext, request: UserInputRequest) -> Result<UserInputAnswer> {
        self.ask(CallKind::UserInput, &request).await
    }
}

#[async_trait]
impl ExitPlanModeHandler for HostSession {
    async fn decide(&self, _: &CallContext, request: ExitPlanModeRequest) -> Result<Value> {
        self.ask(CallKind::ExitPlanMode, &request).await
    }
}

#[async_trait]
impl AutoModeSwitchHandler for HostSession {
    async fn decide(&self, _: &CallContext, request: AutoModeSwitchRequest) -> Result<String> {
        self.ask(CallKind::AutoModeSwitch, &request).await
    }
}

#[async_trait]
impl HookHandler for HostSession {
    async fn run(&self, _: &CallContext, input: HookInput) -> Result<Value> {
        self.ask_named(CallKind::Hook, &input.hook_type, &input).await
    }
}

#[async_trait]
impl TransformHandler for HostSession {
    async fn transform(&self, _: &CallContext, section_id: &str, content: &str) -> Result<String> {
        let args = json!({"sectionId": section_id, "content": content});
        self.ask_named(CallKind::SystemMessageTransform, section_id, &args).await
    }
}

#[async_trait]
impl ElicitationHandler for HostSession {
    async fn fill(&self, _: &CallContext, request: ElicitationRequest) -> Result<Value> {
        self.ask(CallKind::Elicitation, &request).await
    }
}

#[async_trait]
impl McpAuthHandler for HostSession {
    async fn authorize(&self, _: &CallContext, request: McpAuthRequest) -> Result<Value> {
        self.ask(CallKind::McpAuth, &request).await
    }
}

#[async_trait]
impl CommandHandler for HostSession {
    async fn run(&self, _: &CallContext, command: CommandContext) -> Result<()> {
        self.ask_named::<Value>(CallKind::Command, &command.command_name, &command).await.map(drop)
    }
}

#[async_trait]
impl ProviderTokenHandler for HostSession {
    async fn token(&self, _: &CallContext, provider_name: &str) -> Result<String> {
        self.ask_named(CallKind::ProviderToken, provider_name, &json!({"providerName": provider_name})).await
    }
}

#[async_trait]
impl SessionFsHandler for HostSession {
    async fn call(&self, _: &CallContext, method: &str, params: Map<String, Value>) -> Result<Value> {
        self.ask(CallKind::SessionFs, &with_method(method, params)).await
    }
}

#[async_trait]
impl CanvasHandler for HostSession {
    async fn call(&self, _: &CallContext, method: &str, params: Map<String, Value>) -> Result<Value> {
        self.ask(CallKind::Canvas, &with_method(method, params)).await
    }
}

fn with_method(method: &str, params: Map<String, Value>) -> Map<String, Value> {
    let mut args = Map::from_iter([("method".to_owned(), method.into())]);
    args.extend(params);
    args
}

#[async_trait]
impl ModelsHandler for HostSession {
    async fn list(&self) -> Result<Value> {
        self.ask(CallKind::ListModels, &json!({})).await
    }
}

#[async_trait]
impl SkillProviderHandler for HostSession {
    async fn list(&self, _: &CallContext) -> Result<Value> {
        self.ask(CallKind::SkillProvider, &json!({"method": "list"})).await
    }

    async fn read(&self, _: &CallContext, name: &str) -> Result<Option<String>> {
        self.ask(CallKind::SkillProvider, &json!({"method": "read", "name": name})).await
    }
}

#[async_trait]
impl GitHubTokenHandler for HostSession {
    async fn token(&self, _: &CallContext, request: GitHubTokenRequest) -> Result<GitHubTokenAnswer> {
        self.ask(CallKind::GitHubToken, &request).await
    }
}

#[async_trait]
impl ExtensionLaunchHandler for HostSession {
    async fn resolve(&self, request: ExtensionLaunchRequest) -> Result<Value> {
        self.ask(CallKind::ExtensionLaunch, &request).await
    }
}

#[async_trait]
impl FactoryHandler for HostSession {
    async fn execute(&self, _: &CallContext, execution: FactoryExecution) -> Result<Option<Value>> {
        let answer: Map<String, Value> =
            self.ask_named(CallKind::Factory, &execution.name, &execution).await?;
        Ok(answer.get("result").cloned())
    }
}

#[async_trait]
impl UiThreadHandler for HostSession {
    async fn run(&self, action: UiAction) -> Result<()> {
        self.ask::<Value>(CallKind::UiThread, &json!({"actionId": action.id()})).await.map(drop)
    }
}

#[async_trait]
impl AhpHostHandler for HostSession {
    async fn session(&self, _: &Client, request: AhpSessionRequest) -> Result<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Made {
            session_id: String,
        }
        let made: Made = self.ask_named(CallKind::AhpHost, "materializeSession", &request).await?;
        Ok(made.session_id)
    }

    async fn authenticate(&self, request: AhpAuthenticationRequest) -> Result<Option<AhpIdentity>> {
        self.ask_named(CallKind::AhpHost, "validateAuthentication", &request).await
    }

    async fn released(&self, released: AhpSessionReleased) {
        drop(self.ask_named::<Value>(CallKind::AhpHost, "sessionReleased", &released).await);
    }

    async fn exited(&self, exit: AhpHostExit) {
        let Ok(args) = text::to_text(&exit) else { return };
        self.calls.tell(CallKind::AhpHost, "exited", self.key, args).await;
    }
}

#[async_trait]
impl InstallationHandler for HostSession {
    async fn confirm(&self, request: InstallationRequest) -> Result<String> {
        self.ask(CallKind::InstallationConfirmation, &request).await
    }
}
