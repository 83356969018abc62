//! Waiting for the answer to one message.
//!
//! The runtime names the message in `user.message` (`messageId`), in the answers to it (`originatingMessageId`), and in
//! everything that belongs to the same exchange (`interactionId`). Runtimes that do not are understood by the order of
//! events alone: any answer is everybody's, and the next `session.idle` ends every wait.

use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::task::AbortHandle;

use super::observe;
use super::until::Until;
use crate::error::{Error, Result, reasons};
use crate::protocol::event::{Concern, Event};

pub(crate) type Outcome = Result<Option<Event>>;

/// Gets the end of a wait, once. Called without any lock of the session; must not block.
pub(crate) type Done = Box<dyn FnOnce(Outcome) + Send>;

/// How long an idle session may take to begin with a message it accepted.
pub(super) const PASSED_OVER_GRACE: Duration = Duration::from_secs(1);

/// Names a wait among those of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitId(u64);

/// What came of looking at an event: waits that ended, to be told when no lock is held, and waits that were passed over
/// just now, to be [looked at](Turns::end_passed_over) again after [`PASSED_OVER_GRACE`].
#[derive(Default)]
#[must_use]
pub(super) struct Seen {
    ended: Vec<(Done, Outcome)>,
    pub(super) passed_over: Vec<WaitId>,
}

impl Seen {
    /// Tells those whose wait has ended.
    pub(super) fn tell(self) {
        for (done, outcome) in self.ended {
            done(outcome);
        }
    }
}

/// All waiters of a session.
#[derive(Default)]
pub(crate) struct Turns {
    waits: Vec<Wait>,
    next: u64,
    /// Whether this runtime says which message an event belongs to.
    identified: bool,
}

/// One call of `send_and_wait` under way.
struct Wait {
    id: WaitId,
    until: Until,
    /// How many events of the session came before it.
    seen: u64,
    begin: Instant,
    /// Who is told when it ends; none once that was done.
    done: Option<Done>,
    /// How it ended, once it has.
    outcome: Option<Outcome>,
    /// Keeps its time limits.
    timer: Option<AbortHandle>,
    /// The id of its message, none until the runtime accepted it.
    message: Option<String>,
    /// What was seen before the id was known.
    early: Vec<Sight>,
    started: bool,
    interaction: Option<String>,
    last: Option<Event>,
    /// An answer or an error seen before its own turn began; counts if that turn never begins.
    stray: Option<Outcome>,
    passed_over: PassedOver,
}

/// Whether the session went idle although the turn of a message had not begun.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PassedOver {
    No,
    JustNow,
    /// Whether the task that ends it after [`PASSED_OVER_GRACE`] is under way.
    Noted,
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
    }
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
    /// An id for [`wait`](Self::wait), so that it can be noted before the wait can end.
    pub(super) fn next_id(&mut self) -> WaitId {
        self.next += 1;
        WaitId(self.next)
    }

    /// Adds a waiter; it sees every event after the session's first `seen` ones.
    pub(super) fn wait(&mut self, id: WaitId, until: Until, seen: u64, done: Done) {
        self.waits.push(Wait {
            id,
            until,
            seen,
            begin: Instant::now(),
            done: Some(done),
            outcome: None,
            timer: None,
            message: None,
            early: Vec::new(),
            started: false,
            interaction: None,
            last: None,
            stray: None,
            passed_over: PassedOver::No,
        });
    }

    fn find(&mut self, id: WaitId) -> Option<&mut Wait> {
        self.waits.iter_mut().find(|wait| wait.id == id)
    }

    /// The task that keeps a wait's time limits: it ends with the wait.
    pub(super) fn keep_time(&mut self, id: WaitId, timer: AbortHandle) {
        match self.find(id) {
            Some(wait) => wait.timer = Some(timer),
            None => timer.abort(),
        }
    }

    /// Takes a waiter out; none when it has ended.
    pub(super) fn take(&mut self, id: WaitId) -> Option<Done> {
        let at = self.waits.iter().position(|wait| wait.id == id)?;
        self.waits.remove(at).done.take()
    }

    /// The runtime accepted the waiter's message under this id.
    pub(super) fn claim(&mut self, id: WaitId, message: &str) -> Seen {
        let identified = self.identified;
        let Some(wait) = self.find(id) else { return Seen::default() };
        wait.message = Some(message.to_owned());
        for sight in std::mem::take(&mut wait.early) {
            wait.see(&sight, identified, true);
        }
        self.tidy()
    }

    /// Shows the session's event with this number to every waiter.
    pub(super) fn see(&mut self, event: &Event, number: u64) -> Seen {
        if self.waits.is_empty() && (self.identified || event.concern() != Concern::UserMessage) {
            return Seen::default();
        }
        let Some(sight) = Sight::of(event) else { return Seen::default() };
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

    fn tidy(&mut self) -> Seen {
        let mut seen = Seen::default();
        self.waits.retain_mut(|wait| {
            if wait.passed_over == PassedOver::JustNow && wait.outcome.is_none() {
                wait.passed_over = PassedOver::Noted;
                seen.passed_over.push(wait.id);
            }
            match wait.outcome.take() {
                Some(outcome) => {
                    seen.ended.extend(wait.done.take().map(|done| (done, outcome)));
                    false
                }
                None => true,
            }
        });
        seen
    }

    /// Ends a wait whose turn has still not begun although the session went idle: the message was dealt with otherwise.
    pub(super) fn end_passed_over(&mut self, id: WaitId) -> Seen {
        if let Some(wait) =
            self.find(id).filter(|wait| wait.passed_over == PassedOver::Noted && !wait.started)
        {
            wait.finish();
        }
        self.tidy()
    }

    /// Ends every wait with an error.
    pub(super) fn fail(&mut self, error: &Error) -> Seen {
        for wait in &mut self.waits {
            wait.end(Err(error.clone()));
        }
        self.tidy()
    }
}

impl Wait {
    fn see(&mut self, sight: &Sight, identified: bool, before_accepted: bool) {
        match sight {
            Sight::Started { message, interaction } => {
                if message.is_some() && *message == self.message {
                    self.started = true;
                    self.passed_over = PassedOver::No;
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
                    self.last = Some(event.compact());
                } else if !before_accepted {
                    self.stray = Some(Ok(Some(event.compact())));
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
            Sight::Idle { .. } if !before_accepted && self.passed_over == PassedOver::No => {
                self.passed_over = PassedOver::JustNow;
            }
            Sight::Idle { .. } => {}
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
        self.outcome.get_or_insert(outcome);
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
    reasons::session_error(&message).with_data(event.data_json().to_owned())
}

#[cfg(test)]
#[path = "turn_tests.rs"]
mod tests;
