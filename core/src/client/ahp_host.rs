//! Hosting sessions for clients that speak the Agent Host Protocol (AHP): the calls of the program.

use std::ops::Not;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::ahp_requests::Host;
use super::{AhpHostHandler, Client, Live};
use crate::diagnostics::redacted_debug;
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::handlers::AhpMode;
use crate::protocol::{json as text, method};
use crate::rpc::Connection;

/// What a host is.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AhpHostOptions {
    /// A UUID; none: a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_id: Option<String>,
    /// Listens on this machine: `{hostname?, port?, requireConnectionToken?, token?}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_server: Option<Map<String, Value>>,
    /// Offers the sessions through GitHub: `{computeId, name, requireConnectionBinding?}`; with mode `github` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github_environment: Option<Map<String, Value>>,
    /// How clients show who they are. Runtimes from 1.0.104 on require it, older ones do not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<AhpAuthentication>,
    /// Names the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_id: Option<String>,
    /// Names the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// Whether clients may begin sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_creating_new_sessions: Option<bool>,
    /// The handler creates sessions.
    #[serde(skip_serializing_if = "Not::not")]
    pub session_factory: bool,
    /// The handler resumes sessions.
    #[serde(skip_serializing_if = "Not::not")]
    pub resume_factory: bool,
    /// The handler checks tokens; needed with mode `custom`. The runtime is not told.
    #[serde(skip_serializing)]
    pub authenticate: bool,
}

/// How clients of a host show who they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AhpAuthentication {
    /// The way.
    pub mode: AhpMode,
    /// Who alone is let in; needed with mode `custom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_identity: Option<String>,
}

redacted_debug!(AhpHostOptions);

impl AhpHostOptions {
    fn check(&self) -> Result<()> {
        if self.local_server.is_none() && self.github_environment.is_none() {
            return Err(reasons::option_invalid("localServer", "a host needs it, or githubEnvironment"));
        }
        let mode = self.authentication.as_ref().map(|authentication| authentication.mode);
        if self.github_environment.is_some() && mode.is_some_and(|mode| mode != AhpMode::Github) {
            let why = "goes with authentication.mode \"github\" only";
            return Err(reasons::option_invalid("githubEnvironment", why));
        }
        let identity = self.authentication.as_ref().and_then(|given| given.require_identity.as_deref());
        if mode == Some(AhpMode::Custom) && identity.is_none_or(|identity| identity.trim().is_empty()) {
            let why = "authentication.mode \"custom\" needs the name of who is let in";
            return Err(reasons::option_invalid("authentication.requireIdentity", why));
        }
        if mode == Some(AhpMode::Custom) && !self.authenticate {
            let why = "authentication.mode \"custom\" needs a handler that checks tokens";
            return Err(reasons::option_invalid("authenticate", why));
        }
        Ok(())
    }

    fn params(&self, id: &str) -> Result<String> {
        text::to_text(&Self { host_id: Some(id.to_owned()), ..self.clone() })
    }
}

/// A running host. Dropping it leaves the host as it is: call [`dispose`](Self::dispose).
#[derive(Clone)]
pub struct AhpHost {
    started: Started,
    connection: Connection,
}

/// What the runtime said of it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    host_id: String,
    url: Option<String>,
    token: Option<String>,
    pid: Option<u32>,
    environment_id: Option<String>,
}

impl Client {
    /// Starts a host: clients that speak the Agent Host Protocol find it under its url, and get the sessions that the handler
    /// makes and those that are published. Starts the client if needed. Given up, a host that is started all the same is
    /// disposed of.
    ///
    /// # Errors
    /// `InvalidArgument` for options that contradict each other, those of [`start`](Self::start), `Rpc` when the runtime
    /// refuses; runtimes before 1.0.102 know no hosts.
    pub async fn start_ahp_host(
        &self,
        options: AhpHostOptions,
        handler: Arc<dyn AhpHostHandler>,
    ) -> Result<AhpHost> {
        let answer = self.start_ahp_host_json(options, handler).await?;
        let started = text::parse_answer(method::HOST_START, &answer)?;
        Ok(AhpHost { started, connection: self.0.live()?.connection })
    }

