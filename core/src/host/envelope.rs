//! Where the members around the data of an event lie within its text, for doors that read them without building anything.

use std::ops::Range;

use crate::protocol::event::Event;
use crate::protocol::scan::{ScanError, Scanner};

/// The value of one member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// There is no such member.
    #[default]
    Missing,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A string without escapes: where it begins and ends, between the quotes.
    Text(u32, u32),
    /// Anything else.
    Other,
}

/// The members of an event that stand around its type and data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventParts {
    /// A UUID.
    pub id: Part,
    /// An ISO-8601 time.
    pub timestamp: Part,
    /// The event before this one.
    pub parent_id: Part,
    /// The sub-agent that produced it.
    pub agent_id: Part,
    /// Whether the event is neither stored nor replayed.
    pub ephemeral: Part,
}

impl EventParts {
    /// Looks through the text of an event, whose data is known to be at `data` and is passed over. None when it is no JSON
    /// as far as it was looked at, or has a name with escapes.
    #[must_use]
    pub fn find(text: &[u8], data: &Range<u32>) -> Option<Self> {
        let mut parts = Self::default();
        let seen = Scanner::new(text).object(|key, scanner| {
            let part = match key {
                b"id" => &mut parts.id,
                b"timestamp" => &mut parts.timestamp,
                b"parentId" => &mut parts.parent_id,
                b"agentId" => &mut parts.agent_id,
                b"ephemeral" => &mut parts.ephemeral,
                b"data" => return pass_over(text, data, scanner),
                _ if key.contains(&b'\\') => return Err(ScanError(scanner.position())),
                _ => return scanner.skip(),
            };
            *part = read(text, scanner)?;
            Ok(())
        });
        seen.is_ok().then_some(parts)
    }
}

/// Where the data of an event lies within its text; empty when it has none.
#[must_use]
pub fn data_range(event: &Event) -> Range<u32> {
    event.data_range()
}

fn pass_over<'a>(text: &'a [u8], data: &Range<u32>, scanner: &mut Scanner<'a>) -> Result<(), ScanError> {
    // This also steps over white space before the value.
    scanner.is_object();
    if data.is_empty() || scanner.position() != data.start as usize {
        return scanner.skip();
    }
    *scanner = Scanner::at(text, data.end as usize);
    Ok(())
}

fn read(text: &[u8], scanner: &mut Scanner<'_>) -> Result<Part, ScanError> {
    if scanner.is_string() {
        let range = scanner.string()?;
        let is_plain = memchr::memchr(b'\\', &text[range.clone()]).is_none();
        return Ok(if is_plain { Part::Text(range.start as u32, range.end as u32) } else { Part::Other });
    }
    Ok(match &text[scanner.value()?] {
        b"null" => Part::Null,
        b"true" => Part::Bool(true),
        b"false" => Part::Bool(false),
        _ => Part::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Option<EventParts> {
        let data = text.find(r#""data":"#).map_or(0..0, |at| {
            let start = at + 7;
            let end = start + text[start..].find('}').map_or(0, |at| at + 1);
            start as u32..end as u32
        });
        EventParts::find(text.as_bytes(), &data)
    }

    #[test]
    fn members_by_kind() {
        let text = r#"{"type":"x","id":"abc","data": {"id":"no"},"parentId":null,"ephemeral":true,"agentId":"a\"b"}"#;
        let parts = find(text).unwrap();
        assert_eq!(parts.id, Part::Text(18, 21));
        assert_eq!(&text[18..21], "abc");
        assert_eq!(parts.parent_id, Part::Null);
        assert_eq!(parts.ephemeral, Part::Bool(true));
        assert_eq!((parts.agent_id, parts.timestamp), (Part::Other, Part::Missing));
    }

    #[test]
    fn names_with_escapes_are_left_to_others() {
        assert_eq!(find(r#"{"\u0069d":"i"}"#), None);
        assert_eq!(find(r#"{"more":{"\u0069d":"i"}}"#), Some(EventParts::default()));
    }

    #[test]
    fn data_is_passed_over_where_it_is_said_to_be() {
        let text = br#"{"data":{"x"#;
        assert_eq!(EventParts::find(text, &(8..11)), None);
        let text = br#"{"data":{broken,"id":1}"#;
        assert_eq!(EventParts::find(text, &(8..15)).map(|parts| parts.id), Some(Part::Other));
        assert_eq!(EventParts::find(br#"{"data":{},"id":"i"}"#, &(0..0)).unwrap().id, Part::Text(17, 18));
    }
}
