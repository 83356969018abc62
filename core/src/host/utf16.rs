//! UTF-8 as received → UTF-16, for languages whose strings are made of it. Their own readers of UTF-8 are fast where all is
//! ASCII; for ordinary text V8's takes ten times as long as this.

/// How many bytes are looked at together.
const STEP: usize = 8;
const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Writes UTF-8 as UTF-16. What is no UTF-8 becomes U+FFFD.
pub fn widen(text: &[u8], out: &mut Vec<u16>) {
    convert::<false>(text, out);
}

/// Writes the inside of a JSON string, whose escapes are sound, as the UTF-16 it means.
pub fn unescape(text: &[u8], out: &mut Vec<u16>) {
    convert::<true>(text, out);
}

fn convert<const ESCAPES: bool>(text: &[u8], out: &mut Vec<u16>) {
    // Never more units than bytes; a step writes all its units, also those that are then written over.
    out.resize(text.len() + STEP, 0);
    let (mut from, mut to) = (0, 0);
    while let Some(step) = text[from..].first_chunk::<STEP>() {
        let word = u64::from_le_bytes(*step);
        out[to..to + STEP].copy_from_slice(&step.map(u16::from));
        let stops = (word & HIGH) | if ESCAPES { backslashes(word) } else { 0 };
        let plain = stops.trailing_zeros() as usize / 8;
        from += plain;
        to += plain;
        if plain < STEP {
            (from, to) = common(text, from, out, to).unwrap_or_else(|| special(text, from, out, to));
        }
    }
    while let Some(&byte) = text.get(from) {
        if byte < 0x80 && !(ESCAPES && byte == b'\\') {
            out[to] = u16::from(byte);
            (from, to) = (from + 1, to + 1);
        } else {
            (from, to) = special(text, from, out, to);
        }
    }
    out.truncate(to);
}

/// The high bit of every byte that is a backslash; bytes behind the first one may be marked too.
fn backslashes(word: u64) -> u64 {
    let same = word ^ (LOW * u64::from(b'\\'));
    same.wrapping_sub(LOW) & !same & HIGH
}

/// Like [`special`] for what text has most: letters of two and three bytes, and the shortest escapes. None for all others.
#[inline(always)]
fn common(text: &[u8], from: usize, out: &mut [u16], to: usize) -> Option<(usize, usize)> {
    let &[lead, one, two] = text[from..].first_chunk()?;
    let tail = |byte: u8| u16::from(byte & 0x3F);
    let is_tail = |byte: u8| byte & 0xC0 == 0x80;
    let (length, unit) = match lead {
        b'\\' if one == b'"' || one == b'\\' => (2, u16::from(one)),
        b'\\' if one == b'n' => (2, 0x0A),
        0xC2..=0xDF if is_tail(one) => (2, u16::from(lead & 0x1F) << 6 | tail(one)),
        // Neither too long nor a surrogate: these leads have special rules.
        0xE1..=0xEC | 0xEE..=0xEF if is_tail(one) && is_tail(two) => {
            (3, u16::from(lead & 0x0F) << 12 | tail(one) << 6 | tail(two))
        }
        _ => return None,
    };
    out[to] = unit;
    Some((from + length, to + 1))
}

/// Writes what begins at `from` with a backslash or a byte that is not ASCII; returns where to go on.
fn special(text: &[u8], from: usize, out: &mut [u16], to: usize) -> (usize, usize) {
    let tail = |at: usize| {
        text.get(from + at).filter(|byte| **byte & 0xC0 == 0x80).map(|byte| u32::from(byte & 0x3F))
    };
    let lead = u32::from(text[from]);
    let (length, letter) = match lead {
        0x5C => return escape(text, from, out, to),
        0xC2..=0xDF => (2, tail(1).map(|one| (lead & 0x1F) << 6 | one)),
        0xE0..=0xEF => (3, tail(1).zip(tail(2)).map(|(one, two)| (lead & 0x0F) << 12 | one << 6 | two)),
        0xF0..=0xF4 => {
            let tails = tail(1).zip(tail(2)).zip(tail(3));
            (4, tails.map(|((one, two), three)| (lead & 0x07) << 18 | one << 12 | two << 6 | three))
        }
        _ => (1, None),
    };
    match letter.and_then(char::from_u32) {
        Some(letter) => (from + length, to + letter.encode_utf16(&mut out[to..]).len()),
        None => {
            out[to] = 0xFFFD;
            (from + 1, to + 1)
        }
    }
}

