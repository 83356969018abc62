//! What the user can be asked: one trait per callback, all optional. Presence decides the flags on the wire.

mod ahp_host;
mod canvas;
mod command;
mod elicitation;
mod extension_launch;
mod factory;
mod github_token;
mod hook;
mod installation;
mod llm;
mod mcp_auth;
mod mcp_result;
mod mode;
mod models;
mod of_client;
mod permission;
mod provider_token;
mod session_fs;
mod skill_provider;
mod tool;
mod transform;
mod ui_thread;
mod user_input;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use ahp_host::{
    AhpAuthenticationRequest, AhpHostExit, AhpIdentity, AhpMode, AhpSessionAuthentication,
    AhpSessionReleased, AhpSessionRequest,
};
pub use canvas::CanvasHandler;
pub use command::{CommandContext, CommandHandler};
pub use elicitation::{ElicitationHandler, ElicitationRequest};
pub use extension_launch::{ExtensionLaunchHandler, ExtensionLaunchRequest};
pub use factory::{FactoryExecution, FactoryHandler};
pub use github_token::{GitHubTokenAnswer, GitHubTokenHandler, GitHubTokenRequest};
pub use hook::{HookHandler, HookInput};
pub use installation::{InstallationHandler, InstallationRequest};
pub use llm::{HOP_HEADERS, LlmBody, LlmHandler, LlmRequest, LlmResponse};
pub use mcp_auth::{McpAuthHandler, McpAuthRequest};
pub use mcp_result::tool_result_of_mcp;
pub use mode::{AutoModeSwitchHandler, AutoModeSwitchRequest, ExitPlanModeHandler, ExitPlanModeRequest};
pub use models::ModelsHandler;
pub use of_client::ClientCallbacks;
pub use permission::{
    ApproveAll, ApproveIf, DenyAll, PermissionDecision, PermissionHandler, PermissionRequest,
};
pub use provider_token::ProviderTokenHandler;
pub use session_fs::SessionFsHandler;
pub use skill_provider::SkillProviderHandler;
pub use tool::{ToolHandler, ToolInvocation, ToolResult};
pub use transform::TransformHandler;
pub use ui_thread::{UiAction, UiThreadHandler};
pub use user_input::{UserInputAnswer, UserInputHandler, UserInputRequest};

use crate::protocol::session_spec::Declared;

/// Given to every handler.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// The session that asks.
    pub session_id: Arc<str>,
    /// Cancelled when the answer is no longer wanted: the session was disconnected, the client stopped, or somebody
    /// else answered. The handler's future is dropped at the same time.
    pub cancel: CancellationToken,
}

/// The handlers of one session.
#[derive(Clone, Default)]
pub struct Handlers {
    /// By tool name. A tool without a handler is only declared: its calls stay pending for somebody else.
    pub tools: HashMap<String, Arc<dyn ToolHandler>>,
    /// May the agent do this? Without one, requests stay pending for another client.
    pub permission: Option<Arc<dyn PermissionHandler>>,
    /// Whether a resumed session asks for permission; none: when there is a handler. Without one, the agent then waits for
    /// another client's answer; with one, a session that only joins can leave the asking to the others.
    pub permission_on_resume: Option<bool>,
    /// Questions for the person in front of the program.
    pub user_input: Option<Arc<dyn UserInputHandler>>,
    /// The agent wants to leave plan mode.
    pub exit_plan_mode: Option<Arc<dyn ExitPlanModeHandler>>,
    /// The runtime proposes automatic model choice.
    pub auto_mode_switch: Option<Arc<dyn AutoModeSwitchHandler>>,
    /// Forms to fill in.
    pub elicitation: Option<Arc<dyn ElicitationHandler>>,
    /// Tokens for MCP servers.
    pub mcp_auth: Option<Arc<dyn McpAuthHandler>>,
    /// By hook type, for example `preToolUse`.
    pub hooks: HashMap<String, Arc<dyn HookHandler>>,
    /// By command name, without the slash.
    pub commands: HashMap<String, Arc<dyn CommandHandler>>,
    /// By section id of the system message.
    pub transforms: HashMap<String, Arc<dyn TransformHandler>>,
    /// By provider name; the single provider is called `default`.
    pub provider_tokens: HashMap<String, Arc<dyn ProviderTokenHandler>>,
    /// The session's files; needed when the client has [`session_fs`](crate::ClientOptions::session_fs).
    pub session_fs: Option<Arc<dyn SessionFsHandler>>,
    /// Canvases of the host.
    pub canvas: Option<Arc<dyn CanvasHandler>>,
    /// By name: jobs that an extension offers. Their descriptions travel as `factories` of the configuration.
    pub factories: HashMap<String, Arc<dyn FactoryHandler>>,
    /// Skills of the host; not for cloud sessions.
    pub skill_provider: Option<Arc<dyn SkillProviderHandler>>,
    /// GitHub tokens for this session; excludes [`SessionConfig::github_token`](crate::SessionConfig::github_token).
    pub github_token: Option<Arc<dyn GitHubTokenHandler>>,
}

impl Handlers {
    pub(crate) fn declared(&self) -> Declared {
        Declared {
            permission: self.permission.is_some(),
            permission_on_resume: self.permission_on_resume,
            elicitation: self.elicitation.is_some(),
            exit_plan_mode: self.exit_plan_mode.is_some(),
            auto_mode_switch: self.auto_mode_switch.is_some(),
            user_input: self.user_input.is_some(),
            hooks: !self.hooks.is_empty(),
            provider_tokens: sorted(&self.provider_tokens),
            transforms: sorted(&self.transforms),
            github_telemetry: false,
            skill_provider: self.skill_provider.is_some(),
            github_token: self.github_token.as_ref().map(|_| Uuid::new_v4().to_string().into()),
        }
    }
}

fn sorted<T: ?Sized>(handlers: &HashMap<String, Arc<T>>) -> Vec<String> {
    let mut names: Vec<_> = handlers.keys().cloned().collect();
    names.sort_unstable();
    names
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers")
            .field("tools", &self.tools.keys().collect::<BTreeSet<_>>())
            .field("hooks", &self.hooks.keys().collect::<BTreeSet<_>>())
            .field("commands", &self.commands.keys().collect::<BTreeSet<_>>())
            .field("declared", &self.declared())
            .finish_non_exhaustive()
    }
}
