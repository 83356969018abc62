//! Notifications that the engine hands on: what has to be there so that a door can read them.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{json, method};

/// Whether a notification has the members without which nothing can be told from it. Those that the engine does not know
/// are the door's business.
pub(crate) fn is_readable(name: &str, params: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Lifecycle {
        #[serde(rename = "type")]
        _type: String,
    }
    #[derive(Deserialize)]
    struct Telemetry {
        #[serde(rename = "event")]
        _event: std::collections::HashMap<String, IgnoredAny>,
    }
    match name {
        method::SESSION_LIFECYCLE => json::parse::<Lifecycle>(params).is_ok(),
        method::GITHUB_TELEMETRY_EVENT => json::parse::<Telemetry>(params).is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_not_readable() {
        for (name, params) in [
            (method::SESSION_LIFECYCLE, "null"),
            (method::SESSION_LIFECYCLE, "{}"),
            (method::SESSION_LIFECYCLE, "[1]"),
            (method::SESSION_LIFECYCLE, r#"{"type":5}"#),
            (method::GITHUB_TELEMETRY_EVENT, "{}"),
            (method::GITHUB_TELEMETRY_EVENT, r#"{"event":null}"#),
        ] {
            assert!(!is_readable(name, params.as_bytes()), "{name} {params}");
        }
        assert!(is_readable(method::SESSION_LIFECYCLE, br#"{"type":"session.created","metadata":{}}"#));
        assert!(is_readable(method::GITHUB_TELEMETRY_EVENT, br#"{"event":{"kind":"x"}}"#));
        assert!(is_readable("anything.else", b"null"));
    }
}
