//! Sessions made and resumed for the host.

use std::sync::{Arc, Weak};

use bytes::Bytes;

use super::delivery::{SessionKey, Ticket};
use super::request::{Make, bytes, read};
use super::session::HostSession;
use super::shared::{Running, Shared};
use crate::client::{Opening, SessionSpec, new_session_id};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::session_spec::Purpose;
use crate::session::Session;

/// `session.create` and `session.resume`. The reader completes it, so that nothing the runtime tells after its answer is
/// handed out before.
pub(super) fn make(shared: &Arc<Shared>, ticket: Ticket, args: &str, purpose: Purpose) -> Result<()> {
    let Make { key, session_id, mut config, handlers, trace_context } = read(args)?;
    let given = session_id.or_else(|| config.session_id.take()).filter(|id| !id.is_empty());
    if purpose == Purpose::Resume && given.is_none() {
        return Err(Error::new(ErrorKind::InvalidArgument, "sessionId is missing"));
    }
    let id = given.or_else(|| config.cloud.is_none().then(new_session_id));
    let host = shared.reserve(key, handlers.events.unwrap_or(true))?;
    let spec = SessionSpec {
        config,
        handlers: handlers.handlers(&host),
        trace: trace_context,
        sinks: vec![Arc::clone(&host) as _],
    };
    let place = Place { shared: Arc::downgrade(shared), key, kept: false };
    if shared.client.is_connected() {
        return ask(shared, ticket, purpose, id, spec, host, place);
    }
    let starter = Arc::clone(shared);
    shared.spawn_until(ticket, async move {
        let begun = match starter.client.start_for_session().await {
            Ok(()) => ask(&starter, ticket, purpose, id, spec, host, place),
            Err(error) => Err(error),
        };
        begun.err().map(Err)
    });
    Ok(())
}

fn ask(
    shared: &Arc<Shared>,
    ticket: Ticket,
    purpose: Purpose,
    id: Option<String>,
    spec: SessionSpec,
    host: Arc<HostSession>,
    place: Place,
) -> Result<()> {
    shared.note(ticket, Running::Opening);
    let weak = Arc::downgrade(shared);
    let opened = move |opening: Result<Opening>| {
        let Some(shared) = weak.upgrade() else { return };
        // Cancelled meanwhile: dropping the opening leaves the session again.
        if !shared.take(ticket) {
            return;
        }
        let made = match opening.map(Opening::at_once) {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(opening)) => return follow_up(&shared, ticket, *opening, host, place),
            Err(error) => Err(error),
        };
        let result = settle(&shared, made, place);
        shared.push_result(ticket, result);
        host.told();
        // Whoever opens the files of a session tells their failure too, outside of the reader's batches.
        shared.inbox.flush();
    };
    let _on_the_engine = shared.enter();
    shared.client.ask_for_session(purpose, id, spec, Box::new(opened))
}

/// What has to be done before the session can be used. Its events wait until then.
fn follow_up(shared: &Arc<Shared>, ticket: Ticket, opening: Opening, host: Arc<HostSession>, place: Place) {
    let finisher = Arc::clone(shared);
    shared.spawn_until(ticket, async move {
        let made = opening.finish().await;
        let result = settle(&finisher, made, place);
        finisher.complete(ticket, result);
        host.told();
        finisher.inbox.flush();
        None
    });
}

/// The session gets its place, or the place is free again before the host is told.
fn settle(shared: &Shared, made: Result<Session>, mut place: Place) -> Result<Bytes> {
    let session = made?;
    place.kept = true;
    shared.settle_session(place.key, &session);
    Ok(bytes(&session.core().state_json()))
}

/// Gives a key back when its session was not made, also after a cancel.
struct Place {
    shared: Weak<Shared>,
    key: SessionKey,
    kept: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.kept
            && let Some(shared) = self.shared.upgrade()
        {
            shared.release_session(self.key);
        }
    }
}
