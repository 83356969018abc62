//! Rules about the system message.

use serde_json::{Map, Value, json};

const ENVIRONMENT: &str = "environment_context";

/// Mode `empty`: the model is not told about the host's environment unless the caller says so.
pub(crate) fn without_environment(given: Option<Value>) -> Value {
    let Some(Value::Object(mut message)) = given else {
        return json!({"mode": "customize", "sections": {ENVIRONMENT: {"action": "remove"}}});
    };
    match message.get("mode").and_then(Value::as_str) {
        Some("replace") => Value::Object(message),
        Some("customize") => {
            let sections = message.entry("sections").or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(sections) = sections {
                sections.entry(ENVIRONMENT).or_insert_with(|| json!({"action": "remove"}));
            }
            Value::Object(message)
        }
        _ => {
            let mut customized =
                json!({"mode": "customize", "sections": {ENVIRONMENT: {"action": "remove"}}});
            if let Some(content) = message.remove("content").filter(|content| !content.is_null()) {
                customized["content"] = content;
            }
            customized
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_mode_empty() {
        let remove = json!({"action": "remove"});
        let replaced = json!({"mode": "replace", "content": "x"});
        assert_eq!(without_environment(Some(replaced.clone())), replaced);
        let own = json!({"mode": "customize", "sections": {ENVIRONMENT: {"action": "preserve"}}});
        assert_eq!(without_environment(Some(own.clone())), own);
        let tone = json!({"mode": "customize", "sections": {"tone": {"action": "remove"}}, "content": "c"});
        let expected =
            json!({"mode": "customize", "sections": {"tone": remove, ENVIRONMENT: remove}, "content": "c"});
        assert_eq!(without_environment(Some(tone)), expected);
        let appended = json!({"mode": "customize", "sections": {ENVIRONMENT: remove}, "content": "c"});
        assert_eq!(without_environment(Some(json!({"content": "c"}))), appended);
    }
}
