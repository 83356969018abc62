//! Answers that follow a JSON Schema: asked for, checked, and asked for again with what was wrong.

use serde_json::{Value, json};

use super::handle::Session;
use super::wait::WaitOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::event::Event;
use crate::protocol::json;
use crate::protocol::options::SendOptions;

/// How a structured answer is asked for.
#[derive(Clone, Debug)]
pub struct StructuredOptions {
    /// The JSON Schema the answer must follow.
    pub schema: Value,
    /// How often the agent may try again after an answer that does not follow it.
    pub retries: u32,
    /// The limits of each try.
    pub wait: WaitOptions,
}

impl StructuredOptions {
    /// A schema with two further tries and no time limit.
    #[must_use]
    pub fn new(schema: Value) -> Self {
        Self { schema, retries: 2, wait: WaitOptions::default() }
    }
}

/// An answer that follows its schema.
#[derive(Clone, Debug)]
pub struct Structured {
    /// The answer, checked.
    pub value: Value,
    /// The `assistant.message` it was read from.
    pub event: Event,
    /// Which try it was, beginning with 1.
    pub tries: u32,
}

/// What the answer looked like, and why it was refused.
struct Refused {
    text: String,
    reasons: Vec<String>,
}

impl Session {
    /// Sends a message and waits for an answer that follows `options.schema`. The runtime passes the schema on to the
    /// model; the answer is checked here, and if it does not follow the schema, the agent is told why and asked again.
    ///
    /// Fails with [`ErrorKind::SchemaMismatch`] when no try succeeded: the data holds the last `text` and the
    /// `reasons`. A message of mode `immediate` joins a running turn and cannot have a schema.
    ///
    /// # Errors
    /// `SchemaMismatch` when no try was right, `InvalidArgument` for a schema that is none, and as for
    /// [`send_and_wait`](Self::send_and_wait).
    pub async fn send_and_wait_structured(
        &self,
        message: impl Into<SendOptions>,
        options: StructuredOptions,
    ) -> Result<Structured> {
        let mut message = message.into();
        if message.mode.as_deref() == Some("immediate") {
            let text = "mode immediate joins the running turn and cannot have a response schema";
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        let validator = jsonschema::validator_for(&options.schema).map_err(|error| {
            Error::new(ErrorKind::InvalidArgument, format!("the response schema is no JSON Schema: {error}"))
        })?;
        message.extra.insert("responseFormat".to_owned(), json::response_format(&options.schema));
        let mut before = self.answered_before(&mut message).await?;
        let mut tries = 1;
        loop {
            let event = match before.take() {
                Some(event) => Some(event),
                None => self.send_and_wait(message.clone(), options.wait).await?,
            };
            let Some(event) = event else {
                let text = "the turn ended without an answer, structured or not";
                return Err(Error::new(ErrorKind::SchemaMismatch, text));
            };
            match check(&validator, &event) {
                Ok(value) => return Ok(Structured { value, event, tries }),
                Err(refused) if tries > options.retries => return Err(refused.error(tries)),
                Err(refused) => message.prompt = refused.prompt(),
            }
            message.attachments = None;
            message.display_prompt = None;
            tries += 1;
        }
    }
}

fn check(validator: &jsonschema::Validator, event: &Event) -> Result<Value, Refused> {
    let data = event.data::<Value>().unwrap_or_default();
    let text = data["content"].as_str().unwrap_or_default();
    let refused = |reasons| Refused { text: text.to_owned(), reasons };
    let value: Value = json::parse(unfenced(text).as_bytes())
        .map_err(|error| refused(vec![format!("the answer is not JSON: {error}")]))?;
    let reasons: Vec<_> = validator
        .iter_errors(&value)
        .take(10)
        .map(|error| match error.instance_path().as_str() {
            "" => error.to_string(),
            path => format!("{path}: {error}"),
        })
        .collect();
    if reasons.is_empty() { Ok(value) } else { Err(refused(reasons)) }
}

/// The text inside a Markdown code fence that surrounds all of it; some models cannot leave it out.
fn unfenced(text: &str) -> &str {
    let trimmed = text.trim();
    let inside = trimmed.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inside.and_then(|rest| rest.split_once('\n')).map_or(trimmed, |(_, body)| body.trim())
}

impl Refused {
    fn prompt(&self) -> String {
        format!(
            "Your last answer does not follow the JSON schema it was asked for:\n- {}\nAnswer again, with the corrected JSON only.",
            self.reasons.join("\n- ")
        )
    }

    fn error(&self, tries: u32) -> Error {
        let text = format!(
            "no answer followed the schema in {tries} {}: {}",
            if tries == 1 { "try" } else { "tries" },
            self.reasons.join("; ")
        );
        let data = json!({"text": self.text, "reasons": self.reasons, "tries": tries});
        Error::new(ErrorKind::SchemaMismatch, text).with_data(data.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn checked(content: &str) -> Result<Value, Refused> {
        let schema =
            json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
        let event = json!({"type": "assistant.message", "data": {"content": content}}).to_string();
        check(&jsonschema::validator_for(&schema).unwrap(), &Event::from_json(Bytes::from(event)).unwrap())
    }

    #[test]
    fn an_answer_is_read_with_or_without_a_fence() {
        for text in [r#"{"city":"Paris"}"#, "```json\n{\"city\":\"Paris\"}\n```\n"] {
            assert_eq!(checked(text).ok().unwrap(), json!({"city": "Paris"}));
        }
    }

    #[test]
    fn reasons_name_the_place() {
        let refused = checked(r#"{"city":7}"#).err().unwrap();
        assert_eq!(refused.reasons, ["/city: 7 is not of type \"string\""]);
        assert!(checked("Paris").err().unwrap().reasons[0].starts_with("the answer is not JSON"));
        assert!(refused.prompt().contains("/city"));
        assert_eq!(refused.error(3).kind(), ErrorKind::SchemaMismatch);
    }
}
