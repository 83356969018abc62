//! What doors rely on in answers that go to them as the runtime gave them.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::json;

/// What an answer has to be. `core/tables/calls.toml` says it of each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Doors do not look into it.
    Any,
    Object,
    /// An object with a list of this name; a list that is missing is empty.
    List(&'static str),
}

impl Answer {
    /// Passes an answer on when it is what doors rely on.
    pub(super) fn check(self, method: &str, answer: Bytes) -> Result<Bytes> {
        match self {
            Self::Any => Ok(answer),
            Self::Object => match answer.trim_ascii_start().first() {
                Some(b'{') => Ok(answer),
                _ => Err(mistyped(method, "it is no object")),
            },
            Self::List(member) => with_list(method, member, answer),
        }
    }
}

fn with_list(method: &str, member: &str, answer: Bytes) -> Result<Bytes> {
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

    const MODELS: Answer = Answer::List("models");

    fn of(wanted: Answer, answer: &'static str) -> Result<Bytes> {
        wanted.check("models.list", Bytes::from_static(answer.as_bytes()))
    }

    #[test]
    fn lists_are_lists() {
        let whole = r#" {"more":1,"models":[{"id":"m"}]}"#;
        assert_eq!(of(MODELS, whole).unwrap(), whole);
        for missing in ["{}", r#"{"models":null}"#] {
            assert_eq!(of(MODELS, missing).unwrap(), r#"{"models":[]}"#);
        }
        for bad in ["null", "[]", "7", r#"{"models":{}}"#, r#"{"models":"x"}"#, ""] {
            let error = of(MODELS, bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{bad}");
            assert!(error.message().contains("models.list"), "{error}");
        }
    }

    #[test]
    fn objects_are_objects_and_others_go_through() {
        assert_eq!(of(Answer::Object, " {}").unwrap(), " {}");
        assert_eq!(of(Answer::Object, "null").unwrap_err().kind(), ErrorKind::Protocol);
        assert_eq!(of(Answer::Any, "null").unwrap(), "null");
    }
}
