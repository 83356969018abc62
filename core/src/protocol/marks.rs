//! Marks in a session's configuration: what the runtime must know of functions that stay in the host.

use serde_json::{Map, Value, json};

/// The name under which the runtime asks for a token of the session's single provider.
const SINGLE_PROVIDER: &str = "default";
const TOKEN_MARK: &str = "hasBearerTokenProvider";

/// Marks the providers whose bearer tokens the host gets; `names` as in [`Handlers`](crate::Handlers).
pub(crate) fn mark_providers(params: &mut Map<String, Value>, names: &[String]) {
    let is_served = |name: &str| names.iter().any(|served| served == name);
    if let Some(Value::Object(provider)) = params.get_mut("provider")
        && is_served(SINGLE_PROVIDER)
    {
        provider.insert(TOKEN_MARK.to_owned(), true.into());
    }
    let Some(Value::Array(providers)) = params.get_mut("providers") else { return };
    for provider in providers.iter_mut().filter_map(Value::as_object_mut) {
        if provider.get("name").and_then(Value::as_str).is_some_and(is_served) {
            provider.insert(TOKEN_MARK.to_owned(), true.into());
        }
    }
}

/// Marks the sections of the system message that the host rewrites. Only a customized message has sections; without a
/// message there is one from now on.
pub(crate) fn mark_sections(params: &mut Map<String, Value>, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let message =
        params.entry("systemMessage").or_insert_with(|| json!({"mode": "customize", "sections": {}}));
    let Value::Object(message) = message else { return };
    if message.get("mode").and_then(Value::as_str) != Some("customize") {
        return;
    }
    let sections = message.entry("sections").or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(sections) = sections else { return };
    for name in names {
        sections.insert(name.clone(), json!({"action": "transform"}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("{value} is no object") };
        object
    }

    #[test]
    fn providers_with_tokens_of_the_host() {
        let mut params = object(json!({
            "provider": {"type": "openai"},
            "providers": [{"name": "a"}, {"name": "b", "apiKey": "k"}, {"name": "default"}],
        }));
        mark_providers(&mut params, &["default".to_owned(), "b".to_owned()]);
        let expected = json!({
            "provider": {"type": "openai", "hasBearerTokenProvider": true},
            "providers": [{"name": "a"}, {"name": "b", "apiKey": "k", "hasBearerTokenProvider": true},
                          {"name": "default", "hasBearerTokenProvider": true}],
        });
        assert_eq!(Value::Object(params), expected);
    }

    #[test]
    fn sections_that_the_host_rewrites() {
        let marked = |given: Value| {
            let mut params = object(given);
            mark_sections(&mut params, &["tone".to_owned()]);
            Value::Object(params)
        };
        let transform = json!({"action": "transform"});
        let made = json!({"systemMessage": {"mode": "customize", "sections": {"tone": transform}}});
        assert_eq!(marked(json!({})), made);
        let given = json!({"systemMessage": {"mode": "customize", "sections": {"tone": {}, "safety": {"action": "remove"}}}});
        let expected = json!({"systemMessage": {"mode": "customize", "sections":
            {"tone": transform, "safety": {"action": "remove"}}}});
        assert_eq!(marked(given), expected);
        let replaced = json!({"systemMessage": {"mode": "replace", "content": "x"}});
        assert_eq!(marked(replaced.clone()), replaced);
    }
}
