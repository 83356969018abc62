//! What a session can be told, in wire spelling, and how it becomes the params of create and resume.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::system_message;
use crate::diagnostics::{describe, redacted_debug};
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::protocol::common::{Mode, Secret};

/// A tool as the model sees it. Its handler is kept apart, see [`Handlers`](crate::Handlers).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ToolSpec {
    /// Unique, model-visible; the dispatch key.
    pub name: String,
    /// What the model reads about it.
    pub description: String,
    /// JSON Schema of the arguments; left out when empty.
    #[serde(skip_serializing_if = "is_falsy_option")]
    pub parameters: Option<Value>,
    /// Whether it may replace a built-in of the same name.
    #[serde(skip_serializing_if = "is_false")]
    pub overrides_built_in_tool: bool,
    /// Whether it runs without a permission prompt.
    #[serde(skip_serializing_if = "is_false")]
    pub skip_permission: bool,
    /// `auto` or `never`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defer: Option<String>,
    /// Opaque data of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Whether a successful call ends the turn.
    #[serde(skip_serializing_if = "is_false")]
    pub is_terminal: bool,
    /// Members of newer protocols.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A slash command; its handler is kept apart.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandSpec {
    /// Without the slash.
    pub name: String,
    /// Sent as an empty text when unset.
    #[serde(deserialize_with = "null_as_empty")]
    pub description: String,
}

