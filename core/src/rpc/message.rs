//! Tells messages apart by their envelope; payloads stay received bytes.

use std::ops::Range;

use bytes::Bytes;

use crate::protocol::event::{Event, narrow};
use crate::protocol::method;
use crate::protocol::scan::{ScanError, Scanner};

/// The id of a request of the runtime, echoed verbatim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(pub(crate) Bytes);

/// One message from the runtime.
#[derive(Debug)]
pub(crate) enum Message {
    /// The answer to a call of ours: its id as text, and what it holds.
    Response { id: Bytes, outcome: Outcome },
    /// A request of the runtime, which must be answered.
    Request { id: RequestId, method: String, params: Bytes },
    /// A notification of the runtime, which is not answered.
    Notification { method: String, params: Bytes },
    /// A notification `session.event`, taken apart while reading.
    Event { session_id: Bytes, event: Event },
    /// JSON that is no message, to be ignored.
    Other,
}

/// What a response holds.
#[derive(Debug)]
pub(crate) enum Outcome {
    Result(Bytes),
    Error(Bytes),
    Neither,
}

#[derive(Default)]
struct Envelope {
    id: Option<Range<usize>>,
    method: Option<Range<usize>>,
    params: Option<Range<usize>>,
    result: Option<Range<usize>>,
    error: Option<Range<usize>>,
    event: Option<EventParts>,
}

#[derive(Default)]
struct EventParts {
    session_id: Range<usize>,
    object: Range<usize>,
    event_type: Range<usize>,
    data: Range<usize>,
}

/// Reads the envelope of a frame in one pass.
pub(crate) fn read(frame: Bytes) -> Result<Message, ScanError> {
    let mut scanner = Scanner::new(&frame);
    if !scanner.is_object() {
        scanner.value()?;
        scanner.end()?;
        return Ok(Message::Other);
    }
    let envelope = read_envelope(&frame, &mut scanner)?;
    if let Some(parts) = envelope.event {
        return Ok(event_message(&frame, &parts));
    }
    let params =
        || envelope.params.clone().map_or_else(|| Bytes::from_static(b"{}"), |range| frame.slice(range));
    let id = envelope.id.filter(|range| &frame[range.clone()] != b"null");
    Ok(match (envelope.method, id) {
        (Some(method), Some(id)) => Message::Request {
            id: RequestId(frame.slice(id)),
            method: name(&frame, method),
            params: params(),
        },
        (Some(method), None) => Message::Notification { method: name(&frame, method), params: params() },
        (None, Some(id)) => {
            let outcome = match (envelope.error, envelope.result) {
                (Some(error), _) if &frame[error.clone()] != b"null" => Outcome::Error(frame.slice(error)),
                (_, Some(result)) => Outcome::Result(frame.slice(result)),
                _ => Outcome::Neither,
            };
            Message::Response { id: frame.slice(id), outcome }
        }
        (None, None) => Message::Other,
    })
}

/// What can still be told of a frame that is no JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wreck {
    /// It names no method, so it may be the answer to a call; perhaps to that with this id.
    Answer(Option<u64>),
    /// A request, which must be answered.
    Request(RequestId),
    Notification,
}

/// Looks at a frame that [`read`] refused.
pub(crate) fn wreck(frame: &[u8]) -> Wreck {
    let (mut has_method, mut id) = (false, None);
    // Ends where the fault is; what was found before counts.
    let _fault = Scanner::new(frame).object(|key, scanner| {
        has_method |= key == b"method";
        let value = scanner.value()?;
        if key == b"id" {
            id = Some(&frame[value]);
        }
        Ok(())
    });
    has_method |= id.is_none() && memchr::memmem::find(frame, b"\"method\":").is_some();
    match id {
        Some(id) if has_method => Wreck::Request(RequestId(Bytes::copy_from_slice(id))),
        _ if has_method => Wreck::Notification,
        Some(id) => Wreck::Answer(number(id)),
        None => Wreck::Answer(last_id(frame)),
    }
}

