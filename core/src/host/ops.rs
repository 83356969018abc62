//! Operations by name.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client::Shared;
use super::delivery::Ticket;
use super::request::{Form, Invoke, Keyed, ListSessions, Make, Named, Ping, Ui};
use super::{llm, messages};
use crate::client::{Client, SessionSpec};
use crate::diagnostics::describe;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{json as text, method};
use crate::session::Session;

type Op = fn(&Arc<Shared>, Ticket, &str) -> Result<()>;

const OPS: &[(&str, Op)] = &[
    ("rpc.call", rpc_call),
    ("session.call", session_call),
    ("session.send", messages::send),
    ("session.sendAndWait", messages::send_and_wait),
    ("session.create", |shared, ticket, args| make(shared, ticket, args, false)),
    ("session.resume", |shared, ticket, args| make(shared, ticket, args, true)),
    ("session.getEvents", session_get_events),
    ("session.abort", session_abort),
    ("session.disconnect", session_disconnect),
    ("session.ui", session_ui),
    ("llm.start", |shared, ticket, args| llm::respond(shared, ticket, "llm.start", args)),
    ("llm.write", |shared, ticket, args| llm::respond(shared, ticket, "llm.write", args)),
    ("llm.end", |shared, ticket, args| llm::respond(shared, ticket, "llm.end", args)),
    ("llm.fail", |shared, ticket, args| llm::respond(shared, ticket, "llm.fail", args)),
    ("rpc.notify", rpc_notify),
    ("client.start", client_start),
    ("client.stop", client_stop),
    ("client.forceStop", client_force_stop),
    ("client.listModels", client_list_models),
    ("client.deleteSession", client_delete_session),
    ("client.diagnostics", client_diagnostics),
    ("client.ping", client_ping),
    ("client.getStatus", |shared, ticket, _| plain(shared, ticket, method::STATUS_GET)),
    ("client.getAuthStatus", |shared, ticket, _| plain(shared, ticket, method::AUTH_GET_STATUS)),
    ("client.listSessions", client_list_sessions),
    ("client.getSessionMetadata", client_get_session_metadata),
    ("client.getLastSessionId", |shared, ticket, _| plain(shared, ticket, method::SESSION_GET_LAST_ID)),
    ("client.getForegroundSessionId", |shared, ticket, _| {
        plain(shared, ticket, method::SESSION_GET_FOREGROUND)
    }),
    ("client.setForegroundSessionId", client_set_foreground_session_id),
];

/// Starts an operation; its end is reported under the ticket, unless this returns an error.
pub(super) fn begin(shared: &Arc<Shared>, ticket: Ticket, op: &str, args: &str) -> Result<()> {
    let run = OPS.iter().find(|(name, _)| *name == op).map(|(_, run)| run).ok_or_else(|| {
        let known: Vec<_> = OPS.iter().map(|(name, _)| *name).collect();
        let text = format!("no operation is called {op:?}; there are {}", known.join(", "));
        Error::new(ErrorKind::InvalidArgument, text)
    })?;
    run(shared, ticket, args)
}

fn read<T: DeserializeOwned>(args: &str) -> Result<T> {
    text::parse_as("arguments", args.as_bytes())
}

fn invoke(args: &str) -> Result<Invoke<'_>> {
    serde_json::from_str(args)
        .map_err(|error| Error::new(ErrorKind::InvalidArgument, format!("arguments: {}", describe(&error))))
}

/// The params as text; they must be an object.
fn params<'a>(call: &Invoke<'a>) -> Result<&'a str> {
    let given = call.params.map_or("{}", serde_json::value::RawValue::get);
    match given.trim_start().as_bytes().first() {
        Some(b'{') => Ok(given),
        Some(b'n') => Ok("{}"),
        _ => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("params of {} are no JSON object", call.method),
        )),
    }
}

fn limit(millis: Option<f64>) -> Result<Option<Duration>> {
    duration("timeoutMs", millis)
}