macro_rules! session_config {
    ($($(#[$attr:meta])* $name:ident: $type:ty,)*) => {
        /// Configuration of a session. Unset members are not sent; nested values are in wire spelling.
        #[derive(Clone, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct SessionConfig {
            $($(#[$attr])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<$type>,)*
            /// Members this engine does not know; they travel as given.
            #[serde(flatten)]
            pub extra: Map<String, Value>,
        }
    };
}

session_config! {
    /// Create only: the id of the session; none or empty: a random one.
    session_id: String,
    /// Model id.
    model: String,
    /// Name of the host program.
    client_name: String,
    /// `low`, `medium`, `high`, `xhigh`, `max`; not validated here.
    reasoning_effort: String,
    /// `none`, `concise`, `detailed`.
    reasoning_summary: String,
    /// `default`, `long_context`.
    context_tier: String,
    /// Tools of the host.
    tools: Vec<ToolSpec>,
    /// `{mode?, content?, sections?}`.
    system_message: Value,
    /// Allow-list over all tools; an empty list allows none.
    available_tools: Vec<String>,
    /// Tools taken away; wins over the allow-list.
    excluded_tools: Vec<String>,
    /// Working directory of the agent.
    working_directory: String,
    /// The model provider of the whole session.
    provider: Value,
    /// Settings of the Copilot API.
    capi: Value,
    /// Additional model providers.
    providers: Vec<Value>,
    /// Models of the additional providers.
    models: Vec<Value>,
    /// Telemetry of the session.
    enable_session_telemetry: bool,
    /// Citations in answers.
    enable_citations: bool,
    /// Built-in agents taken away.
    excluded_builtin_agents: Vec<String>,
    /// `{maxAiCredits?}`.
    session_limits: Value,
    /// Sent after creation: no custom instructions.
    skip_custom_instructions: bool,
    /// Only agents of the working directory.
    custom_agents_local_only: bool,
    /// Sent after creation: co-author trailer in commits.
    coauthor_enabled: bool,
    /// Sent after creation: schedule tool.
    manage_schedule_enabled: bool,
    /// What the model can do, if it differs from what the runtime knows.
    model_capabilities: Value,
    /// Whether answers arrive in deltas.
    streaming: bool,
    /// Deltas of sub-agents too; default true.
    include_sub_agent_streaming_events: bool,
    /// MCP servers by name.
    mcp_servers: Map<String, Value>,
    /// `persistent`, `in-memory`.
    #[serde(rename = "mcpOAuthTokenStorage")]
    mcp_oauth_token_storage: String,
    /// `persistent`, `in-memory`.
    embedding_cache_storage: String,
    /// Agents of the host.
    custom_agents: Vec<Value>,
    /// Settings of the default agent.
    default_agent: Value,
    /// Name of the agent to start with.
    agent: String,
    /// Where configuration is read from.
    config_dir: String,
    /// Whether configuration is searched for.
    enable_config_discovery: bool,
    /// No retrieval by embeddings.
    skip_embedding_retrieval: bool,
    /// Instructions of the organisation.
    organization_custom_instructions: String,
    /// Instructions found while working.
    enable_on_demand_instruction_discovery: bool,
    /// Hooks from files.
    enable_file_hooks: bool,
    /// Git operations of the host.
    enable_host_git_operations: bool,
    /// The runtime's session store.
    enable_session_store: bool,
    /// Skills.
    enable_skills: bool,
    /// Where skills are.
    skill_directories: Vec<String>,
    /// Where plugins are.
    plugin_directories: Vec<String>,
    /// Where instructions are.
    instruction_directories: Vec<String>,
    /// Skills taken away.
    disabled_skills: Vec<String>,
    /// `{enabled?, backgroundCompactionThreshold?, bufferExhaustionThreshold?}`.
    infinite_sessions: Value,
    /// `{enabled?, maxSizeBytes?, outputDir?}`.
    large_output: Value,
    /// `{enabled}`.
    memory: Value,
    /// Slash commands of the host.
    commands: Vec<CommandSpec>,
    /// MCP apps, experimental; only ever sent as true.
    request_mcp_apps: bool,
    /// Token for GitHub of this session.
    #[serde(rename = "gitHubToken")]
    github_token: Secret,
    /// `off`, `export`, `on`.
    remote_session: String,
    /// Create only: `{repository?}`; makes it a cloud session.
    cloud: Value,
    /// Resume only: answer what was left open.
    continue_pending_work: bool,
    /// Canvases of the host.
    canvases: Vec<Value>,
    /// Resume only: canvases that are open.
    open_canvases: Vec<Value>,
    /// Whether the host renders canvases.
    request_canvas_renderer: bool,
    /// Extensions.
    request_extensions: bool,
    /// Where the extension SDK is.
    extension_sdk_path: String,
    /// `{source, name}`.
    extension_info: Value,
    /// Experiment assignments.
    exp_assignments: Value,
    /// Experimental mode.
    is_experimental_mode: bool,
    /// `{enabled?, deferThreshold?}`.
    tool_search: Value,
    /// Further directories of the workspace.
    additional_directories: Vec<String>,
    /// Tracking of changed files.
    enable_file_change_tracking: bool,
    /// MCP servers taken away.
    disabled_mcp_servers: Vec<String>,
    /// `{id, name?}`.
    canvas_provider: Value,
    /// Settings managed by the organisation.
    enable_managed_settings: bool,
    /// `{permissions?}`.
    managed_settings: Value,
    /// Tools of the GitHub MCP server.
    github_mcp_tool_config: Value,
}

redacted_debug!(SessionConfig);

/// Members left out when empty, `false`, 0 or `""`; all others are sent whenever they are set.
const TRUTHY: &[&str] = &[
    "model",
    "clientName",
    "reasoningEffort",
    "reasoningSummary",
    "contextTier",
    "tools",
    "systemMessage",
    "workingDirectory",
    "provider",
    "providers",
    "models",
    "mcpServers",
    "customAgents",
    "defaultAgent",
    "agent",
    "configDir",
    "skillDirectories",
    "pluginDirectories",
    "disabledSkills",
    "infiniteSessions",
    "commands",
    "requestMcpApps",
    "canvases",
    "openCanvases",
    "additionalDirectories",
];
const CREATE_ONLY: &[&str] = &["cloud"];
const RESUME_ONLY: &[&str] = &["continuePendingWork", "openCanvases"];
/// Members that travel in `session.options.update` after creation, with their default in mode `empty`.
const PATCH: &[(&str, bool)] = &[
    ("skipCustomInstructions", true),
    ("customAgentsLocalOnly", true),
    ("coauthorEnabled", false),
    ("manageScheduleEnabled", false),
];
/// Like [`PATCH`], without a default.
const PATCH_IF_GIVEN: &[&str] = &["includedBuiltinSkills"];
/// Defaults of mode `empty`.
const EMPTY_FALSE: &[&str] = &[
    "enableSessionTelemetry",
    "enableOnDemandInstructionDiscovery",
    "enableFileHooks",
    "enableHostGitOperations",
    "enableSessionStore",
    "enableSkills",
    "isExperimentalMode",
];

/// Which callbacks are served; presence decides the flags on the wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    pub(crate) permission: bool,
    pub(crate) elicitation: bool,
    pub(crate) exit_plan_mode: bool,
    pub(crate) auto_mode_switch: bool,
    pub(crate) user_input: bool,
    pub(crate) hooks: bool,
    pub(crate) github_telemetry: bool,
    pub(crate) skill_provider: bool,
    /// The id under which the runtime asks for GitHub tokens.
    pub(crate) github_token: Option<Arc<str>>,
}

/// Create and resume differ only in this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Create,
    Resume,
}

impl Purpose {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Resume => "resume",
        }
    }
}

/// W3C trace context to send along.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceContext {
    /// `traceparent` header value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// `tracestate` header value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
}

impl SessionConfig {
    /// Whether settings of an organisation hold in the session.
    pub(crate) fn is_managed(&self) -> bool {
        self.enable_managed_settings == Some(true)
            || self.managed_settings.as_ref().is_some_and(|given| !given.is_null())
    }

