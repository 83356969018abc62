//! Waiting for the end of a turn.

use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::event::{Concern, Event};

/// One waiter: remembers the last answer of the agent and ends with the turn.
pub(crate) struct Turn {
    last: Option<Event>,
    done: oneshot::Sender<Result<Option<Event>>>,
}

/// All waiters of a session.
#[derive(Default)]
pub(crate) struct Turns(Vec<Turn>);

impl Turns {
    /// Adds a waiter; it sees every event from now on.
    pub(crate) fn wait(&mut self) -> oneshot::Receiver<Result<Option<Event>>> {
        let (done, waiter) = oneshot::channel();
        self.0.push(Turn { last: None, done });
        waiter
    }

    /// Shows an event to every waiter.
    pub(crate) fn see(&mut self, event: &Event) {
        if self.0.is_empty() {
            return;
        }
        match event.concern() {
            Concern::AssistantMessage if !is_of_sub_agent(event) => {
                for turn in &mut self.0 {
                    turn.last = Some(event.clone());
                }
            }
            Concern::SessionIdle if !is_of_sub_agent(event) => {
                for turn in self.0.drain(..) {
                    drop(turn.done.send(Ok(turn.last)));
                }
            }
            Concern::SessionError => self.fail(&session_error(event)),
            _ => {}
        }
        self.0.retain(|turn| !turn.done.is_closed());
    }

    /// Ends every wait with an error.
    pub(crate) fn fail(&mut self, error: &Error) {
        for turn in self.0.drain(..) {
            drop(turn.done.send(Err(error.clone())));
        }
    }
}

fn is_of_sub_agent(event: &Event) -> bool {
    event.header().is_ok_and(|header| header.agent_id.is_some())
}

fn session_error(event: &Event) -> Error {
    #[derive(serde::Deserialize)]
    struct Data {
        #[serde(default)]
        message: String,
    }
    let message = event.data::<Data>().map(|data| data.message).unwrap_or_default();
    Error::new(ErrorKind::SessionError, format!("Session error: {message}"))
        .with_data(event.data_json().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn event(text: &'static str) -> Event {
        Event::from_json(Bytes::from_static(text.as_bytes())).unwrap()
    }

    #[test]
    fn the_last_answer_of_the_root_agent_is_returned() {
        let mut turns = Turns::default();
        let mut waiter = turns.wait();
        turns.see(&event(r#"{"type":"assistant.message","data":{"content":"1"}}"#));
        turns.see(&event(r#"{"type":"assistant.message","data":{"content":"2"}}"#));
        turns.see(&event(r#"{"type":"assistant.message","data":{"content":"3"},"agentId":"sub"}"#));
        turns.see(&event(r#"{"type":"session.idle","data":{},"agentId":"sub"}"#));
        assert!(waiter.try_recv().is_err(), "a sub-agent's idle ends nothing");
        turns.see(&event(r#"{"type":"session.idle","data":{}}"#));
        let last = waiter.try_recv().unwrap().unwrap().unwrap();
        assert_eq!(last.data_json(), r#"{"content":"2"}"#);
    }

    #[test]
    fn errors_end_every_wait() {
        let mut turns = Turns::default();
        let (mut one, mut two) = (turns.wait(), turns.wait());
        turns.see(&event(r#"{"type":"session.error","data":{"message":"no quota"}}"#));
        for waiter in [&mut one, &mut two] {
            let error = waiter.try_recv().unwrap().unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::SessionError, "Session error: no quota"));
        }
    }
}
