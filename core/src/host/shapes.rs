//! Events that differ only in their texts and numbers, told apart from what they have in common.
//!
//! Most of what a runtime sends are small pieces of the same few types. All that such an event does not share with the one
//! before it are a few values; a door that knows the rest by heart needs to make only those. The common part is a *shape*: the
//! event's text with holes where its values were. Shapes are found by looking, so no type of event is named here.
//!
//! What is no strict JSON, or has values that are neither texts, numbers, booleans nor null outside of `data`'s first level,
//! has no shape and is handed on as a whole.

use std::collections::VecDeque;
use std::ops::Range;

use memchr::memchr2;

/// How many shapes are known at a time; the one that was used longest ago makes place.
const MOST_SHAPES: usize = 32;

/// How many outlines are remembered that were seen once.
const MOST_CANDIDATES: usize = 8;

/// Stands in an outline where a value was; it cannot be in JSON.
const HOLE: u8 = 0;

/// The shapes one reader of events knows by heart.
#[derive(Default)]
pub struct Shapes {
    /// The one used last comes first.
    known: Vec<Shape>,
    candidates: VecDeque<Vec<u8>>,
}

struct Shape {
    id: usize,
    /// What is around the values; one more than there are values.
    pieces: Vec<Box<[u8]>>,
}

/// An event as a shape and what it has in place of the holes.
#[derive(Debug, PartialEq, Eq)]
pub struct Shaped {
    /// Names the shape; below [`Shapes::MOST`].
    pub id: usize,
    /// Set when the shape is new, or has taken the name of an older one: JSON of an event with empty texts in its holes, of
    /// the list of the holes' members, and of the list of whether these are inside of `data`; separated by commas.
    pub definition: Option<String>,
}

impl Shapes {
    /// Shapes are named by numbers below this.
    pub const MOST: usize = MOST_SHAPES;

    /// Finds the shape of an event, given as JSON text. A shape is known from the second event on that has it. `values` gets
    /// the place of every value: a text with its quotes, or a number, both strict JSON.
    pub fn find(&mut self, event: &[u8], values: &mut Vec<Range<usize>>) -> Option<Shaped> {
        let found = self.known.iter().position(|shape| {
            values.clear();
            fits(&shape.pieces, event, values).is_some()
        });
        if let Some(place) = found {
            self.known[..=place].rotate_right(1);
            return Some(Shaped { id: self.known[0].id, definition: None });
        }
        let outline = Outline::of(event)?;
        let Some(place) = self.candidates.iter().position(|seen| *seen == outline.text) else {
            self.candidates.truncate(MOST_CANDIDATES - 1);
            self.candidates.push_front(outline.text);
            return None;
        };
        self.candidates.remove(place);
        let id = if self.known.len() < MOST_SHAPES { self.known.len() } else { self.known.pop()?.id };
        let pieces: Vec<Box<[u8]>> = outline.text.split(|&byte| byte == HOLE).map(Into::into).collect();
        values.clear();
        values.extend(outline.values.iter().map(|(_, _, value)| value.clone()));
        self.known.insert(0, Shape { id, pieces });
        Some(Shaped { id, definition: Some(outline.definition(event)) })
    }
}

/// Checks an event against a shape, and finds its values on the way.
fn fits(pieces: &[Box<[u8]>], event: &[u8], values: &mut Vec<Range<usize>>) -> Option<()> {
    let mut rest = event.strip_prefix(&*pieces[0])?;
    for piece in &pieces[1..] {
        let start = event.len() - rest.len();
        let end = end_of_value(event, start)?;
        values.push(start..end);
        rest = event[end..].strip_prefix(&**piece)?;
    }
    rest.is_empty().then_some(())
}

/// The end of a text or a number, if it is strict JSON.
fn end_of_value(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => end_of_string(text, at),
        _ => end_of_number(text, at),
    }
}

fn end_of_string(text: &[u8], at: usize) -> Option<usize> {
    let mut from = at + 1;
    loop {
        let stop = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if text[from..stop].iter().fold(false, |found, &byte| found | (byte < 0x20)) {
            return None;
        }
        if text[stop] == b'"' {
            return Some(stop + 1);
        }
        from = match text.get(stop + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => stop + 2,
            b'u' if text.get(stop + 2..stop + 6)?.iter().all(u8::is_ascii_hexdigit) => stop + 6,
            _ => return None,
        };
    }
}

