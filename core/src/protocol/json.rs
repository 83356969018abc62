//! Reading and writing JSON text at the edges of the engine.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::mistyped;
use crate::diagnostics::describe;
use crate::error::{Error, ErrorKind, Result};

/// Types JSON text. Escapes of unpaired UTF-16 surrogates, which strict parsers refuse, are read as U+FFFD.
pub(crate) fn parse<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    match serde_json::from_slice(text) {
        Ok(value) => Ok(value),
        Err(error) => match replace_lone_surrogates(text) {
            Some(mended) => serde_json::from_slice(&mended),
            None => Err(error),
        },
    }
}

/// The same text with U+FFFD in place of escapes of unpaired UTF-16 surrogates: not every JSON parser accepts them.
pub(crate) fn without_lone_surrogates(text: &str) -> Cow<'_, str> {
    let is_suspect = memchr::memmem::find(text.as_bytes(), b"\\u").is_some();
    let mended = is_suspect.then(|| replace_lone_surrogates(text.as_bytes())).flatten();
    mended.and_then(|mended| String::from_utf8(mended).ok()).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Like [`parse`], for what a program wrote: an error names the option that is wrong.
pub(crate) fn parse_as<T: DeserializeOwned>(what: &str, text: &[u8]) -> Result<T> {
    parse(text).map_err(|error| mistyped::explain(what, &without_surrogates(text), &error))
}

fn without_surrogates(text: &[u8]) -> Cow<'_, [u8]> {
    replace_lone_surrogates(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Types what the runtime answered to a method.
pub(crate) fn parse_answer<T: DeserializeOwned>(method: &str, text: &[u8]) -> Result<T> {
    parse(text)
        .map_err(|error| Error::new(ErrorKind::Protocol, format!("answer to {method}: {}", describe(&error))))
}

/// JSON text of a value.
pub(crate) fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("cannot write JSON: {}", describe(&error))))
}

/// JSON text of a string.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Replaces escapes of unpaired surrogates by the escape of U+FFFD. `None` when there are none.
fn replace_lone_surrogates(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut copied = 0;
    let mut pos = 0;
    while let Some(step) = memchr::memchr(b'\\', &text[pos..]) {
        let at = pos + step;
        match surrogate(text, at) {
            Some(high) if high < 0xDC00 && surrogate(text, at + 6).is_some_and(|low| low >= 0xDC00) => {
                pos = at + 12
            }
            Some(_) => {
                out.extend_from_slice(&text[copied..at]);
                out.extend_from_slice(b"\\ufffd");
                copied = at + 6;
                pos = copied;
            }
            None => pos = (at + 2).min(text.len()),
        }
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(&text[copied..]);
    Some(out)
}

/// The surrogate code unit escaped at `at`, if there is one.
fn surrogate(text: &[u8], at: usize) -> Option<u16> {
    let escape = text.get(at..at + 6)?;
    if &escape[..2] != b"\\u" {
        return None;
    }
    let digits = std::str::from_utf8(&escape[2..]).ok()?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    (0xD800..=0xDFFF).contains(&unit).then_some(unit)
}

/// The wire's words for the schema that an answer must follow.
pub(crate) fn response_format(schema: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({"type": "json_schema", "jsonSchema": {"name": "response", "strict": true, "schema": schema}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_read_as_replacement() {
        let read: String = parse(br#""a\ud83dz""#).unwrap();
        assert_eq!(read, "a\u{fffd}z");
        let read: String = parse(br#""\udc00\ud83d\ude00\ud83d""#).unwrap();
        assert_eq!(read, "\u{fffd}\u{1f600}\u{fffd}");
        let read: String = parse(br#""\\ud83d""#).unwrap();
        assert_eq!(read, "\\ud83d");
    }

    #[test]
    fn what_users_write_is_mended_in_its_text() {
        assert_eq!(without_lone_surrogates(r#"{"a":"\udcff \u00e9"}"#), r#"{"a":"\ufffd \u00e9"}"#);
        for same in [r#"{"a":"\ud83d\ude00"}"#, r#""\\ud83d""#, "{}"] {
            assert!(matches!(without_lone_surrogates(same), Cow::Borrowed(_)), "{same}");
        }
    }

    #[test]
    fn broken_text_stays_an_error() {
        assert!(parse::<String>(b"\"x").is_err());
        assert!(parse::<String>(br#""\"#).is_err());
    }
}
