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
    ///
    /// # Errors
    /// `Unsupported` when nobody can be asked, and as for [`call`](Self::call).
    pub async fn elicit(&self, message: &str, requested_schema: &Value) -> Result<ElicitationAnswer> {
        let question = Question::form(requested_schema.clone());
        let params = question.params(self, message)?;
        form_answer(&self.call(method::SESSION_UI_ELICITATION, &params).await?)
    }

    /// Asks a question; true only for a yes.
    ///
    /// # Errors
    /// As for [`elicit`](Self::elicit).
    pub async fn confirm(&self, message: &str) -> Result<bool> {
        Ok(self.ask(message, Question::confirm()).await? == Value::Bool(true))
    }

    /// Lets somebody choose one of several texts; none when nothing was chosen.
    ///
    /// # Errors
    /// As for [`elicit`](Self::elicit).
    pub async fn select(&self, message: &str, options: &[&str]) -> Result<Option<String>> {
        Ok(self.ask(message, Question::select(options)).await?.as_str().map(str::to_owned))
    }

    /// Asks for a text; none when there was no answer. The options are those of a field: `title`, `description`,
    /// `minLength`, `maxLength`, `format` (`email`, `uri`, `date`, `date-time`), `default`.
    ///
    /// # Errors
    /// As for [`elicit`](Self::elicit).
    pub async fn input(&self, message: &str, options: Map<String, Value>) -> Result<Option<String>> {
        Ok(self.ask(message, Question::input(options)).await?.as_str().map(str::to_owned))
    }

    async fn ask(&self, message: &str, question: Question) -> Result<Value> {
        let params = question.params(self, message)?;
        question.read(&self.call(method::SESSION_UI_ELICITATION, &params).await?)
    }
}

/// A form, or one of the three questions that are forms of a single field.
pub(crate) struct Question {
    schema: Value,
    answer: Answer,
}

#[derive(Clone, Copy)]
enum Answer {
    /// The whole form.
    Form,
    /// Whether the field is true.
    YesNo(&'static str),
    /// The text in the field, or null.
    Text(&'static str),
}

impl Question {
    pub(crate) fn form(schema: Value) -> Self {
        Self { schema, answer: Answer::Form }
    }

    pub(crate) fn confirm() -> Self {
        let field = json!({"type": "boolean", "default": true});
        Self::of_field(Answer::YesNo("confirmed"), "confirmed", field)
    }

    pub(crate) fn select(options: &[impl AsRef<str>]) -> Self {
        let options: Vec<&str> = options.iter().map(AsRef::as_ref).collect();
        Self::of_field(Answer::Text("selection"), "selection", json!({"type": "string", "enum": options}))
    }

    pub(crate) fn input(options: Map<String, Value>) -> Self {
        let mut field = Map::from_iter([("type".to_owned(), Value::from("string"))]);
        field.extend(options);
        Self::of_field(Answer::Text("value"), "value", field.into())
    }

    fn of_field(answer: Answer, name: &str, field: Value) -> Self {
        let schema = json!({"type": "object", "properties": {name: field}, "required": [name]});
        Self { schema, answer }
    }

    /// The params of the call. Fails when nobody can be asked.
    pub(crate) fn params(&self, session: &Session, message: &str) -> Result<String> {
        if !session.can_elicit() {
            let text = "Elicitation is not supported by the host; check the session's capabilities for ui.elicitation";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        Ok(json!({"message": message, "requestedSchema": self.schema}).to_string())
    }

    /// The answer that the function of the same name returns, as JSON.
    pub(crate) fn read(&self, answer: &[u8]) -> Result<Value> {
        let answer = form_answer(answer)?;
        let field = |name: &str| {
            let content = answer.content.as_ref().filter(|_| answer.action == "accept");
            content.and_then(|content| content.get(name)).cloned().unwrap_or_default()
        };
        Ok(match self.answer {
            Answer::Form => json!(answer),
            Answer::YesNo(name) => Value::Bool(field(name) == Value::Bool(true)),
            Answer::Text(name) => Some(field(name)).filter(Value::is_string).unwrap_or_default(),
        })
    }
}

fn form_answer(answer: &[u8]) -> Result<ElicitationAnswer> {
    json::parse_answer("session.ui.elicitation", answer)
}
