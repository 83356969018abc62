//! The list of models, asked once.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Client;
use crate::error::Result;
use crate::protocol::{json, method};

/// A model that can be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelInfo {
    /// What a session's configuration names.
    pub id: String,
    /// Name to show to people.
    pub name: String,
    /// `{supports?, limits?}`
    pub capabilities: Value,
    /// `{state, terms?}`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
    /// `{multiplier?, tokenPrices?}`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Value>,
    /// Reasoning efforts it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported_reasoning_efforts: Option<Vec<String>>,
    /// The effort when none is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_reasoning_effort: Option<String>,
    /// Members this engine does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What was asked, with the era it belongs to. A stop begins a new era; it never waits for a question under way.
#[derive(Default)]
pub(crate) struct Models {
    asked: tokio::sync::Mutex<Option<(u64, Bytes)>>,
    era: AtomicU64,
}

impl Models {
    /// Forgets the list.
    pub(super) fn clear(&self) {
        self.era.fetch_add(1, Ordering::AcqRel);
    }
}

impl Client {
    /// The models, asked once and kept until the client stops; a failure is not kept. With a handler for them, no runtime
    /// is needed. One entry that is no model fails the whole call.
    ///
    /// # Errors
    /// As for [`ping`](Self::ping); what the host's own list fails with.
    pub async fn list_models(&self) -> Result<Vec<ModelInfo>> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            models: Vec<ModelInfo>,
        }
        Ok(json::parse_answer::<Answer>("models.list", &self.list_models_json().await?)?.models)
    }

    /// Like [`list_models`](Self::list_models), as JSON text `{"models": […]}` with all that the runtime tells.
    ///
    /// # Errors
    /// As for [`list_models`](Self::list_models), except that no model is read.
    pub async fn list_models_json(&self) -> Result<Bytes> {
        let models = &self.0.models;
        let mut asked = models.asked.lock().await;
        let era = models.era.load(Ordering::Acquire);
        if let Some((_, list)) = asked.as_ref().filter(|(of, _)| *of == era) {
            return Ok(list.clone());
        }
        let fresh = match &self.0.callbacks.list_models {
            Some(handler) => Bytes::from(serde_json::json!({"models": handler.list().await?}).to_string()),
            None => self.call(method::MODELS_LIST, "{}").await?,
        };
        *asked = Some((era, fresh.clone()));
        Ok(fresh)
    }
}