fn escape(text: &[u8], from: usize, out: &mut [u16], to: usize) -> (usize, usize) {
    let (length, unit) = match text.get(from + 1) {
        Some(b'n') => (2, 0x0A),
        Some(b't') => (2, 0x09),
        Some(b'r') => (2, 0x0D),
        Some(b'b') => (2, 0x08),
        Some(b'f') => (2, 0x0C),
        Some(b'u') => match text.get(from + 2..from + 6) {
            Some(digits) => (6, hex(digits)),
            None => (2, 0xFFFD),
        },
        Some(&other) => (2, u16::from(other)),
        None => (1, 0xFFFD),
    };
    out[to] = unit;
    (from + length, to + 1)
}

fn hex(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |value, &digit| {
        let digit = char::from(digit).to_digit(16).unwrap_or_default();
        value << 4 | digit as u16
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 9] = [
        "",
        "a",
        "plain text that is longer than one step",
        "ü",
        "größer als 5 °C",
        "“naïve” 東京 🙂 and a long end in ASCII",
        "🙂🙂🙂🙂",
        "\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}",
        "1234567é12345678é1é",
    ];

    fn widened(text: &[u8]) -> Vec<u16> {
        let mut out = vec![7; 3];
        widen(text, &mut out);
        out
    }

    fn unescaped(text: &str) -> Vec<u16> {
        let mut out = Vec::new();
        unescape(text.as_bytes(), &mut out);
        out
    }

    #[test]
    fn widens_like_the_standard_library() {
        for text in TEXTS {
            for start in text.char_indices().map(|(at, _)| at) {
                let part = &text[start..];
                assert_eq!(widened(part.as_bytes()), part.encode_utf16().collect::<Vec<_>>(), "{part}");
            }
        }
    }

    #[test]
    fn what_is_no_utf_8_is_replaced() {
        let bad: [&[u8]; 6] =
            [b"\xff", b"a\xe6\x9d", b"\xc3", b"\xed\xa0\x80 surrogate", b"\x80\x80", b"12345678\xf0\x9f\x99"];
        for text in bad {
            let units = widened(text);
            assert!(
                units.contains(&0xFFFD) && units.iter().all(|unit| !(0xD800..0xE000).contains(unit)),
                "{text:?}"
            );
        }
    }

    #[test]
    fn unescapes_like_a_json_parser() {
        for text in TEXTS.into_iter().chain(["\"", "\\", "\n\t\r\u{8}\u{c}\u{1}", "C:\\new\\ü \"x\""]) {
            let json = serde_json::Value::from(text.repeat(3)).to_string();
            assert_eq!(
                unescaped(&json[1..json.len() - 1]),
                text.repeat(3).encode_utf16().collect::<Vec<_>>()
            );
        }
        assert_eq!(unescaped(r"a\/\u00e9\ud83D\uDE42"), "a/é🙂".encode_utf16().collect::<Vec<_>>());
        assert_eq!(unescaped(r"\ud800"), [0xD800], "a lone surrogate stays what it is");
        assert_eq!(unescaped(r"\\ud800"), r"\ud800".encode_utf16().collect::<Vec<_>>());
    }

    #[test]
    fn an_unsound_escape_ends_nothing() {
        for text in ["\\", "\\u12", "\\u", "12345678\\u1", "\\q"] {
            assert!(unescaped(text).len() <= text.len());
        }
    }
}
