//! Options without their secrets, for debug output.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// Names whose texts are secret, in lower case; any name that contains one of them counts.
const SECRET: [&str; 7] = ["token", "apikey", "secret", "password", "authorization", "credential", "cookie"];
/// Names of tables all of whose values may be secret.
const TABLES: [&str; 3] = ["env", "headers", "requestheaders"];
const HIDDEN: &str = "…";

/// Writes a value as its type's name and JSON, secrets left out.
pub(crate) fn debug(f: &mut fmt::Formatter<'_>, name: &str, value: &impl Serialize) -> fmt::Result {
    let mut value = serde_json::to_value(value).unwrap_or_default();
    hide(&mut value);
    write!(f, "{name} {value}")
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.to_ascii_lowercase();
                if TABLES.contains(&name.as_str()) {
                    hide_all(value);
                } else if SECRET.iter().any(|secret| name.contains(secret)) && value.is_string() {
                    *value = HIDDEN.into();
                } else {
                    hide(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        _ => {}
    }
}

fn hide_all(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(hide_all),
        Value::Array(values) => values.iter_mut().for_each(hide_all),
        Value::Null => {}
        _ => *value = HIDDEN.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_hidden_wherever_they_are() {
        let mut value = json!({
            "model": "m", "gitHubToken": "x", "maxTokens": 5,
            "provider": {"apiKey": "x", "headers": {"X-Any": "x"}, "baseUrl": "u"},
            "mcpServers": {"one": {"env": {"A": "x"}, "args": ["a"]}},
        });
        hide(&mut value);
        assert_eq!(
            value,
            json!({
                "model": "m", "gitHubToken": "…", "maxTokens": 5,
                "provider": {"apiKey": "…", "headers": {"X-Any": "…"}, "baseUrl": "u"},
                "mcpServers": {"one": {"env": {"A": "…"}, "args": ["a"]}},
            })
        );
    }
}
