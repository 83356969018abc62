//! Waiting for the answer to one message.
//!
//! The runtime names the message in `user.message` (`messageId`), in the answers to it (`originatingMessageId`), and in
//! everything that belongs to the same exchange (`interactionId`). Runtimes that do not are understood by the order of
//! events alone: any answer is everybody's, and the next `session.idle` ends every wait.

use std::time::Instant;

use serde::Deserialize;
use tokio::sync::oneshot;

use super::observe;
use super::wait::Until;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::event::{Concern, Event};

pub(crate) type Outcome = Result<Option<Event>>;

/// Names a wait among those of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitId(u64);

/// All waiters of a session.
#[derive(Default)]
pub(crate) struct Turns {
    waits: Vec<Wait>,
    next: u64,
    /// Whether this runtime says which message an event belongs to.
    identified: bool,
}

/// One waiter.
struct Wait {
    id: WaitId,
    until: Until,
    /// How many events of the session came before it.
    seen: u64,
    begin: Instant,
    done: Option<oneshot::Sender<Outcome>>,
    /// The id of its message, none until the runtime accepted it.
    message: Option<String>,
    /// What was seen before the id was known.
    early: Vec<Sight>,
    started: bool,
    interaction: Option<String>,
    last: Option<Event>,
    /// An answer or an error seen before its own turn began; counts if that turn never begins.
    stray: Option<Outcome>,
    /// The session went idle, and its turn has not begun.
    passed_over: bool,
}

/// What an event means to waiters.
#[derive(Clone)]
enum Sight {
    Started { message: Option<String>, interaction: Option<String> },
    Answer { event: Event, message: Option<String>, interaction: Option<String> },
    Failed { error: Error, message: Option<String> },
    Idle { foreground: bool },
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Marks {
    message_id: Option<String>,
    originating_message_id: Option<String>,
    interaction_id: Option<String>,
}

impl Turns {
    /// Adds a waiter; it sees every event after the session's first `seen` ones.
    pub(crate) fn wait(&mut self, until: Until, seen: u64) -> (WaitId, oneshot::Receiver<Outcome>) {
        let (done, waiter) = oneshot::channel();
        let id = WaitId(self.next);
        self.next += 1;
        self.waits.push(Wait {
            id,
            until,
            seen,
            begin: Instant::now(),
            done: Some(done),
            message: None,
            early: Vec::new(),
            started: false,
            interaction: None,
            last: None,
            stray: None,
            passed_over: false,
        });
        (id, waiter)
    }

    /// The runtime accepted the waiter's message under this id. True as for [`see`](Self::see).
    pub(crate) fn claim(&mut self, id: WaitId, message: &str) -> bool {
        let identified = self.identified;
        let Some(wait) = self.waits.iter_mut().find(|wait| wait.id == id) else { return false };
        wait.message = Some(message.to_owned());
        for sight in std::mem::take(&mut wait.early) {
            wait.see(&sight, identified, true);
        }
        self.tidy()
    }

    /// Shows the session's event with this number to every waiter. True when a waiter saw the session go idle before its
    /// own turn had begun: then [`end_passed_over`](Self::end_passed_over) is due in a while.
    pub(crate) fn see(&mut self, event: &Event, number: u64) -> bool {
        if self.waits.is_empty() && (self.identified || event.concern() != Concern::UserMessage) {
            return false;
        }
        let Some(sight) = Sight::of(event) else { return false };
        self.identified |= sight.is_identified();
        for wait in self.waits.iter_mut().filter(|wait| wait.seen < number) {
            if wait.message.is_none() {
                wait.early.push(sight.clone());
            } else {
                wait.see(&sight, self.identified, false);
            }
        }
        self.tidy()
    }

    fn tidy(&mut self) -> bool {
        self.waits.retain(|wait| wait.done.as_ref().is_some_and(|done| !done.is_closed()));
        self.waits.iter().any(|wait| wait.passed_over)
    }