pub(super) fn duration(name: &str, millis: Option<f64>) -> Result<Option<Duration>> {
    let Some(millis) = millis else { return Ok(None) };
    Duration::try_from_secs_f64(millis / 1e3)
        .map(Some)
        .map_err(|error| Error::new(ErrorKind::InvalidArgument, format!("{name} {millis}: {error}")))
}

async fn limited(
    work: impl Future<Output = Result<Bytes>>,
    limit: Option<Duration>,
    what: &str,
) -> Result<Bytes> {
    let Some(limit) = limit else { return work.await };
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let text = format!("Timeout after {}s waiting for the answer to {what}", limit.as_secs_f64());
        Err(Error::new(ErrorKind::Timeout, text))
    })
}

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn rpc_call(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let call = invoke(args)?;
    let params = params(&call)?;
    let live = shared.client.0.live()?;
    match limit(call.timeout_ms)? {
        None => shared.call(ticket, &live.connection, &call.method, params),
        limit => {
            let (method, params) = (call.method, params.to_owned());
            shared.spawn(ticket, async move {
                limited(live.connection.call(&method, &params), limit, &method).await
            });
        }
    }
    Ok(())
}

fn session_call(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let call = invoke(args)?;
    let session = shared.session(call.key)?;
    session.core().check_open()?;
    let params = session.addressed(params(&call)?)?;
    match limit(call.timeout_ms)? {
        None => shared.call(ticket, session.core().connection(), &call.method, &params),
        limit => {
            let method = call.method;
            shared.spawn(ticket, async move {
                limited(session.core().connection().call(&method, &params), limit, &method).await
            });
        }
    }
    Ok(())
}

fn rpc_notify(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let call = invoke(args)?;
    shared.client.notify(&call.method, params(&call)?)?;
    shared.complete(ticket, Ok(Bytes::from_static(b"{}")));
    Ok(())
}

fn make(shared: &Arc<Shared>, ticket: Ticket, args: &str, resume: bool) -> Result<()> {
    let make: Make = read(args)?;
    let id = make.session_id.filter(|id| !id.is_empty());
    if resume && id.is_none() {
        return Err(Error::new(ErrorKind::InvalidArgument, "sessionId is missing"));
    }
    let host = shared.reserve(make.key, make.handlers.events.unwrap_or(true))?;
    let mut spec = SessionSpec {
        config: make.config,
        handlers: make.handlers.handlers(&host),
        trace: make.trace_context,
        sinks: vec![host],
    };
    let reserved = Reserved { shared: Arc::clone(shared), key: make.key, kept: false };
    shared.spawn(ticket, async move {
        let mut reserved = reserved;
        let client: Client = reserved.shared.client.clone();
        let session = match id {
            Some(id) if resume => client.resume_session(&id, spec).await?,
            id => {
                spec.config.session_id = id.or(spec.config.session_id);
                client.create_session(spec).await?
            }
        };
        reserved.kept = true;
        reserved.shared.settle_session(reserved.key, Some(&session));
        Ok(bytes(&session.core().state_json()))
    });
    Ok(())
}

/// Gives a key back when its session was not made, also after a cancel.
struct Reserved {
    shared: Arc<Shared>,
    key: u32,
    kept: bool,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.kept {
            self.shared.settle_session(self.key, None);
        }
    }
}

fn keyed(shared: &Shared, args: &str) -> Result<Session> {
    shared.session(read::<Keyed>(args)?.key)
}

fn session_get_events(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let session = keyed(shared, args)?;
    shared.spawn(ticket, async move { session.call(method::SESSION_GET_MESSAGES, "{}").await });
    Ok(())
}

fn session_abort(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let session = keyed(shared, args)?;
    shared.spawn(ticket, async move { session.call(method::SESSION_ABORT, "{}").await });
    Ok(())
}

fn session_disconnect(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let session = keyed(shared, args)?;
    shared.spawn(ticket, async move {
        session.disconnect().await?;
        Ok(Bytes::from_static(b"{}"))
    });
    Ok(())
}

