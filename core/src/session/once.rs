//! A message with an idempotency key: answered once, however often it is sent, also by another process.
//!
//! The key travels as the message's `source`, which the runtime keeps in `user.message`. So the history itself says whether
//! the message was accepted, and what follows it whether it was answered; nothing else has to be stored, and nothing can
//! get lost between the two. Observed on runtimes 1.0.67 to 1.0.104.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::event::Event;
use crate::protocol::method;
use crate::protocol::options::SendOptions;

/// What the runtime lets a program say in `source`, besides who it is: the name of a command.
const SOURCE: &str = "command-once-";
/// Bytes that a key may have.
const LONGEST: usize = 200;
/// Said to the agent in place of a message whose work it had begun: what its tools did is not to be done twice.
const GO_ON: &str =
    "Your work on my last message was interrupted. Go on where it stopped: what the tools did is done.";

/// What the history says of the work of one key.
#[derive(Debug)]
enum History {
    New,
    Answered(Event),
    Begun(Begun),
}

/// Work that was begun, and has no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Begun {
    /// The id of the last `user.message` of this key.
    event: String,
    /// Whether a tool has run for it.
    worked: bool,
    /// Whether a tool has run for it since `event`.
    worked_since: bool,
    /// Whether a message of somebody else came after it.
    followed: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Marks {
    source: Option<String>,
    delivery: Option<String>,
    tool_requests: Vec<IgnoredAny>,
}

impl Session {
    /// The answer that the history has to a message with a key; none when it is to be sent, which it is made ready for.
    pub(super) async fn answered_before(&self, message: &mut SendOptions) -> Result<Option<Event>> {
        let Some(key) = message.idempotency_key.take() else { return Ok(None) };
        let source = source_of(&key, message)?;
        match History::read(&self.get_events().await?, &source) {
            History::New => {}
            History::Answered(answer) => return Ok(Some(answer)),
            History::Begun(begun) => self.take_up(&begun, message).await?,
        }
        message.source = Some(source);
        Ok(None)
    }

    /// Makes a message ready whose work was begun before. Nobody may be at work on it any more.
    async fn take_up(&self, begun: &Begun, message: &mut SendOptions) -> Result<()> {
        self.abort().await?;
        if !begun.followed && !begun.worked_since {
            self.call(method::SESSION_HISTORY_TRUNCATE, &json!({"eventId": begun.event}).to_string()).await?;
        }
        if begun.worked {
            GO_ON.clone_into(&mut message.prompt);
            message.attachments = None;
        }
        Ok(())
    }
}

/// The source by which the message is known again.
fn source_of(key: &str, message: &SendOptions) -> Result<String> {
    let refused =
        |text: String| Err(Error::new(ErrorKind::InvalidArgument, format!("idempotencyKey: {text}")));
    if key.is_empty() || key.len() > LONGEST || key.chars().any(char::is_control) {
        return refused(format!("expected 1 to {LONGEST} bytes without control characters"));
    }
    if message.source.is_some() {
        return refused("the message has a source, which is where the key travels".to_owned());
    }
    if message.mode.as_deref() == Some("immediate") {
        return refused("mode immediate joins a running turn and has no answer of its own".to_owned());
    }
    Ok(format!("{SOURCE}{key}"))
}

/// Refuses a key where nobody waits for the answer.
pub(crate) fn without_wait(given: bool) -> Result<()> {
    if given {
        let text = "idempotencyKey: goes with sendAndWait, which knows when the work is done";
        return Err(Error::new(ErrorKind::InvalidArgument, text));
    }
    Ok(())
}

impl History {
    fn read(events: &[Event], source: &str) -> Self {
        let (mut begun, mut answer, mut ended) = (None::<Begun>, None, false);
        for event in
            events.iter().filter(|event| !event.header().is_ok_and(|header| header.agent_id.is_some()))
        {
            let marks = || event.data::<Marks>().unwrap_or_default();
            if event.event_type() == "user.message" {
                let marks = marks();
                if marks.source.as_deref() == Some(source) {
                    let worked = begun.is_some_and(|before: Begun| before.worked);
                    let id = event.header().map(|header| header.id).unwrap_or_default();
                    begun = Some(Begun { event: id, worked, ..Begun::default() });
                    (answer, ended) = (None, false);
                } else if let Some(begun) =
                    begun.as_mut().filter(|_| marks.delivery.as_deref() != Some("steering"))
                {
                    begun.followed = true;
                }
                continue;
            }
            let Some(begun) = begun.as_mut().filter(|begun| !begun.followed) else { continue };
            match event.event_type() {
                "assistant.message" => {
                    answer = marks().tool_requests.is_empty().then(|| event.clone());
                    ended = false;
                }
                "assistant.turn_end" => ended = answer.is_some(),
                "tool.execution_complete" => (begun.worked, begun.worked_since) = (true, true),
                "session.error" | "abort" => (answer, ended) = (None, false),
                _ => {}
            }
        }
        match (begun, answer) {
            (Some(_), Some(answer)) if ended => Self::Answered(answer.compact()),
            (Some(begun), _) => Self::Begun(begun),
            (None, _) => Self::New,
        }
    }
}

#[cfg(test)]
#[path = "once_tests.rs"]
mod tests;
