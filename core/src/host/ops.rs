//! Operations by name.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::delivery::Ticket;
use super::llm_answer::{Step, respond};
use super::plain::{self, Absent, PLAIN, Plain};
use super::request::{Form, Invoke, Keyed, Named, SetEnv, SetTools, Ui, bytes, duration, read};
use super::session::HostSession;
use super::shared::Shared;
use super::{make, messages};
use crate::client::{AhpHostOptions, Polite};
use crate::diagnostics::describe;
use crate::error::{Error, ErrorKind, Result, reasons};
use crate::handlers::ToolHandler;
use crate::protocol::session_spec::Purpose;
use crate::protocol::{json as text, method, tool_spec};
use crate::session::Question;

type Op = fn(&Arc<Shared>, Ticket, &str) -> Result<()>;

const OPS: &[(&str, Op)] = &[
    ("client.call", client_call),
    ("session.call", session_call),
    ("session.send", messages::send),
    ("session.sendAndWait", messages::send_and_wait),
    ("session.create", |shared, ticket, args| make::make(shared, ticket, args, Purpose::Create)),
    ("session.resume", |shared, ticket, args| make::make(shared, ticket, args, Purpose::Resume)),
    ("session.disconnect", session_disconnect),
    ("session.ui", session_ui),
    ("session.setTools", session_set_tools),
    ("llm.start", |shared, ticket, args| respond(shared, ticket, Step::Start, args)),
    ("llm.write", |shared, ticket, args| respond(shared, ticket, Step::Write, args)),
    ("llm.end", |shared, ticket, args| respond(shared, ticket, Step::End, args)),
    ("llm.fail", |shared, ticket, args| respond(shared, ticket, Step::Fail, args)),
    ("client.notify", client_notify),
    ("client.setEnv", client_set_env),
    ("client.start", client_start),
    ("client.stop", client_stop),
    ("client.forceStop", client_force_stop),
    ("client.listModels", client_list_models),
    ("client.startAhpHost", client_start_ahp_host),
    ("client.deleteSession", client_delete_session),
    ("client.diagnostics", client_diagnostics),
    ("client.setForegroundSessionId", client_set_foreground_session_id),
];

