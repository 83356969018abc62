//! Questions to the person in front of the host that shows the session. All four are one form.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{json, method};

/// What became of a form.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ElicitationAnswer {
    /// `accept`, `decline` or `cancel`.
    pub action: String,
    /// By field, when accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Map<String, Value>>,
}

impl Session {
    /// Whether somebody can be asked, as far as the runtime has told.
    #[must_use]
    pub fn can_elicit(&self) -> bool {
        self.capabilities().get("ui").and_then(|ui| ui.get("elicitation")).is_some_and(|able| match able {
            Value::Bool(able) => *able,
            other => !other.is_null(),
        })
    }

    /// Shows a form; the JSON Schema travels as given. Fails without a call when nobody can be asked.
    pub async fn elicit(&self, message: &str, requested_schema: &Value) -> Result<ElicitationAnswer> {
        if !self.can_elicit() {
            let text = "Elicitation is not supported by the host; check the session's capabilities for ui.elicitation";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let params = json!({"message": message, "requestedSchema": requested_schema});
        let answer = self.call(method::SESSION_UI_ELICITATION, &params.to_string()).await?;
        json::parse_as("answer to session.ui.elicitation", &answer)
    }

    /// Asks a question; true only for a yes.
    pub async fn confirm(&self, message: &str) -> Result<bool> {
        let field = json!({"type": "boolean", "default": true});
        Ok(self.ask_for(message, "confirmed", field).await? == Some(Value::Bool(true)))
    }

    /// Lets somebody choose one of several texts; none when nothing was chosen.
    pub async fn select(&self, message: &str, options: &[&str]) -> Result<Option<String>> {
        let field = json!({"type": "string", "enum": options});
        Ok(self
            .ask_for(message, "selection", field)
            .await?
            .as_ref()
            .and_then(Value::as_str)
            .map(str::to_owned))
    }

    /// Asks for a text; none when there was no answer. The options are those of a field: `title`, `description`,
    /// `minLength`, `maxLength`, `format` (`email`, `uri`, `date`, `date-time`), `default`.
    pub async fn input(&self, message: &str, options: Map<String, Value>) -> Result<Option<String>> {
        let mut field = Map::from_iter([("type".to_owned(), Value::from("string"))]);
        field.extend(options);
        let answer = self.ask_for(message, "value", field.into()).await?;
        Ok(answer.as_ref().and_then(Value::as_str).map(str::to_owned))
    }

    async fn ask_for(&self, message: &str, name: &str, field: Value) -> Result<Option<Value>> {
        let schema = json!({"type": "object", "properties": {name: field}, "required": [name]});
        let answer = self.elicit(message, &schema).await?;
        let content = answer.content.filter(|_| answer.action == "accept");
        Ok(content.and_then(|mut content| content.remove(name)).filter(|value| !value.is_null()))
    }
}
