//! What the runtime asks and tells of the hosts that this client started.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::SystemTime;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{AhpHostHandler, Client, ClientInner, lock};
use crate::dispatch::{guarded, read};
use crate::error::{Error, ErrorKind, Result};
use crate::handlers::{
    AhpAuthenticationRequest, AhpHostExit, AhpIdentity, AhpSessionReleased, AhpSessionRequest,
};
use crate::protocol::{json as text, method, time};
use crate::router::ClientRequests;
use crate::rpc::{Connection, Responder};

/// The hosts of one connection, by id.
#[derive(Default)]
pub(super) struct Hosts {
    by_id: Mutex<HashMap<String, Arc<Host>>>,
    closed: CancellationToken,
}

/// One host: who serves it, and what was handed over.
pub(super) struct Host {
    handler: Arc<dyn AhpHostHandler>,
    client: Weak<ClientInner>,
    /// Who alone is let in.
    identity: Option<String>,
    /// Sessions by the handing over that they came from.
    handed: Mutex<HashMap<String, String>>,
    /// Tokens that are being looked at, by the question.
    asked: Mutex<HashMap<String, CancellationToken>>,
}

impl Host {
    pub(super) fn new(
        handler: Arc<dyn AhpHostHandler>,
        client: Weak<ClientInner>,
        identity: Option<String>,
    ) -> Arc<Self> {
        Arc::new(Self { handler, client, identity, handed: Mutex::default(), asked: Mutex::default() })
    }

    /// The handler's session, which must be the one that was asked for, and open on this client.
    async fn session(&self, request: AhpSessionRequest) -> Result<String> {
        let client = self.client.upgrade().map(Client);
        let client = client.ok_or_else(|| failed("the client of the host is gone"))?;
        let (handoff, wanted) = (request.handoff_id.clone(), request.session_id().to_owned());
        let id = guarded(self.handler.session(&client, request)).await?;
        if id != wanted {
            return Err(failed(format!(
                "the host was asked for session {wanted}, and its handler made {id}"
            )));
        }
        if !client.0.live()?.router.find(&id).is_some_and(|session| session.is_open()) {
            return Err(failed(format!("session {id} is not open on the client of the host")));
        }
        lock(&self.handed).insert(handoff, id.clone());
        Ok(id)
    }

    /// Whose token it is, when that is whom the host lets in and the answer still holds.
    async fn identity(&self, request: AhpAuthenticationRequest) -> Result<Option<AhpIdentity>> {
        let Some(found) = guarded(self.handler.authenticate(request)).await? else { return Ok(None) };
        let until = time::parse_rfc3339(&found.expires_at)
            .ok_or_else(|| failed("expiresAt of the authentication is no time in RFC 3339"))?;
        let is_wanted = self.identity.as_ref().is_none_or(|wanted| *wanted == found.identity);
        Ok((is_wanted && until > SystemTime::now()).then_some(found))
    }
}

fn failed(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::HandlerFailed, why.into())
}

impl Hosts {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Host>>> {
        lock(&self.by_id)
    }

    /// False when there is one of that id.
    pub(super) fn add(&self, id: &str, host: Arc<Host>) -> bool {
        let mut all = self.all();
        let is_new = !all.contains_key(id);
        if is_new {
            all.insert(id.to_owned(), host);
        }
        is_new
    }

    /// One that was not started after all.
    pub(super) fn forget(&self, id: &str) {
        self.all().remove(id);
    }

    fn exited(&self, exit: AhpHostExit) {
        if let Some(host) = self.all().remove(&exit.host_id) {
            // Told even when the connection ends meanwhile.
            tokio::spawn(async move {
                tell(host.handler.exited(exit)).await;
            });
        }
    }

    fn find(&self, id: &str) -> Result<Arc<Host>> {
        let unknown = || Error::new(ErrorKind::InvalidArgument, format!("unknown host {id}"));
        self.all().get(id).cloned().ok_or_else(unknown)
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let work: BoxFuture<'static, ()> = Box::pin(work);
        tokio::spawn(self.closed.clone().run_until_cancelled_owned(work));
    }

