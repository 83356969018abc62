//! A session event: the bytes the runtime sent, with its type found and nothing else read until somebody asks.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::method;
use super::scan::{ScanError, Scanner};
use crate::diagnostics::describe;
use crate::error::{Error, ErrorKind, Result};

/// An event of at least this size fills most of the buffer it was read into.
const LARGE: usize = 32 << 10;

/// One event of a session. Clones share the received bytes, and with them the whole buffer they were read into (up to
/// 64 KiB): keep a [`compact`](Self::compact) copy where an event is kept for long.
#[derive(Clone)]
pub struct Event {
    bytes: Bytes,
    event_type: Range<u32>,
    data: Range<u32>,
    concern: Concern,
}

/// What an event means to the engine itself; most mean nothing to it. Found once, when the event is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concern {
    None,
    UserMessage,
    AssistantMessage,
    AssistantIdle,
    SessionIdle,
    SessionError,
    CapabilitiesChanged,
    CanvasOpened,
    CanvasClosed,
    ToolRequested,
    ToolCompleted,
    PermissionRequested,
    PermissionCompleted,
    ElicitationRequested,
    McpOauthRequired,
    CommandExecute,
    Abort,
}

impl Concern {
    fn of(event_type: &[u8]) -> Self {
        const TABLE: [(&str, Concern); 16] = [
            (method::EVENT_USER_MESSAGE, Concern::UserMessage),
            (method::EVENT_ASSISTANT_IDLE, Concern::AssistantIdle),
            (method::EVENT_ASSISTANT_MESSAGE, Concern::AssistantMessage),
            (method::EVENT_SESSION_IDLE, Concern::SessionIdle),
            (method::EVENT_SESSION_ERROR, Concern::SessionError),
            (method::EVENT_CAPABILITIES_CHANGED, Concern::CapabilitiesChanged),
            (method::EVENT_CANVAS_OPENED, Concern::CanvasOpened),
            (method::EVENT_CANVAS_CLOSED, Concern::CanvasClosed),
            (method::EVENT_EXTERNAL_TOOL_REQUESTED, Concern::ToolRequested),
            (method::EVENT_EXTERNAL_TOOL_COMPLETED, Concern::ToolCompleted),
            (method::EVENT_PERMISSION_REQUESTED, Concern::PermissionRequested),
            (method::EVENT_PERMISSION_COMPLETED, Concern::PermissionCompleted),
            (method::EVENT_ELICITATION_REQUESTED, Concern::ElicitationRequested),
            (method::EVENT_MCP_OAUTH_REQUIRED, Concern::McpOauthRequired),
            (method::EVENT_COMMAND_EXECUTE, Concern::CommandExecute),
            (method::EVENT_ABORT, Concern::Abort),
        ];
        TABLE
            .iter()
            .find(|(name, _)| name.as_bytes() == event_type)
            .map_or(Self::None, |(_, concern)| *concern)
    }
}

/// The members every event has besides its type and data.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventHeader {
    /// Identifier of the event, a UUID.
    #[serde(default)]
    pub id: String,
    /// ISO-8601 time.
    #[serde(default)]
    pub timestamp: String,
    /// The event before this one, none for the first.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// The sub-agent that produced it, none for the root agent.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// Whether the event is neither stored nor replayed.
    #[serde(default)]
    pub ephemeral: bool,
}

impl Event {
    /// Reads an event object: its type must be a string, everything else stays as it is.
    ///
    /// # Errors
    /// `Protocol` when it is no object with a type.
    pub fn from_json(bytes: Bytes) -> Result<Self> {
        let end = bytes.len();
        Self::scan(bytes, 0..end).map_err(|ScanError(at)| {
            Error::new(ErrorKind::Protocol, format!("not a session event: unexpected text at byte {at}"))
        })
    }