    /// Ends the waits whose turn has not begun although the session went idle: the message was dealt with otherwise.
    pub(crate) fn end_passed_over(&mut self) {
        for wait in self.waits.iter_mut().filter(|wait| wait.passed_over && !wait.started) {
            wait.finish();
        }
        self.tidy();
    }

    /// Ends every wait with an error.
    pub(crate) fn fail(&mut self, error: &Error) {
        for mut wait in self.waits.drain(..) {
            wait.end(Err(error.clone()));
        }
    }
}

impl Wait {
    fn see(&mut self, sight: &Sight, identified: bool, before_accepted: bool) {
        match sight {
            Sight::Started { message, interaction } => {
                if message.is_some() && *message == self.message {
                    self.started = true;
                    self.passed_over = false;
                    self.interaction.clone_from(interaction);
                }
            }
            Sight::Answer { event, message, interaction } => {
                let answered = message.is_some() && *message == self.message;
                let same_exchange = interaction.is_some() && *interaction == self.interaction;
                let unmarked = message.is_none() && (interaction.is_none() || !identified);
                self.started |= answered;
                if answered || same_exchange || unmarked {
                    if self.last.is_none() {
                        observe::first_answer(self.message.as_deref(), self.begin);
                    }
                    self.last = Some(event.clone());
                } else if !before_accepted {
                    self.stray = Some(Ok(Some(event.clone())));
                }
            }
            Sight::Failed { error, message } => match message {
                Some(_) if *message != self.message => {}
                None if identified && !self.started => self.stray = Some(Err(error.clone())),
                _ => self.end(Err(error.clone())),
            },
            Sight::Idle { foreground } if *foreground && self.until == Until::Idle => {}
            // An answer that names no message, of a runtime that else does, is taken for an answer to this one.
            Sight::Idle { .. } if self.started || !identified || self.last.is_some() => self.finish(),
            Sight::Idle { .. } => self.passed_over |= !before_accepted,
        }
    }

    fn finish(&mut self) {
        let outcome = match (self.last.take(), self.stray.take()) {
            (Some(last), _) => Ok(Some(last)),
            (None, Some(stray)) if !self.started => stray,
            (None, _) => Ok(None),
        };
        self.end(outcome);
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(done) = self.done.take() {
            drop(done.send(outcome));
        }
    }
}

impl Sight {
    /// None for events that mean nothing here, and for everything of sub-agents.
    fn of(event: &Event) -> Option<Self> {
        let is_mine = !event.header().is_ok_and(|header| header.agent_id.is_some());
        let marks = || event.data::<Marks>().unwrap_or_default();
        match event.concern() {
            Concern::UserMessage if is_mine => {
                let marks = marks();
                Some(Self::Started { message: marks.message_id, interaction: marks.interaction_id })
            }
            Concern::AssistantMessage if is_mine => {
                let marks = marks();
                let (message, interaction) = (marks.originating_message_id, marks.interaction_id);
                Some(Self::Answer { event: event.clone(), message, interaction })
            }
            Concern::SessionIdle if is_mine => Some(Self::Idle { foreground: false }),
            Concern::AssistantIdle if is_mine => Some(Self::Idle { foreground: true }),
            Concern::SessionError => {
                Some(Self::Failed { error: session_error(event), message: marks().originating_message_id })
            }
            _ => None,
        }
    }

    fn is_identified(&self) -> bool {
        match self {
            Self::Started { message, .. } | Self::Answer { message, .. } => message.is_some(),
            Self::Failed { .. } | Self::Idle { .. } => false,
        }
    }
}

fn session_error(event: &Event) -> Error {
    #[derive(Deserialize)]
    struct Data {
        #[serde(default)]
        message: String,
    }
    let message = event.data::<Data>().map(|data| data.message).unwrap_or_default();
    Error::new(ErrorKind::SessionError, format!("Session error: {message}"))
        .with_data(event.data_json().to_owned())
}

#[cfg(test)]
#[path = "turn_tests.rs"]
mod tests;
