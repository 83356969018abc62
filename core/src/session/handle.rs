//! The user's handle of a session.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::core::{SessionCore, SessionOwner, disconnected};
use super::leave::leave;
use super::observe;
use super::once::without_wait;
use super::stream::{Counters, EventStream};
use super::turn::Done;
use super::wait::{Turn, WaitOptions, Waiting, message_id};
use crate::diagnostics::describe;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::event::Event;
use crate::protocol::options::SendOptions;
use crate::protocol::{json, method};
use crate::router::SessionInbox;

/// A conversation with the agent. Clones name the same session. Keeping a session keeps its client's connection alive.
#[derive(Clone)]
pub struct Session {
    core: Arc<SessionCore>,
    client: Arc<dyn SessionOwner>,
}

impl From<&str> for SendOptions {
    fn from(prompt: &str) -> Self {
        Self { prompt: prompt.to_owned(), ..Self::default() }
    }
}

impl From<String> for SendOptions {
    fn from(prompt: String) -> Self {
        Self { prompt, ..Self::default() }
    }
}

impl Session {
    pub(crate) fn new(core: Arc<SessionCore>, client: Arc<dyn SessionOwner>) -> Self {
        Self { core, client }
    }

    pub(crate) fn core(&self) -> &Arc<SessionCore> {
        &self.core
    }

    pub(crate) fn owner(&self) -> &Arc<dyn SessionOwner> {
        &self.client
    }

    /// The session's id.
    #[must_use]
    pub fn id(&self) -> Arc<str> {
        self.core.id()
    }

    /// Where the runtime keeps the session's files; none when infinite sessions are off.
    #[must_use]
    pub fn workspace_path(&self) -> Option<String> {
        self.core.state().workspace_path.clone()
    }

    /// What the host side can do, updated by events.
    #[must_use]
    pub fn capabilities(&self) -> Map<String, Value> {
        self.core.state().capabilities.clone()
    }

    /// The canvases that are open.
    #[must_use]
    pub fn open_canvases(&self) -> Vec<Value> {
        self.core.state().open_canvases.clone()
    }

