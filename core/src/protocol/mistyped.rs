//! Which option does not fit its type, in words for whoever wrote it.

use std::fmt;

use serde::de::{self, Deserializer};
use serde::ser::{self, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use super::place;
use crate::diagnostics::{describe, is_secret_place};
use crate::error::{Error, ErrorKind, reasons};

/// Why `text` is not what was asked for; `what` names the whole. `error` is what reading it came to.
pub(crate) fn explain(what: &str, text: &[u8], error: &serde_json::Error) -> Error {
    if !error.is_data() {
        return Error::new(ErrorKind::InvalidArgument, format!("{what}: {}", describe(error)));
    }
    let mut path = place::of_error(text, error);
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
    // As `read_tagged` says it.
    let said = match said.strip_prefix("in `/").and_then(|rest| rest.split_once("`: ")) {
        Some((inside, said)) => {
            path.extend(inside.split('/').map(str::to_owned));
            said
        }
        None => said,
    };
    let value = serde_json::from_slice(text).ok().and_then(|whole| at(whole, &path));
    let option = option(what, &path);
    if let Some((_, expected)) =
        said.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "))
    {
        return reasons::option_type(&option, words(expected), &shown(value.as_ref(), &path));
    }
    if let Some((_, expected)) =
        said.strip_prefix("invalid value: ").and_then(|rest| rest.rsplit_once(", expected "))
    {
        let why = format!("expected {}, got {}", words(expected), shown(value.as_ref(), &path));
        return reasons::option_invalid(&option, &why);
    }
    if let Some((given, expected)) =
        said.strip_prefix("unknown variant `").and_then(|rest| rest.split_once("`, expected "))
    {
        let expected = expected.trim_start_matches("one of ").replace('`', "").replace(" or ", ", ");
        return reasons::option_value(&option, given, &expected);
    }
    reasons::option_invalid(&option, &without_quoted(said))
}

fn steps(path: &Path) -> Vec<String> {
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(step).collect()
}

fn at(mut value: Value, path: &[String]) -> Option<Value> {
    for step in path {
        value = match value {
            Value::Array(mut items) => {
                let index = step.parse().ok().filter(|index| *index < items.len())?;
                items.swap_remove(index)
            }
            Value::Object(mut members) => members.remove(step)?,
            _ => return None,
        };
    }
    Some(value)
}

/// The option as programs write it: `config` holds those of a session.
fn option(what: &str, path: &[String]) -> String {
    let path = path.strip_prefix(&["config".to_owned()]).unwrap_or(path);
    let mut out = String::new();
    for step in path {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            out.push_str(&format!("[{step}]"));
        } else {
            out.push_str(if out.is_empty() { "" } else { "." });
            out.push_str(step);
        }
    }
    if out.is_empty() { what.to_owned() } else { out }
}

/// Types in the words of JSON.
fn words(expected: &str) -> &str {
    match expected {
        "a boolean" => "true or false",
        "a map" => "an object",
        "a sequence" => "a list",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i32" | "i64" => "a whole number",
        "f64" => "a number",
        _ if expected.starts_with("struct ") => "an object",
        other => other,
    }
}

/// The error for a value that is no `expected`.
pub(crate) fn wrong(option: &str, expected: &str, value: &Value) -> Error {
    reasons::option_type(option, expected, &shown(Some(value), &[option.to_owned()]))
}

/// What kind of JSON a value is.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value for a message; never a text, which may be a secret in the wrong place.
fn shown(value: Option<&Value>, path: &[String]) -> String {
    match value {
        None => "something else".to_owned(),
        Some(plain @ (Value::Null | Value::Bool(_))) => plain.to_string(),
        Some(Value::Number(number)) if !path.iter().any(|step| is_secret_place(step)) => number.to_string(),
        Some(other) => kind_of(other).to_owned(),
    }
}

/// Serde quotes texts it did not expect, which may be secret.
fn without_quoted(said: &str) -> String {
    describe(&<serde_json::Error as serde::de::Error>::custom(said))
}

/// Reads an object whose member `tag` says which variant of `T` the others belong to; `read` is derived without a tag.
pub(crate) fn read_tagged<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    tag: &str,
    read: impl FnOnce(
        serde_path_to_error::Deserializer<'_, '_, Value>,
    ) -> std::result::Result<T, serde_json::Error>,
) -> std::result::Result<T, D::Error> {
    deserializer.deserialize_map(Tagged { tag, read })
}