    /// Reads the event object at `range` of a frame; keeps only that part of the frame.
    pub(crate) fn scan(frame: Bytes, range: Range<usize>) -> Result<Self, ScanError> {
        let bytes = frame.slice(range);
        let mut event_type = 0..0;
        let mut data = 0..0;
        Scanner::new(&bytes).object(|key, scanner| {
            match key {
                b"type" if scanner.is_string() => event_type = narrow(scanner.string()?),
                b"data" => data = narrow(scanner.value()?),
                _ => scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(Self::from_parts(bytes, event_type, data))
    }

    /// An event whose parts the reader has found already, offsets relative to `bytes`.
    pub(crate) fn from_parts(bytes: Bytes, event_type: Range<u32>, data: Range<u32>) -> Self {
        let concern = Concern::of(&bytes[event_type.start as usize..event_type.end as usize]);
        Self { bytes, event_type, data, concern }
    }

    /// Where the data lies within the text; empty when there is none.
    pub(crate) fn data_range(&self) -> Range<u32> {
        self.data.clone()
    }

    pub(crate) fn concern(&self) -> Concern {
        self.concern
    }

    /// The type between its quotes, as received.
    pub(crate) fn type_bytes(&self) -> &[u8] {
        self.part(&self.event_type)
    }

    fn part(&self, range: &Range<u32>) -> &[u8] {
        &self.bytes[range.start as usize..range.end as usize]
    }

    /// The type, for example `assistant.message`; empty when the event has none.
    #[must_use]
    pub fn event_type(&self) -> &str {
        std::str::from_utf8(self.part(&self.event_type)).unwrap_or_default()
    }

    /// The event object as received.
    #[must_use]
    pub fn json(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    /// The event object as received, as shared bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The `data` member as received; `{}` when there is none.
    #[must_use]
    pub fn data_json(&self) -> &str {
        let data = std::str::from_utf8(self.part(&self.data)).unwrap_or_default();
        if data.is_empty() { "{}" } else { data }
    }

    /// The same event without the rest of the buffer it was read into.
    #[must_use]
    pub fn compact(&self) -> Self {
        let mut event = self.clone();
        if event.bytes.len() < LARGE {
            event.bytes = Bytes::copy_from_slice(&self.bytes);
        }
        event
    }

    /// Types the `data` member.
    ///
    /// # Errors
    /// `Protocol` when the data is not of this type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T> {
        super::json::parse(self.data_json().as_bytes()).map_err(|error| {
            Error::new(
                ErrorKind::Protocol,
                format!("data of event {}: {}", self.event_type(), describe(&error)),
            )
        })
    }

    /// Types the members around type and data.
    ///
    /// # Errors
    /// `Protocol` when a member is not of its type.
    pub fn header(&self) -> Result<EventHeader> {
        super::json::parse(&self.bytes).map_err(|error| {
            Error::new(ErrorKind::Protocol, format!("event {}: {}", self.event_type(), describe(&error)))
        })
    }
}

/// Frames are limited to less than 4 GiB, see `framing`.
pub(crate) fn narrow(range: Range<usize>) -> Range<u32> {
    range.start as u32..range.end as u32
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("type", &self.event_type()).field("bytes", &self.bytes.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_data_and_header() {
        let text = r#"{"type":"session.idle","data":{"x":1},"id":"i","timestamp":"t","parentId":null,"ephemeral":true,"new":[1]}"#;
        let event = Event::from_json(Bytes::from_static(text.as_bytes())).unwrap();
        assert_eq!(event.event_type(), "session.idle");
        assert_eq!(event.data_json(), r#"{"x":1}"#);
        assert_eq!(event.json(), text);
        let header = event.header().unwrap();
        assert!(header.ephemeral && header.parent_id.is_none() && header.id == "i");
    }

    #[test]
    fn odd_events_are_kept() {
        let event = Event::from_json(Bytes::from_static(br#"{"type":5}"#)).unwrap();
        assert_eq!(event.event_type(), "");
        assert_eq!(event.data_json(), "{}");
        assert!(Event::from_json(Bytes::from_static(b"[]")).is_err());
    }
}
