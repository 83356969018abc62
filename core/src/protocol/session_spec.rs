//! What a session can be told, in wire spelling, and how it becomes the params of create and resume.

use std::sync::Arc;

use once_cell::sync::Lazy;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::options::{CREATE_ONLY, EMPTY_MODE, LATER, LATER_ONLY, OMIT_FALSY, RESUME_ONLY, SessionConfig};
use super::{marks, system_message, tool_spec};
use crate::diagnostics::describe;
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::protocol::common::{Mode, is_falsy};

/// Which callbacks are served; presence decides the flags on the wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    pub(crate) permission: bool,
    /// For a resumed session; none: as `permission`.
    pub(crate) permission_on_resume: Option<bool>,
    pub(crate) elicitation: bool,
    pub(crate) exit_plan_mode: bool,
    pub(crate) auto_mode_switch: bool,
    pub(crate) user_input: bool,
    pub(crate) hooks: bool,
    /// Providers whose tokens the host gets, by name.
    pub(crate) provider_tokens: Vec<String>,
    /// Sections of the system message that the host rewrites.
    pub(crate) transforms: Vec<String>,
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

/// A configuration as the runtime gets it.
pub(crate) struct Wire {
    /// The params of `session.create` or `session.resume`.
    pub(crate) params: Map<String, Value>,
    /// The params of the patch after creation, without the session id; none when there is nothing to say.
    pub(crate) patch: Option<Map<String, Value>>,
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
        tool_spec::validate(self.tools.iter().flatten())?;
        if let Some(memory) = &self.memory
            && memory.get("enabled").is_none()
        {
            return Err(reasons::option_empty("memory.enabled"));
        }
        Ok(())
    }

    /// What is sent to create or resume a session, and what right behind it.
    pub(crate) fn wire(
        &self,
        purpose: Purpose,
        mode: Mode,
        declared: &Declared,
        session_id: Option<&str>,
        trace: &TraceContext,
    ) -> Result<Wire> {
        let mut params = self.given(purpose)?;
        let patch = patch(&params, mode);
        for name in LATER_ONLY {
            params.remove(*name);
        }
        marks::mark_providers(&mut params, &declared.provider_tokens);
        marks::mark_sections(&mut params, &declared.transforms);
        if mode == Mode::Empty {
            add_empty_defaults(&mut params);
        }
        let mut set = |name: &str, value: Value| drop(params.insert(name.to_owned(), value));
        set("toolFilterPrecedence", "excluded".into());
        set("envValueMode", "direct".into());
        let on_resume = declared.permission_on_resume.filter(|_| purpose == Purpose::Resume);
        let asks = on_resume.unwrap_or(declared.permission);
        set("requestPermission", asks.into());
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
        Ok(Wire { params, patch })
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
        for name in OMIT_FALSY {
            if params.get(*name).is_some_and(is_falsy) {
                params.remove(*name);
            }
        }
        Ok(params)
    }
}

fn patch(given: &Map<String, Value>, mode: Mode) -> Option<Map<String, Value>> {
    let mut patch = Map::new();
    for name in LATER {
        let default = || if mode == Mode::Empty { empty_default(name) } else { None };
        if let Some(value) = given.get(*name).cloned().or_else(default) {
            patch.insert((*name).to_owned(), value);
        }
    }
    if mode == Mode::Empty {
        patch.insert("installedPlugins".to_owned(), Value::Array(Vec::new()));
    }
    (!patch.is_empty()).then_some(patch)
}

/// What is sent in mode `empty` when the caller says nothing.
static EMPTY_DEFAULTS: Lazy<Map<String, Value>> = Lazy::new(|| {
    let read =
        |(name, default): &(&str, &str)| Some(((*name).to_owned(), serde_json::from_str(default).ok()?));
    EMPTY_MODE.iter().filter_map(read).collect()
});

fn empty_default(name: &str) -> Option<Value> {
    EMPTY_DEFAULTS.get(name).cloned()
}

fn add_empty_defaults(params: &mut Map<String, Value>) {
    for (name, _) in EMPTY_MODE.iter().filter(|(name, _)| !LATER_ONLY.contains(name)) {
        if !params.contains_key(*name)
            && let Some(default) = empty_default(name)
        {
            params.insert((*name).to_owned(), default);
        }
    }
    let message = system_message::without_environment(params.remove("systemMessage"));
    params.insert("systemMessage".to_owned(), message);
}

#[cfg(test)]
mod tests;