// A visitor, so that its errors know where in the text the object ends.
struct Tagged<'t, F> {
    tag: &'t str,
    read: F,
}

impl<'de, T, F> de::Visitor<'de> for Tagged<'_, F>
where
    F: FnOnce(serde_path_to_error::Deserializer<'_, '_, Value>) -> std::result::Result<T, serde_json::Error>,
{
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a map")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, members: A) -> std::result::Result<T, A::Error> {
        let Self { tag, read } = self;
        let mut members = Map::deserialize(de::value::MapAccessDeserializer::new(members))?;
        let Some(variant) = members.remove(tag) else {
            return Err(de::Error::custom(format!("missing field `{tag}`")));
        };
        let Value::String(variant) = variant else {
            return Err(de::Error::custom(format!("in `/{tag}`: invalid type: it, expected a string")));
        };
        let whole = Value::Object(Map::from_iter([(variant, Value::Object(members))]));
        let mut track = serde_path_to_error::Track::new();
        read(serde_path_to_error::Deserializer::new(whole, &mut track)).map_err(|error| {
            match steps(&track.path()).join("/").as_str() {
                "" if error.to_string().starts_with("unknown variant") => {
                    de::Error::custom(format!("in `/{tag}`: {error}"))
                }
                "" => de::Error::custom(error),
                path => de::Error::custom(format!("in `/{path}`: {error}")),
            }
        })
    }
}

/// Writes what [`read_tagged`] reads, from the value written without a tag.
pub(crate) fn write_tagged<S: Serializer>(
    serializer: S,
    tag: &str,
    written: serde_json::Result<Value>,
) -> std::result::Result<S::Ok, S::Error> {
    let Ok(Value::Object(whole)) = written else { return Err(ser::Error::custom("no variant with members")) };
    let mut out = Map::new();
    for (variant, members) in whole {
        out.insert(tag.to_owned(), variant.into());
        if let Value::Object(members) = members {
            out.extend(members);
        }
    }
    out.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::json::parse_as;
    use crate::error::{Error, ErrorKind};
    use crate::protocol::options::SessionConfig;

    #[track_caller]
    fn refused<T: serde::de::DeserializeOwned>(text: &serde_json::Value) -> Error {
        match parse_as::<T>("options", text.to_string().as_bytes()) {
            Ok(_) => panic!("{text} was taken"),
            Err(error) => error,
        }
    }

    #[test]
    fn sessions_name_what_is_wrong() {
        for (config, said) in [
            (json!({"model": 5}), "model: expected a string, got 5"),
            (json!({"streaming": "maybe"}), "streaming: expected true or false, got a string"),
            (json!({"streaming": [1]}), "streaming: expected true or false, got a list"),
            (json!({"tools": [{"name": "a"}, {"name": 5}]}), "tools[1].name: expected a string, got 5"),
            (json!({"tools": {}}), "tools: expected a list, got an object"),
            (json!({"systemMessage": "text"}), "systemMessage: expected an object, got a string"),
            (json!({"mcpServers": [1]}), "mcpServers: expected an object, got a list"),
            (json!({"gitHubToken": 12345678}), "gitHubToken: expected a string, got a number"),
            (json!([1]), "options: expected an object, got a list"),
        ] {
            let error = refused::<SessionConfig>(&config);
            assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidType, said));
        }
    }

    #[test]
    fn flags_are_read_as_programs_write_them() {
        for (given, read) in
            [(json!("yes"), true), (json!(1), true), (json!("off"), false), (json!(0), false)]
        {
            let config = json!({"streaming": given}).to_string();
            assert_eq!(
                parse_as::<SessionConfig>("options", config.as_bytes()).unwrap().streaming,
                Some(read)
            );
        }
    }
    #[test]
    fn the_last_of_two_counts() {
        let config: SessionConfig = parse_as("options", br#"{"model":"a","x":1,"model":"b","x":2}"#).unwrap();
        assert_eq!((config.model.as_deref(), &config.extra["x"]), (Some("b"), &json!(2)));
    }
}