/// The id behind the fault: answers end with it when their writer puts it last.
fn last_id(frame: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"\"id\":";
    let at = memchr::memmem::rfind(frame, KEY)? + KEY.len();
    let rest = frame[at..].trim_ascii_start();
    number(&rest[..rest.iter().take_while(|byte| byte.is_ascii_digit()).count()])
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn read_envelope(frame: &[u8], scanner: &mut Scanner<'_>) -> Result<Envelope, ScanError> {
    let mut envelope = Envelope::default();
    scanner.object(|key, scanner| {
        match key {
            b"method" if scanner.is_string() => envelope.method = Some(scanner.string()?),
            b"params" => {
                let is_event = envelope.method.clone().is_some_and(|range| is_session_event(&frame[range]));
                if is_event && scanner.is_object() {
                    envelope.event = Some(read_event(scanner)?);
                } else {
                    envelope.params = Some(scanner.value()?);
                }
            }
            b"id" => envelope.id = Some(scanner.value()?),
            b"result" => envelope.result = Some(scanner.value()?),
            b"error" => envelope.error = Some(scanner.value()?),
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    scanner.end()?;
    if envelope.event.is_none()
        && envelope.id.is_none()
        && let (Some(method), Some(params)) = (&envelope.method, &envelope.params)
        && is_session_event(&frame[method.clone()])
    {
        // The writer put params before method.
        let mut scanner = Scanner::at(frame, params.start);
        if scanner.is_object() {
            envelope.event = Some(read_event(&mut scanner)?);
        }
    }
    Ok(envelope)
}

fn is_session_event(method: &[u8]) -> bool {
    method == method::SESSION_EVENT.as_bytes()
}

fn read_event(scanner: &mut Scanner<'_>) -> Result<EventParts, ScanError> {
    let mut parts = EventParts::default();
    scanner.object(|key, scanner| {
        match key {
            b"sessionId" if scanner.is_string() => parts.session_id = scanner.string()?,
            b"event" if scanner.is_object() => {
                // Of a member that comes twice the last one counts, as a whole.
                (parts.event_type, parts.data) = (0..0, 0..0);
                let start = scanner.position();
                scanner.object(|key, scanner| {
                    match key {
                        b"type" if scanner.is_string() => parts.event_type = scanner.string()?,
                        b"data" => parts.data = scanner.value()?,
                        _ => scanner.skip()?,
                    }
                    Ok(())
                })?;
                parts.object = start..scanner.position();
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(parts)
}

fn event_message(frame: &Bytes, parts: &EventParts) -> Message {
    if parts.object.is_empty() {
        return Message::Other;
    }
    let base = parts.object.start;
    let relative = |range: &Range<usize>| {
        if range.is_empty() { 0..0 } else { narrow(range.start - base..range.end - base) }
    };
    let event = Event::from_parts(
        frame.slice(parts.object.clone()),
        relative(&parts.event_type),
        relative(&parts.data),
    );
    Message::Event { session_id: frame.slice(parts.session_id.clone()), event }
}

/// Method names hold no escapes in practice; one that does is decoded.
fn name(frame: &[u8], range: Range<usize>) -> String {
    let raw = &frame[range.clone()];
    if raw.contains(&b'\\') {
        let quoted = &frame[range.start - 1..=range.end];
        return crate::protocol::json::parse(quoted).unwrap_or_default();
    }
    String::from_utf8_lossy(raw).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Message {
        read(Bytes::copy_from_slice(text.as_bytes())).unwrap()
    }

    #[test]
    fn of_an_event_that_comes_twice_the_last_one_counts() {
        let first = r#"{"type":"a.b","data":{"x":1}}"#;
        for (last, data) in [("{}", "{}"), (r#"{"id":"i","type":"c.d","data":{"y":2}}"#, r#"{"y":2}"#)] {
            let text = format!(r#"{{"method":"session.event","params":{{"event":{first},"event":{last}}}}}"#);
            let Message::Event { event, .. } = parse(&text) else { panic!("no event: {text}") };
            assert_eq!((event.json(), event.data_json()), (last, data));
        }
    }

    #[test]
    fn events_are_taken_apart_whatever_the_member_order() {
        for text in [
            r#"{"jsonrpc":"2.0","method":"session.event","params":{"sessionId":"s1","event":{"type":"a.b","data":{"x":"\ud83d"},"id":"i"}}}"#,
            r#"{"params":{"event":{"id":"i","data":{"x":"\ud83d"},"type":"a.b"},"sessionId":"s1"},"method":"session.event"}"#,
        ] {
            let Message::Event { session_id, event } = parse(text) else { panic!("{text}") };
            assert_eq!(&session_id[..], b"s1");
            assert_eq!((event.event_type(), event.data_json()), ("a.b", r#"{"x":"\ud83d"}"#));
            assert!(event.json().starts_with('{') && event.json().ends_with('}'));
        }
    }

    #[test]
    fn method_is_looked_at_before_id() {
        let Message::Request { id, method, params } =
            parse(r#"{"id":7,"method":"hooks.invoke","params":{"a":1}}"#)
        else {
            panic!()
        };
        assert_eq!((&id.0[..], method.as_str(), &params[..]), (&b"7"[..], "hooks.invoke", &b"{\"a\":1}"[..]));
        assert!(matches!(parse(r#"{"method":"x"}"#), Message::Notification { .. }));
        assert!(matches!(parse(r#"{"method":"x","id":null}"#), Message::Notification { .. }));
    }

    #[test]
    fn responses() {
        let Message::Response { id, outcome: Outcome::Result(result) } = parse(r#"{"id":3,"result":null}"#)
        else {
            panic!()
        };
        assert_eq!((&id[..], &result[..]), (&b"3"[..], &b"null"[..]));
        assert!(matches!(
            parse(r#"{"id":"3","error":{"code":1}}"#),
            Message::Response { outcome: Outcome::Error(_), .. }
        ));
        assert!(matches!(parse(r#"{"id":3}"#), Message::Response { outcome: Outcome::Neither, .. }));
    }

    #[test]
    fn a_wreck_tells_what_can_be_told() {
        let of = |text: &str| wreck(text.as_bytes());
        assert_eq!(of(r#"{"jsonrpc":"2.0","id":7,"result":{"x""#), Wreck::Answer(Some(7)));
        assert_eq!(of(r#"{"result":{"id":"x",,},"id":12}"#), Wreck::Answer(Some(12)));
        for text in [r#"{"jsonrpc":"2.0","result":"#, "this is not JSON", ""] {
            assert_eq!(of(text), Wreck::Answer(None), "{text}");
        }
        for text in [r#"{"method":"session.event","params":{"id":4"#, r#"{"params":{,"id":4},"method":"x"}"#]
        {
            assert_eq!(of(text), Wreck::Notification, "{text}");
        }
        let request = of(r#"{"id":"a","method":"hooks.invoke","params":{"#);
        assert_eq!(request, Wreck::Request(RequestId(Bytes::from_static(b"\"a\""))));
    }

    #[test]
    fn falsy_bodies_are_ignored_and_text_is_refused() {
        for text in
            ["{}", "[]", "null", "0", "\"\"", r#"{"method":"session.event","params":{"sessionId":"s"}}"#]
        {
            assert!(matches!(parse(text), Message::Other), "{text}");
        }
        for text in ["", "hello", "{", "{\"id\":1,", "{} {}"] {
            assert!(read(Bytes::copy_from_slice(text.as_bytes())).is_err(), "{text}");
        }
    }
}