fn end_of_number(text: &[u8], at: usize) -> Option<usize> {
    let digits =
        |at: usize| at + text[at.min(text.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let some_digits = |at: usize| Some(digits(at)).filter(|&end| end > at);
    let whole = at + usize::from(text.get(at) == Some(&b'-'));
    let mut end = if text.get(whole) == Some(&b'0') { whole + 1 } else { some_digits(whole)? };
    if text.get(end) == Some(&b'.') {
        end = some_digits(end + 1)?;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        end = some_digits(end + 1 + usize::from(matches!(text.get(end + 1), Some(b'+' | b'-'))))?;
    }
    Some(end)
}

/// A member of an event whose value differs: whether it is inside of `data`, its name with quotes, its value.
type Member = (bool, Range<usize>, Range<usize>);

/// An event's text without its values.
struct Outline {
    text: Vec<u8>,
    values: Vec<Member>,
}

impl Outline {
    fn of(event: &[u8]) -> Option<Self> {
        let mut reader = Reader { event, at: 0, values: Vec::new() };
        reader.object(false)?;
        reader.space();
        if reader.at < event.len() {
            return None;
        }
        let (mut text, mut from) = (Vec::with_capacity(event.len()), 0);
        for (_, _, value) in &reader.values {
            text.extend_from_slice(&event[from..value.start]);
            text.push(HOLE);
            from = value.end;
        }
        text.extend_from_slice(&event[from..]);
        Some(Self { text, values: reader.values })
    }

    fn definition(&self, event: &[u8]) -> String {
        let (mut out, mut names, mut inside) = (Vec::new(), Vec::new(), Vec::new());
        for &byte in &self.text {
            match byte {
                HOLE => out.extend_from_slice(b"\"\""),
                byte => out.push(byte),
            }
        }
        for (is_data, name, _) in &self.values {
            names.push(String::from_utf8_lossy(&event[name.clone()]));
            inside.push(if *is_data { "true" } else { "false" });
        }
        format!("{},[{}],[{}]", String::from_utf8_lossy(&out), names.join(","), inside.join(","))
    }
}

/// Reads what can have a shape, and nothing else.
struct Reader<'a> {
    event: &'a [u8],
    at: usize,
    values: Vec<Member>,
}

impl Reader<'_> {
    fn space(&mut self) {
        while matches!(self.event.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, expected: &[u8]) -> Option<()> {
        self.event.get(self.at..)?.starts_with(expected).then(|| self.at += expected.len())
    }

    fn object(&mut self, is_data: bool) -> Option<()> {
        let mut names: Vec<Range<usize>> = Vec::new();
        self.eat(b"{")?;
        self.space();
        if self.eat(b"}").is_some() {
            return Some(());
        }
        loop {
            let name = self.name()?;
            // Of a name that is there twice the last value counts, in the place of the first.
            if names.iter().any(|other| self.event[other.clone()] == self.event[name.clone()]) {
                return None;
            }
            self.space();
            self.eat(b":")?;
            self.space();
            self.value(is_data, &name)?;
            names.push(name);
            self.space();
            if self.eat(b"}").is_some() {
                return Some(());
            }
            self.eat(b",")?;
            self.space();
        }
    }

    /// A name that is written as it is, and means nothing special in any language.
    fn name(&mut self) -> Option<Range<usize>> {
        self.eat(b"\"")?;
        let start = self.at - 1;
        let end = end_of_string(self.event, start)?;
        let name = &self.event[start..end];
        if name.contains(&b'\\') || name == b"\"__proto__\"" {
            return None;
        }
        self.at = end;
        Some(start..end)
    }

    fn value(&mut self, is_data: bool, name: &Range<usize>) -> Option<()> {
        let of_event = |expected: &[u8]| !is_data && self.event[name.clone()] == *expected;
        match self.event.get(self.at)? {
            b'{' if of_event(b"\"data\"") => self.object(true),
            b'"' if of_event(b"\"type\"") => {
                self.at = end_of_string(self.event, self.at)?;
                Some(())
            }
            b'"' | b'-' | b'0'..=b'9' => {
                let end = end_of_value(self.event, self.at)?;
                self.values.push((is_data, name.clone(), self.at..end));
                self.at = end;
                Some(())
            }
            b't' => self.eat(b"true"),
            b'f' => self.eat(b"false"),
            b'n' => self.eat(b"null"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn delta(text: &str, id: &str) -> String {
        format!(
            r#"{{"type":"m.delta","data":{{"text":{text},"n":-1.5e3}},"ephemeral":true,"id":"{id}","parentId":null}}"#
        )
    }

    fn find(shapes: &mut Shapes, event: &str) -> Option<(Shaped, Vec<String>)> {
        let mut values = Vec::new();
        let shaped = shapes.find(event.as_bytes(), &mut values)?;
        Some((shaped, values.into_iter().map(|value| event[value].to_owned()).collect()))
    }

    /// What a door makes of it.
    fn rebuilt(definition: &str, values: &[String]) -> Value {
        let all: Value = serde_json::from_str(&format!("[{definition}]")).unwrap();
        let mut event = all[0].clone();
        for (at, value) in values.iter().enumerate() {
            let place = if all[2][at] == true { &mut event["data"] } else { &mut event };
            place[all[1][at].as_str().unwrap()] = serde_json::from_str(value).unwrap();
        }
        event
    }

    #[test]
    fn a_shape_is_known_from_its_second_event_on() {
        let mut shapes = Shapes::default();
        let (first, second, third) =
            (delta(r#""a""#, "1"), delta(r#""ü\n\"\ud83d""#, "2"), delta(r#""""#, "3"));
        assert_eq!(find(&mut shapes, &first), None);
        let (shaped, values) = find(&mut shapes, &second).unwrap();
        let definition = shaped.definition.unwrap();
        assert_eq!(values, [r#""ü\n\"\ud83d""#, "-1.5e3", r#""2""#]);
        let (shaped, values) = find(&mut shapes, &third).unwrap();
        assert_eq!(shaped, Shaped { id: 0, definition: None });
        assert_eq!(rebuilt(&definition, &values), serde_json::from_str::<Value>(&third).unwrap());
        let order: Vec<_> = rebuilt(&definition, &values).as_object().unwrap().keys().cloned().collect();
        assert_eq!(order, ["type", "data", "ephemeral", "id", "parentId"]);
    }

    #[test]
    fn what_is_not_strict_or_nested_has_none() {
        for event in [
            r#"{"type":"t","data":{"a":{}}}"#,
            r#"{"type":"t","data":{"a":[1]}}"#,
            r#"{"type":"t","more":{"a":1}}"#,
            r#"{"type":"t","id":"1","id":"2"}"#,
            r#"{"type":"t","data":{},"data":{}}"#,
            r#"{"type":"t","__proto__":"x"}"#,
            r#"{"type":"t","i\u0064":"x"}"#,
            r#"{"type":"t","id":"\x"}"#,
            r#"{"type":"t","id":"\u12g4"}"#,
            "{\"type\":\"t\",\"id\":\"a\tb\"}",
            r#"{"type":"t","n":01}"#,
            r#"{"type":"t","n":1.}"#,
            r#"{"type":"t","n":+1}"#,
            r#"{"type":"t","n":1e}"#,
            r#"{"type":"t","n":-}"#,
            r#"{"type":"t","id":"a}"#,
            r#"{"type":"t","id":"a"} x"#,
            r#"{"type":"t","id":"a",}"#,
            r#"{"type":"t","id":tru}"#,
            r#"["type"]"#,
            "",
        ] {
            let mut shapes = Shapes::default();
            for _ in 0..3 {
                assert_eq!(find(&mut shapes, event), None, "{event}");
            }
        }
    }

    #[test]
    fn a_known_shape_takes_nothing_that_is_not_strict() {
        let mut shapes = Shapes::default();
        for _ in 0..2 {
            find(&mut shapes, &delta(r#""a""#, "1"));
        }
        for text in ["\"a\nb\"", r#""\q""#, "[]", "null", "x", r#""a""b""#, "01"] {
            assert_eq!(find(&mut shapes, &delta(text, "1")), None, "{text}");
        }
        assert_eq!(find(&mut shapes, &format!("{} ", delta(r#""a""#, "1"))), None);
        assert!(find(&mut shapes, &delta("17", "1")).is_some(), "a number in place of a text");
    }

    #[test]
    fn the_shape_that_was_used_longest_ago_makes_place() {
        let mut shapes = Shapes::default();
        let event = |n: usize| json!({"type": format!("t{n}"), "id": "x"}).to_string();
        let mut ids = Vec::new();
        for n in 0..=MOST_SHAPES {
            find(&mut shapes, &event(n));
            let (shaped, _) = find(&mut shapes, &event(n)).unwrap();
            assert!(shaped.definition.is_some());
            ids.push(shaped.id);
            assert!(find(&mut shapes, &event(0)).is_some());
        }
        assert_eq!(ids[..MOST_SHAPES], (0..MOST_SHAPES).collect::<Vec<_>>());
        assert_eq!(ids[MOST_SHAPES], 1, "the first is always in use");
        assert_eq!(find(&mut shapes, &event(1)), None);
        assert!(find(&mut shapes, &event(1)).unwrap().0.definition.is_some());
    }

    #[test]
    fn spaces_belong_to_the_shape() {
        let mut shapes = Shapes::default();
        let event = "{ \"type\" : \"t\" , \"data\" : { } , \"id\" : \"é\" }\n";
        find(&mut shapes, event);
        let (shaped, values) = find(&mut shapes, event).unwrap();
        assert_eq!(
            rebuilt(&shaped.definition.unwrap(), &values),
            json!({"type": "t", "data": {}, "id": "é"})
        );
    }
}