    /// A lossless queue of the events from now on. For the very first events, subscribe through
    /// [`SessionSpec::subscribe`](crate::SessionSpec::subscribe) before the session is made.
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.core.subscribe()
    }

    /// How many events arrived for this session.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.core.meter().read()
    }

    /// Sends a message and returns its id as soon as the runtime accepted it; the work goes on in events.
    ///
    /// # Errors
    /// `SessionClosed` when the session is over, `ProcessExited` when the connection ends first, `Rpc` when the runtime refuses.
    pub async fn send(&self, message: impl Into<SendOptions>) -> Result<String> {
        let message = message.into();
        without_wait(message.idempotency_key.is_some())?;
        self.core.begin_use()?;
        let params = self.message(message)?;
        let begin = Instant::now();
        let id = message_id(&self.core.connection().call(method::SESSION_SEND, &params).await?)?;
        observe::sent(&self.id(), &id, begin);
        Ok(id)
    }

    /// Sends a message and waits for its end; the last answer of the agent to it, if there was one. Several waits on one
    /// session each get the answer to their own message. The clock starts when the runtime accepted the message; running
    /// out of time, or dropping this future, does not abort the agent. The error of a limit says what was last seen.
    ///
    /// With [`idempotency_key`](SendOptions::idempotency_key) the history is read first. If it has the answer to the message of
    /// this key, that is returned. If the work was begun and did not end, as when a program died, it is taken up: the message
    /// is taken back and sent again, or the agent is told to go on, when tools had run. Only one may wait for a key at a time.
    ///
    /// # Errors
    /// `InvalidArgument` for a key that cannot travel, or with a message that has a source or joins a running turn.
    /// `Timeout` for either limit, `SessionError` when the agent failed, and as for [`send`](Self::send).
    pub async fn send_and_wait(
        &self,
        message: impl Into<SendOptions>,
        options: impl Into<WaitOptions>,
    ) -> Result<Option<Event>> {
        let mut message = message.into();
        if let Some(answer) = self.answered_before(&mut message).await? {
            return Ok(Some(answer));
        }
        let (sender, ended) = oneshot::channel();
        let done = Box::new(move |outcome| drop(sender.send(outcome)));
        let mut _given_up_when_dropped = None;
        self.begin_turn(message, options.into(), done, |waiting| _given_up_when_dropped = Some(waiting))?;
        ended.await.unwrap_or_else(|_| Err(disconnected(&self.id())))
    }

    /// Sends a message; `done` gets the end of its turn, see [`Turn`].
    pub(crate) fn begin_turn(
        &self,
        message: SendOptions,
        options: WaitOptions,
        done: Done,
        waiting: impl FnOnce(Waiting),
    ) -> Result<()> {
        let message = self.message(message)?;
        Turn { message, options, done }.begin(Arc::clone(&self.core), Arc::downgrade(&self.client), waiting)
    }

    /// All events of the conversation so far, oldest first.
    ///
    /// # Errors
    /// As for [`call`](Self::call), and `Protocol` when the answer cannot be read.
    pub async fn get_events(&self) -> Result<Vec<Event>> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow, default)]
            events: Vec<&'a RawValue>,
        }
        let answer = self.call(method::SESSION_GET_MESSAGES, "{}").await?;
        let read: Answer<'_> = serde_json::from_slice(&answer).map_err(|error| {
            Error::new(ErrorKind::Protocol, format!("answer to session.getMessages: {}", describe(&error)))
        })?;
        read.events.iter().map(|event| Event::from_json(answer.slice_ref(event.get().as_bytes()))).collect()
    }

    /// Stops the agent's present work. Its answer is not looked at: see the typed call for a refusal.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn abort(&self) -> Result<()> {
        self.call(method::SESSION_ABORT, "{}").await.map(drop)
    }

    /// Leaves the session; it can be resumed, and goes on for other clients that are attached. Ends waits, handlers and
    /// event queues. Calling it again does nothing; after an error it can be tried again.
    ///
    /// # Errors
    /// `Rpc` or `InvalidState` when the runtime refuses.
    pub async fn disconnect(&self) -> Result<()> {
        if self.core.check_open().is_err() {
            return Ok(());
        }
        leave(self.core.connection(), &self.id()).await?;
        self.client.forget(&self.core);
        self.core.close(&disconnected(&self.id()));
        self.core.released().await;
        Ok(())
    }

    /// Calls any method of the session; `params` is a JSON object, `sessionId` is added.
    ///
    /// # Errors
    /// `InvalidArgument` when `params` is no JSON object, `SessionClosed` when the session is over, `ProcessExited` when the
    /// connection ends first, `Rpc` when the runtime refuses.
    pub async fn call(&self, method: &str, params: &str) -> Result<Bytes> {
        self.core.begin_use()?;
        self.core.connection().call(method, &self.addressed(params)?).await
    }

    /// The params with the session's id in place of any other.
    pub(crate) fn addressed(&self, params: &str) -> Result<String> {
        let trimmed = params.trim();
        if trimmed.is_empty() || trimmed == "{}" {
            return Ok(format!(r#"{{"sessionId":{}}}"#, json::quote(&self.id())));
        }
        let mut params: Map<String, Value> = json::parse_as("params", trimmed.as_bytes())?;
        params.insert("sessionId".to_owned(), (*self.id()).into());
        json::to_text(&params)
    }

    /// The params of `session.send`.
    pub(super) fn message(&self, message: SendOptions) -> Result<String> {
        let Ok(Value::Object(mut params)) = serde_json::to_value(message) else {
            return Err(Error::new(ErrorKind::Internal, "a message is no object"));
        };
        self.core.connection().watch().secrets.learn_headers(&params);
        params.insert("sessionId".to_owned(), (*self.id()).into());
        json::to_text(&params)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.id()).finish_non_exhaustive()
    }
}