    fn materialize(&self, params: &Bytes, responder: Responder) {
        let found = read::<AhpSessionRequest>(method::HOST_MATERIALIZE_SESSION, params)
            .and_then(|request| Ok((self.find(&request.host_id)?, request)));
        let (host, request) = match found {
            Ok(found) => found,
            Err(error) => return responder.fail(&error),
        };
        let asked = responder.withdrawable();
        self.spawn(async move {
            let Some((responder, made)) = asked.unless_withdrawn(host.session(request)).await else { return };
            match made {
                Ok(id) => responder.ok(&json!({"sessionId": id}).to_string()),
                Err(error) => responder.fail(&error),
            }
        });
    }

    /// Listed before this returns: a cancellation that follows must find it.
    fn validate(&self, params: &Bytes, responder: Responder) {
        let found = read::<AhpAuthenticationRequest>(method::HOST_VALIDATE_AUTHENTICATION, params)
            .and_then(|request| Ok((self.find(&request.host_id)?, request)));
        let (host, request) = match found {
            Ok(found) => found,
            Err(error) => return responder.fail(&error),
        };
        let (question, cancelled) = (request.request_id.clone(), CancellationToken::new());
        lock(&host.asked).insert(question.clone(), cancelled.clone());
        self.spawn(async move {
            let outcome = cancelled.run_until_cancelled(host.identity(request)).await;
            lock(&host.asked).remove(&question);
            match outcome {
                Some(Ok(found)) => responder.ok(&text::to_text(&found).unwrap_or_default()),
                Some(Err(error)) => responder.fail(&error),
                None => responder.ok("null"),
            }
        });
    }

    fn authentication_cancelled(&self, params: &Bytes) -> Option<()> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Cancelled {
            host_id: String,
            request_id: String,
        }
        let cancelled = text::parse::<Cancelled>(params).ok()?;
        let host = self.find(&cancelled.host_id).ok()?;
        lock(&host.asked).remove(&cancelled.request_id)?.cancel();
        Some(())
    }

    fn session_released(&self, params: &Bytes) -> Option<()> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Released {
            host_id: String,
            handoff_id: String,
        }
        let Released { host_id, handoff_id } = text::parse::<Released>(params).ok()?;
        let host = self.find(&host_id).ok()?;
        let session_id = lock(&host.handed).remove(&handoff_id)?;
        self.spawn(async move {
            let released = AhpSessionReleased { host_id, handoff_id, session_id };
            tell(host.handler.released(released)).await;
        });
        Some(())
    }
}

/// A handler that is only told something may fail for itself.
async fn tell(work: impl Future<Output = ()> + Send) {
    let work = async {
        work.await;
        Ok(())
    };
    drop(guarded(work).await);
}

impl ClientRequests for Hosts {
    fn serves(&self, name: &str) -> bool {
        matches!(name, method::HOST_MATERIALIZE_SESSION | method::HOST_VALIDATE_AUTHENTICATION)
    }

    fn request(&self, _: &Connection, name: &str, params: &Bytes, responder: Responder) {
        if name == method::HOST_MATERIALIZE_SESSION {
            self.materialize(params, responder);
        } else {
            self.validate(params, responder);
        }
    }

    fn notification(&self, name: &str, params: &Bytes) -> bool {
        match name {
            method::HOST_AUTHENTICATION_CANCELLED => drop(self.authentication_cancelled(params)),
            method::HOST_SESSION_RELEASED => drop(self.session_released(params)),
            method::HOST_EXITED => {
                if let Ok(exit) = text::parse(params) {
                    self.exited(exit);
                }
            }
            _ => return false,
        }
        true
    }

    fn close(&self) {
        let ids: Vec<_> = self.all().keys().cloned().collect();
        for id in ids {
            self.exited(AhpHostExit {
                host_id: id,
                reason: "ownerDisconnected".to_owned(),
                error: None,
                exit_code: None,
            });
        }
        self.closed.cancel();
    }
}