    pub(crate) async fn start_ahp_host_json(
        &self,
        options: AhpHostOptions,
        handler: Arc<dyn AhpHostHandler>,
    ) -> Result<Bytes> {
        options.check()?;
        self.start_for_session().await?;
        let live = self.0.live()?;
        let id = options.host_id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
        let params = options.params(&id)?;
        let identity = options.authentication.and_then(|given| given.require_identity);
        let host = Host::new(handler, Arc::downgrade(&self.0), identity);
        if !live.hosts.add(&id, host) {
            let text = format!("hostId: this client already hosts {id}");
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        // In a task of its own: whoever gives up leaves no host behind.
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(async move {
            let answer = live.connection.call(method::HOST_START, &params).await;
            if answer.is_err() {
                live.hosts.forget(&id);
            }
            let started = answer.is_ok();
            if sender.send(answer).is_err() && started {
                drop(dispose(&live, &id).await);
            }
        });
        let answer = receiver.await.unwrap_or_else(|_| Err(reasons::client_not_connected()))?;
        if let Some(token) = text::parse::<Started>(&answer).ok().and_then(|started| started.token) {
            self.0.watch.secrets.learn(&token);
        }
        Ok(answer)
    }
}

async fn dispose(live: &Live, id: &str) -> Result<()> {
    live.connection.call(method::HOST_DISPOSE, &json!({"hostId": id}).to_string()).await.map(drop)
}

impl AhpHost {
    /// Its id, a UUID.
    #[must_use]
    pub fn host_id(&self) -> &str {
        &self.started.host_id
    }

    /// Where clients connect: a WebSocket url. None without a local server.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.started.url.as_deref()
    }

    /// What clients present in the url's `tkn`. None when none is required.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.started.token.as_deref()
    }

    /// The process that hosts, where it is one of its own.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.started.pid
    }

    /// The environment at GitHub.
    #[must_use]
    pub fn environment_id(&self) -> Option<&str> {
        self.started.environment_id.as_deref()
    }

    async fn ask(&self, method: &str, mut members: Map<String, Value>) -> Result<Bytes> {
        members.insert("hostId".to_owned(), self.host_id().into());
        self.connection.call(method, &text::to_text(&members)?).await
    }

    /// Ends the host; the handler hears of it. The sessions stay.
    ///
    /// # Errors
    /// As for any call.
    pub async fn dispose(&self) -> Result<()> {
        self.ask(method::HOST_DISPOSE, Map::new()).await.map(drop)
    }

    /// Whether clients may begin sessions, from now on.
    ///
    /// # Errors
    /// As for any call; runtimes before 1.0.104 do not know it.
    pub async fn set_allow_creating_new_sessions(&self, allowed: bool) -> Result<()> {
        let members = Map::from_iter([("allowCreatingNewSessions".to_owned(), allowed.into())]);
        self.ask(method::HOST_SET_SESSION_CREATION_POLICY, members).await.map(drop)
    }

    /// Offers an open session of this client to the host's clients; answers with the uri it has there.
    ///
    /// # Errors
    /// As for any call.
    pub async fn publish_session(&self, session_id: &str) -> Result<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Published {
            session_uri: String,
        }
        let members = Map::from_iter([("sessionId".to_owned(), session_id.into())]);
        let answer = self.ask(method::HOST_PUBLISH_SESSION, members).await?;
        let published: Published = text::parse_answer(method::HOST_PUBLISH_SESSION, &answer)?;
        Ok(published.session_uri)
    }

    /// Takes a session back; false when it was not offered.
    ///
    /// # Errors
    /// As for any call.
    pub async fn unpublish_session(&self, session_id: &str) -> Result<bool> {
        #[derive(Deserialize)]
        struct Unpublished {
            unpublished: bool,
        }
        let members = Map::from_iter([("sessionId".to_owned(), session_id.into())]);
        let answer = self.ask(method::HOST_UNPUBLISH_SESSION, members).await?;
        let taken: Unpublished = text::parse_answer(method::HOST_UNPUBLISH_SESSION, &answer)?;
        Ok(taken.unpublished)
    }

    /// The sessions that the host offers, each as the runtime describes it.
    ///
    /// # Errors
    /// As for any call.
    pub async fn list_sessions(&self) -> Result<Vec<Map<String, Value>>> {
        #[derive(Deserialize)]
        struct Listed {
            sessions: Vec<Map<String, Value>>,
        }
        let answer = self.ask(method::HOST_LIST_SESSIONS, Map::new()).await?;
        let listed: Listed = text::parse_answer(method::HOST_LIST_SESSIONS, &answer)?;
        Ok(listed.sessions)
    }
}

impl std::fmt::Debug for AhpHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AhpHost").field("host_id", &self.started.host_id).finish_non_exhaustive()
    }
}
