//! What doors rely on in answers that go to them as the runtime gave them.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::json;

/// Members that are lists.
const LISTS: &[(&str, &str)] =
    &[("models.list", "models"), ("session.list", "sessions"), ("session.getMessages", "events")];

/// Other methods whose answers are read by doors, and have to be objects.
const OBJECTS: &[&str] = &[
    "ping",
    "status.get",
    "auth.getStatus",
    "session.getMetadata",
    "session.getLastId",
    "session.getForeground",
    "session.send",
];

/// Passes an answer on when it is what doors rely on: an object, with a list where one belongs. A list that is missing is empty.
pub(super) fn checked(method: &str, answer: Bytes) -> Result<Bytes> {
    let list = LISTS.iter().find(|(listing, _)| *listing == method).map(|(_, member)| *member);
    if list.is_none() && !OBJECTS.contains(&method) {
        return Ok(answer);
    }
    let Some(member) = list else {
        return match answer.trim_ascii_start().first() {
            Some(b'{') => Ok(answer),
            _ => Err(mistyped(method, "it is no object")),
        };
    };
    let mut members: BTreeMap<String, Box<RawValue>> = json::parse_answer(method, &answer)?;
    match members.get(member).map(|value| value.get().as_bytes()) {
        Some([b'[', ..]) => Ok(answer),
        Some(b"null") | None => {
            let empty = RawValue::from_string("[]".to_owned()).map_err(|_| mistyped(method, member))?;
            members.insert(member.into(), empty);
            Ok(Bytes::from(json::to_text(&members)?))
        }
        Some(_) => Err(mistyped(method, &format!("{member} is no list"))),
    }
}

fn mistyped(method: &str, why: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("answer to {method}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, answer: &'static str) -> Result<Bytes> {
        checked(method, Bytes::from_static(answer.as_bytes()))
    }

    #[test]
    fn lists_are_lists() {
        let whole = r#" {"more":1,"models":[{"id":"m"}]}"#;
        assert_eq!(of("models.list", whole).unwrap(), whole);
        for missing in ["{}", r#"{"models":null}"#] {
            assert_eq!(of("models.list", missing).unwrap(), r#"{"models":[]}"#);
        }
        for bad in ["null", "[]", "7", r#"{"models":{}}"#, r#"{"models":"x"}"#, ""] {
            let error = of("models.list", bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{bad}");
            assert!(error.message().contains("models.list"), "{error}");
        }
    }

    #[test]
    fn objects_are_objects_and_others_go_through() {
        assert_eq!(of("ping", " {}").unwrap(), " {}");
        assert_eq!(of("ping", "null").unwrap_err().kind(), ErrorKind::Protocol);
        assert_eq!(of("session.abort", "null").unwrap(), "null");
    }
}