/// The four kinds of questions; the answer is what the function of the same name returns.
fn session_ui(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let asked: Ui = read(args)?;
    let session = shared.session(asked.key)?;
    shared.spawn(ticket, async move {
        let message = &asked.message;
        let answer = match asked.form {
            Form::Elicitation { requested_schema } => {
                serde_json::to_value(session.elicit(message, &requested_schema).await?)
            }
            Form::Confirm {} => serde_json::to_value(session.confirm(message).await?),
            Form::Select { options } => {
                let options: Vec<&str> = options.iter().map(String::as_str).collect();
                serde_json::to_value(session.select(message, &options).await?)
            }
            Form::Input { options } => serde_json::to_value(session.input(message, options).await?),
        };
        answer
            .map(|answer| bytes(&answer))
            .map_err(|error| Error::new(ErrorKind::Internal, format!("answer: {}", describe(&error))))
    });
    Ok(())
}

fn client_start(shared: &Arc<Shared>, ticket: Ticket, _: &str) -> Result<()> {
    let client = shared.client.clone();
    shared.spawn(ticket, async move {
        let info = client.start().await?;
        Ok(Bytes::from(text::text(&info)?))
    });
    Ok(())
}

fn client_stop(shared: &Arc<Shared>, ticket: Ticket, _: &str) -> Result<()> {
    let client = shared.client.clone();
    shared.spawn(ticket, async move {
        let report = client.stop().await;
        let errors: Vec<_> = report.errors.iter().map(|message| json!({"message": message})).collect();
        Ok(bytes(&json!({"errors": errors})))
    });
    Ok(())
}

fn client_force_stop(shared: &Arc<Shared>, ticket: Ticket, _: &str) -> Result<()> {
    let client = shared.client.clone();
    shared.spawn(ticket, async move {
        client.force_stop().await;
        Ok(Bytes::from_static(b"{}"))
    });
    Ok(())
}

fn client_diagnostics(shared: &Arc<Shared>, ticket: Ticket, _: &str) -> Result<()> {
    shared.complete(ticket, Ok(Bytes::from(text::text(&shared.client.diagnostics())?)));
    Ok(())
}

fn client_list_models(shared: &Arc<Shared>, ticket: Ticket, _: &str) -> Result<()> {
    let client = shared.client.clone();
    shared.spawn(ticket, async move { client.list_models_json().await });
    Ok(())
}

/// A question without arguments; the reader completes it.
fn plain(shared: &Arc<Shared>, ticket: Ticket, method: &str) -> Result<()> {
    ask(shared, ticket, method, &json!({}))
}

fn ask(shared: &Arc<Shared>, ticket: Ticket, method: &str, params: &Value) -> Result<()> {
    let live = shared.client.0.live()?;
    shared.call(ticket, &live.connection, method, &params.to_string());
    Ok(())
}

fn client_ping(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let message = read::<Ping>(args)?.message;
    ask(shared, ticket, method::PING, &json!({"message": message}))
}

fn client_list_sessions(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let filter = read::<ListSessions>(args)?.filter;
    let params = filter.map_or_else(|| json!({}), |filter| json!({"filter": filter}));
    ask(shared, ticket, method::SESSION_LIST, &params)
}

fn client_get_session_metadata(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let id = read::<Named>(args)?.session_id;
    ask(shared, ticket, method::SESSION_GET_METADATA, &json!({"sessionId": id}))
}

fn client_set_foreground_session_id(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let id = read::<Named>(args)?.session_id;
    let client = shared.client.clone();
    shared.spawn(ticket, async move {
        client.set_foreground_session_id(&id).await?;
        Ok(Bytes::from_static(b"{}"))
    });
    Ok(())
}

fn client_delete_session(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let id = read::<Named>(args)?.session_id;
    let client = shared.client.clone();
    shared.spawn(ticket, async move {
        client.delete_session(&id).await?;
        Ok(Bytes::from_static(b"{}"))
    });
    Ok(())
}