    /// Checks what the runtime would misunderstand.
    pub(crate) fn validate(&self, mode: Mode) -> Result<()> {
        if mode == Mode::Empty && self.available_tools.is_none() {
            return Err(reasons::mode_needs_tools());
        }
        for (name, list) in
            [("availableTools", &self.available_tools), ("excludedTools", &self.excluded_tools)]
        {
            if list.iter().flatten().any(|entry| entry == "*") {
                return Err(reasons::tools_bare_wildcard(name));
            }
        }
        if let Some(memory) = &self.memory
            && memory.get("enabled").is_none()
        {
            return Err(reasons::option_empty("memory.enabled"));
        }
        Ok(())
    }

    /// The params of `session.create` or `session.resume`.
    pub(crate) fn payload(
        &self,
        purpose: Purpose,
        mode: Mode,
        declared: &Declared,
        session_id: Option<&str>,
        trace: &TraceContext,
    ) -> Result<Map<String, Value>> {
        let mut params = self.given(purpose)?;
        for (name, _) in PATCH {
            if *name != "customAgentsLocalOnly" {
                params.remove(*name);
            }
        }
        for name in PATCH_IF_GIVEN {
            params.remove(*name);
        }
        if mode == Mode::Empty {
            add_empty_defaults(&mut params);
        }
        let mut set = |name: &str, value: Value| drop(params.insert(name.to_owned(), value));
        set("toolFilterPrecedence", "excluded".into());
        set("envValueMode", "direct".into());
        set("requestPermission", declared.permission.into());
        set("requestElicitation", declared.elicitation.into());
        set("requestExitPlanMode", declared.exit_plan_mode.into());
        set("requestAutoModeSwitch", declared.auto_mode_switch.into());
        set("includeSubAgentStreamingEvents", self.include_sub_agent_streaming_events.unwrap_or(true).into());
        for (name, flag) in [
            ("requestUserInput", declared.user_input),
            ("hooks", declared.hooks),
            ("enableGitHubTelemetryForwarding", declared.github_telemetry),
            ("hasSkillProvider", declared.skill_provider),
        ] {
            if flag {
                set(name, true.into());
            }
        }
        let texts = [
            ("sessionId", session_id),
            ("gitHubTokenProviderRegistrationId", declared.github_token.as_deref()),
            ("traceparent", trace.traceparent.as_deref()),
            ("tracestate", trace.tracestate.as_deref()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                set(name, text.into());
            }
        }
        Ok(params)
    }

    /// The params of the patch after creation, without the session id; none when there is nothing to say.
    pub(crate) fn patch(&self, mode: Mode) -> Result<Option<Map<String, Value>>> {
        let given = self.given(Purpose::Resume)?;
        let mut patch = Map::new();
        for (name, default) in PATCH {
            match given.get(*name) {
                Some(value) => drop(patch.insert((*name).to_owned(), value.clone())),
                None if mode == Mode::Empty => drop(patch.insert((*name).to_owned(), (*default).into())),
                None => {}
            }
        }
        for name in PATCH_IF_GIVEN {
            if let Some(value) = given.get(*name) {
                patch.insert((*name).to_owned(), value.clone());
            }
        }
        if mode == Mode::Empty {
            patch.insert("installedPlugins".to_owned(), Value::Array(Vec::new()));
        }
        Ok((!patch.is_empty()).then_some(patch))
    }

    fn given(&self, purpose: Purpose) -> Result<Map<String, Value>> {
        let value = serde_json::to_value(self).map_err(|error| {
            Error::new(ErrorKind::InvalidArgument, format!("session config: {}", describe(&error)))
        })?;
        let Value::Object(mut params) = value else {
            return Err(Error::new(ErrorKind::Internal, "session config is no object"));
        };
        params.remove("sessionId");
        let elsewhere = if purpose == Purpose::Create { RESUME_ONLY } else { CREATE_ONLY };
        for name in elsewhere {
            params.remove(*name);
        }
        for name in TRUTHY {
            if params.get(*name).is_some_and(is_falsy) {
                params.remove(*name);
            }
        }
        Ok(params)
    }
}

fn add_empty_defaults(params: &mut Map<String, Value>) {
    let mut default = |name: &str, value: Value| {
        params.entry(name).or_insert(value);
    };
    for name in EMPTY_FALSE {
        default(name, false.into());
    }
    default("skipEmbeddingRetrieval", true.into());
    default("customAgentsLocalOnly", true.into());
    default("mcpOAuthTokenStorage", "in-memory".into());
    default("embeddingCacheStorage", "in-memory".into());
    default("memory", serde_json::json!({"enabled": false}));
    let message = system_message::without_environment(params.remove("systemMessage"));
    params.insert("systemMessage".to_owned(), message);
}

fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_f64() == Some(0.0),
        Value::String(value) => value.is_empty(),
        Value::Array(value) => value.is_empty(),
        Value::Object(value) => value.is_empty(),
    }
}

fn is_falsy_option(value: &Option<Value>) -> bool {
    value.as_ref().is_none_or(is_falsy)
}

fn is_false(value: &bool) -> bool {
    !value
}

fn null_as_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
