//! Calls of a session that most programs need.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::Session;
use super::core::disconnected;
use crate::error::{Result, reasons};
use crate::handlers::ToolHandler;
use crate::protocol::options::ToolSpec;
use crate::protocol::{json, method, tool_spec};
use crate::router::SessionInbox;

/// How a model is to be used. Unset members are not sent.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelChoice {
    /// `low`, `medium`, `high`, `xhigh`, `max`; not validated here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// `none`, `concise` or `detailed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_summary: Option<String>,
    /// `default` or `long_context`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_tier: Option<String>,
    /// What the model can do, where it differs from what the runtime knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_capabilities: Option<Value>,
    /// Members this engine does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How a message to the timeline looks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LogOptions {
    /// `info` (default), `warning` or `error`. An error ends a wait for the present turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Whether it is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<bool>,
}

impl Session {
    /// Changes the model from the next message on; the conversation so far is kept.
    ///
    /// # Errors
    /// `InvalidArgument` for a value that is none of those listed, and as for [`call`](Self::call).
    pub async fn set_model(&self, model: &str, choice: &ModelChoice) -> Result<()> {
        one_of("reasoningSummary", choice.reasoning_summary.as_deref(), &["none", "concise", "detailed"])?;
        one_of("contextTier", choice.context_tier.as_deref(), &["default", "long_context"])?;
        let params = with("modelId", model, choice)?;
        self.call(method::SESSION_MODEL_SWITCH, &params).await.map(drop)
    }

    /// Changes how the automatic choice of models weighs cost and ability; none goes back to the default. Returns the
    /// runtime's answer as JSON text.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn set_auto_tier(&self, tier: Option<&str>) -> Result<Bytes> {
        self.call(method::SESSION_AUTO_TIER_SWITCH, &json!({"autoTier": tier}).to_string()).await
    }

    /// Replaces all tools of this host. The new handlers serve from the runtime's answer on; after an error the old ones
    /// still do. Needs a runtime newer than 1.0.85.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn set_tools(
        &self,
        tools: Vec<ToolSpec>,
        handlers: HashMap<String, Arc<dyn ToolHandler>>,
    ) -> Result<()> {
        self.core().check_open()?;
        tool_spec::validate(&tools)?;
        let params = self.addressed(&json::to_text(&json!({"tools": tools}))?)?;
        let (sender, done) = oneshot::channel();
        let core = Arc::clone(self.core());
        // On the reader: no call of a new tool comes before it is served.
        let answered = move |answer: Result<Bytes>| {
            if answer.is_ok() {
                core.set_tools(handlers);
            }
            drop(sender.send(answer.map(drop)));
        };
        let connection = self.core().connection();
        connection.call_as(connection.next_id(), method::SESSION_TOOLS_SET, &params, Box::new(answered));
        done.await.unwrap_or_else(|_| Err(disconnected(&self.id())))
    }

    /// Writes to the session's timeline; the id of the event it becomes, when the runtime tells it.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown level, and as for [`call`](Self::call).
    pub async fn log(&self, message: &str, options: &LogOptions) -> Result<Option<String>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Logged {
            event_id: Option<String>,
        }
        one_of("level", options.level.as_deref(), &["info", "warning", "error"])?;
        let answer = self.call(method::SESSION_LOG, &with("message", message, options)?).await?;
        Ok(json::parse_answer::<Logged>("session.log", &answer)?.event_id)
    }

    /// Ends a task that runs in the background; false when there is no such task.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn cancel_task(&self, id: &str) -> Result<bool> {
        #[derive(Deserialize)]
        struct Cancelled {
            #[serde(default)]
            cancelled: bool,
        }
        let answer = self.call(method::SESSION_TASKS_CANCEL, &json!({"id": id}).to_string()).await?;
        Ok(json::parse_answer::<Cancelled>("session.tasks.cancel", &answer)?.cancelled)
    }

    /// Ends the session for every client that is attached to it. What is kept of it stays: see
    /// [`Client::delete_session`](crate::Client::delete_session) for removing it, and
    /// [`disconnect`](Self::disconnect) for leaving it to the others.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn destroy(&self) -> Result<()> {
        if self.core().check_open().is_err() {
            return Ok(());
        }
        self.call(method::SESSION_DESTROY, "{}").await?;
        self.owner().forget(self.core());
        self.core().close(&disconnected(&self.id()));
        self.core().released().await;
        Ok(())
    }
}

fn one_of(name: &str, value: Option<&str>, allowed: &[&str]) -> Result<()> {
    match value {
        Some(value) if !allowed.contains(&value) => {
            Err(reasons::option_value(name, value, &allowed.join(", ")))
        }
        _ => Ok(()),
    }
}

fn with(name: &str, value: &str, rest: &impl Serialize) -> Result<String> {
    let mut params: Map<String, Value> = json::parse_as(name, json::to_text(rest)?.as_bytes())?;
    params.insert(name.to_owned(), value.into());
    json::to_text(&params)
}
