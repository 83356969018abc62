//! Finds one value in JSON text by JSON pointer (RFC 6901) without building the others.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The text of the value at `pointer`; of members with the same name the last counts. The whole text is checked.
pub(crate) fn find<'a>(json: &'a str, pointer: &str) -> serde_json::Result<Option<&'a RawValue>> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let found = Step(pointer).deserialize(&mut reader)?;
    reader.end()?;
    Ok(found)
}

/// What is left of the pointer at a value: empty at the wanted one.
struct Step<'p>(&'p str);

impl<'p> Step<'p> {
    /// The next reference token, still escaped, and the step below it.
    fn split(&self) -> (&'p str, Step<'p>) {
        let rest = &self.0[1..];
        let end = rest.find('/').unwrap_or(rest.len());
        (&rest[..end], Step(&rest[end..]))
    }
}

impl<'de> DeserializeSeed<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            <&RawValue>::deserialize(reader).map(Some)
        } else {
            reader.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (token, below) = self.split();
        let mut found = None;
        while let Some(wanted) = members.next_key_seed(Name(token))? {
            if wanted {
                found = members.next_value_seed(Step(below.0))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (token, below) = self.split();
        let wanted = index(token);
        let mut found = None;
        for at in 0usize.. {
            if Some(at) == wanted {
                match items.next_element_seed(Step(below.0))? {
                    Some(item) => found = item,
                    None => break,
                }
            } else if items.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// An array index as RFC 6901 spells it: no sign, no leading zero.
fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| plain)
}

/// Whether a member's name is the one a reference token means.
struct Name<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        if !self.0.contains('~') {
            return Ok(self.0 == name);
        }
        Ok(self.0.replace("~1", "/").replace("~0", "~") == name)
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    const TEXT: &str =
        r#" {"a": {"b": [1, {"c": "x\"y"}, [ ]]}, "m~n/o": true, "": 7, "d": 1, "d": 2, "\u0065": null} "#;

    fn text(pointer: &str) -> Option<&'static str> {
        find(TEXT, pointer).unwrap().map(|value| value.get())
    }

    #[test]
    fn follows_names_and_indices() {
        assert_eq!(text("/a/b/0"), Some("1"));
        assert_eq!(text("/a/b/1/c"), Some(r#""x\"y""#));
        assert_eq!(text("/a/b/2"), Some("[ ]"));
        assert_eq!(text("/a/b"), Some(r#"[1, {"c": "x\"y"}, [ ]]"#));
        assert_eq!(text("/m~0n~1o"), Some("true"));
        assert_eq!(text("/"), Some("7"));
        assert_eq!(text("/d"), Some("2"));
        assert_eq!(text("/e"), Some("null"));
        assert_eq!(text(""), Some(TEXT.trim()));
    }

    #[test]
    fn finds_nothing_where_there_is_nothing() {
        for pointer in
            ["/x", "/a/b/3", "/a/b/01", "/a/b/+1", "/a/b/-", "/a/b/c", "/d/e", "/a/b/1/c/d", "/e/f"]
        {
            assert_eq!(text(pointer), None, "{pointer}");
        }
    }

    #[test]
    fn refuses_what_is_no_json_wherever_it_breaks() {
        for broken in ["", "{", r#"{"a":1"#, r#"{"a":1} x"#, r#"{"a":1,"b":}"#, r#"{"a":1,"b":tru}"#] {
            assert!(find(broken, "/a").is_err(), "{broken}");
        }
    }
}