/// Starts an operation; its end is reported under the ticket, unless this returns an error.
pub(super) fn begin(shared: &Arc<Shared>, ticket: Ticket, op: &str, args: &str) -> Result<()> {
    if let Some((_, run)) = OPS.iter().find(|(name, _)| *name == op) {
        return run(shared, ticket, args);
    }
    if let Some(call) = PLAIN.iter().find(|call| call.op == op) {
        return plain(shared, ticket, call, args);
    }
    let known: Vec<_> = OPS.iter().map(|(name, _)| *name).chain(PLAIN.iter().map(|call| call.op)).collect();
    let text = format!("no operation is called {op:?}; there are {}", known.join(", "));
    Err(Error::new(ErrorKind::InvalidArgument, text))
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

fn client_call(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let call = invoke(args)?;
    let params = params(&call)?;
    let live = shared.client.0.live()?;
    shared.call(ticket, &live.connection, &call.method, params, limit(call.timeout_ms)?);
    Ok(())
}

fn session_call(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let call = invoke(args)?;
    let session = shared.session(call.key)?;
    session.core().check_open()?;
    let params = session.addressed(params(&call)?)?;
    shared.call(ticket, session.core().connection(), &call.method, &params, limit(call.timeout_ms)?);
    Ok(())
}

fn client_notify(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let call = invoke(args)?;
    shared.client.notify(&call.method, params(&call)?)?;
    shared.complete(ticket, Ok(Bytes::from_static(b"{}")));
    Ok(())
}

/// A call that is one request; the reader completes it.
fn plain(shared: &Arc<Shared>, ticket: Ticket, call: &'static Plain, args: &str) -> Result<()> {
    let mut given: Map<String, Value> = read(args)?;
    let key = given.remove("key").and_then(|key| u32::try_from(key.as_u64()?).ok()).unwrap_or_default();
    let params = text::to_text(&call.params(given)?)?;
    let read = |answer| call.answer.check(call.method, answer);
    if !call.of_session {
        let live = shared.client.0.live()?;
        shared.call_and(ticket, &live.connection, call.method, &params, read);
        return Ok(());
    }
    let session = shared.session(key)?;
    session.core().check_open()?;
    let params = session.addressed(&params)?;
    shared.call_and(ticket, session.core().connection(), call.method, &params, read);
    Ok(())
}

impl Plain {
    /// The params of the request. Members that the table does not name travel as given.
    fn params(&self, mut given: Map<String, Value>) -> Result<Map<String, Value>> {
        let mut params = Map::new();
        for member in self.members {
            let value = match (given.remove(member.name), member.absent) {
                (Some(Value::Null) | None, Absent::Refused) => {
                    let text = format!("{}: {} is missing", self.op, member.name);
                    return Err(Error::new(ErrorKind::InvalidArgument, text));
                }
                (None, Absent::LeftOut) => continue,
                (None, Absent::Null) => Value::Null,
                (Some(value), _) => value,
            };
            if let Value::String(text) = &value
                && !member.values.is_empty()
                && !member.values.contains(&text.as_str())
            {
                return Err(reasons::option_value(member.name, text, &member.values.join(", ")));
            }
            params.insert(member.wire.to_owned(), value);
        }
        params.extend(given);
        Ok(params)
    }
}

/// Does nothing for a session that is over already, also when its key was let go of.
fn session_disconnect(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let session = match shared.session(read::<Keyed>(args)?.key) {
        Err(why) if why.kind() != ErrorKind::BadHandle => {
            shared.complete(ticket, Ok(Bytes::from_static(b"{}")));
            return Ok(());
        }
        session => session?,
    };
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
    session.core().check_open()?;
    let question = match asked.form {
        Form::Elicitation { requested_schema } => Question::form(requested_schema),
        Form::Confirm {} => Question::confirm(),
        Form::Select { options } => Question::select(&options),
        Form::Input { options } => Question::input(options),
    };
    let params = session.addressed(&question.params(&session, &asked.message)?)?;
    let read = move |answer: Bytes| Ok(bytes(&question.read(&answer)?));
    shared.call_and(ticket, session.core().connection(), method::SESSION_UI_ELICITATION, &params, read);
    Ok(())
}

/// From the runtime's answer on the tools are served, so that no call of a new one comes too early.
fn session_set_tools(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let SetTools { key, tools, handlers } = read(args)?;
    let session = shared.session(key)?;
    session.core().check_open()?;
    tool_spec::validate(&tools)?;
    let host = shared.with_session(key, |slot| Arc::clone(&slot.host));
    let served = handlers.zip(host).map(|(names, host)| {
        names.into_iter().map(|name| (name, Arc::clone(&host) as Arc<dyn ToolHandler>)).collect()
    });
    let params = session.addressed(&text::to_text(&json!({"tools": tools}))?)?;
    let core = Arc::clone(session.core());
    let read = move |answer: Bytes| {
        if let Some(served) = served {
            core.set_tools(served);
        }
        Ok(answer)
    };
    shared.call_and(ticket, session.core().connection(), method::SESSION_TOOLS_SET, &params, read);
    Ok(())
}

fn client_set_env(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    shared.client.set_env(read::<SetEnv>(args)?.env);
    shared.complete(ticket, Ok(Bytes::from_static(b"{}")));
    Ok(())
}

fn client_start(shared: &Arc<Shared>, ticket: Ticket, _: &str) -> Result<()> {
    let client = shared.client.clone();
    shared.spawn(ticket, async move {
        let info = client.start().await?;
        Ok(Bytes::from(text::to_text(&info)?))
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
    shared.complete(ticket, Ok(Bytes::from(text::to_text(&shared.client.diagnostics())?)));
    Ok(())
}

fn client_list_models(shared: &Arc<Shared>, ticket: Ticket, _: &str) -> Result<()> {
    let client = shared.client.clone();
    shared.spawn(ticket, async move {
        plain::LIST_MODELS.check(method::MODELS_LIST, client.list_models_json().await?)
    });
    Ok(())
}

/// What the host is asked comes as calls of kind `AhpHost`.
fn client_start_ahp_host(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Start {
        options: AhpHostOptions,
    }
    let options = read::<Start>(args)?.options;
    let (client, handler) =
        (shared.client.clone(), Arc::new(HostSession::of_client(Arc::clone(&shared.calls))));
    shared.spawn(ticket, async move { client.start_ahp_host_json(options, handler).await });
    Ok(())
}

fn client_set_foreground_session_id(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let id = read::<Named>(args)?.session_id;
    polite(shared, ticket, Polite::set_foreground(&id))
}

fn client_delete_session(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let id = read::<Named>(args)?.session_id;
    polite(shared, ticket, Polite::delete(&id))
}

/// A call that the runtime can refuse politely.
fn polite(shared: &Arc<Shared>, ticket: Ticket, call: Polite) -> Result<()> {
    let live = shared.client.0.live()?;
    let (connection, method, params) = (live.connection.clone(), call.method, call.params.clone());
    let read = move |answer: Bytes| {
        call.done(&live, &answer)?;
        Ok(Bytes::from_static(b"{}"))
    };
    shared.call_and(ticket, &connection, method, &params, read);
    Ok(())
}
