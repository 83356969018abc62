//! JSON text with lone surrogates. Written by hand.
//!
//! JSON can spell half of a surrogate pair (`"\ud800"`), Rust text cannot hold it. The last 2,048 characters of
//! the private plane 16 stand for the halves: U+10F800 + n for U+D800 + n. So that reading and writing stay
//! exact, a genuine character of that block is read as the two halves of its pair. Text without such
//! characters, that is practically all text, is only scanned.

use serde_json::Value;

use super::support::WireError;

const FIRST: u32 = 0x10_F800;

fn stand_in(half: u32) -> char {
    char::from_u32(FIRST + (half - 0xD800)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn is_half(unit: u32) -> bool {
    (0xD800..0xE000).contains(&unit)
}

/// Whether the text may hold an escape of a surrogate or a character of the stand-in block.
fn needs_care(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"\\ud").is_some()
        || memchr::memmem::find(text, b"\\uD").is_some()
        || memchr::memmem::find(text, b"\xF4\x8F").is_some()
}

/// Parses JSON text.
pub fn parse(text: &[u8]) -> Result<Value, WireError> {
    let parsed = if needs_care(text) {
        let careful = replace_halves(&String::from_utf8_lossy(text));
        serde_json::from_str(&careful)
    } else {
        serde_json::from_slice(text)
    };
    parsed.map_err(|error| WireError::new(error.to_string()))
}

fn escape_at(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

/// Puts stand-ins for lone halves, and for both halves of characters of the stand-in block.
fn replace_halves(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            rest = replace_escape(rest, &mut out);
            continue;
        }
        push_genuine(c, &mut out);
        rest = &rest[c.len_utf8()..];
    }
    out
}

fn push_genuine(c: char, out: &mut String) {
    let code = u32::from(c);
    if code < FIRST {
        out.push(c);
        return;
    }
    let offset = code - 0x1_0000;
    out.push(stand_in(0xD800 + (offset >> 10)));
    out.push(stand_in(0xDC00 + (offset & 0x3FF)));
}

/// Copies one escape sequence; gives what follows it.
fn replace_escape<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let Some(unit) = escape_at(rest).filter(|unit| is_half(*unit)) else {
        let len = rest.chars().take(2).map(char::len_utf8).sum();
        out.push_str(&rest[..len]);
        return &rest[len..];
    };
    let after = &rest[6..];
    if unit < 0xDC00
        && let Some(low) = escape_at(after).filter(|low| (0xDC00..0xE000).contains(low))
        && let Some(c) = char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
    {
        push_genuine(c, out);
        return &after[6..];
    }
    out.push(stand_in(unit));
    after
}

/// Prints a value; stand-ins become escapes again.
pub fn print(value: &Value) -> String {
    let text = value.to_string();
    if memchr::memmem::find(text.as_bytes(), b"\xF4\x8F").is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match u32::from(c).checked_sub(FIRST) {
            Some(offset) => out.push_str(&format!("\\u{:04x}", 0xD800 + offset)),
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        print(&parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn halves_survive() {
        assert_eq!(again(r#""a\ud800b""#), r#""a\ud800b""#);
        assert_eq!(again(r#""\udc00\ud800""#), r#""\udc00\ud800""#);
        assert_eq!(again(r#"{"\udfff":"\\ud800"}"#), r#"{"\udfff":"\\ud800"}"#);
    }

    #[test]
    fn pairs_stay_characters() {
        assert_eq!(again(r#""\ud83d\ude00""#), "\"\u{1F600}\"");
        assert_eq!(parse("\"\u{10F801}\"".as_bytes()).unwrap(), parse(br#""\udbfe\udc01""#).unwrap());
        assert_eq!(again("\"\u{10F801}\""), r#""\udbfe\udc01""#);
    }
}
