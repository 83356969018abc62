//! From what the runtime asks to the user's handler and back. There are two ways in, and both end in a task of their own
//! that owes exactly one answer:
//!
//! * **events** of a session, seen by every attached client and answered by a call: tools, permissions, elicitation, MCP
//!   tokens, commands. Without a handler the client stays silent, another one may own the request;
//! * **requests** of the runtime to this client, answered by a response: user input, modes, hooks, system message, tokens.

mod canvas;
pub(crate) mod client_wide;
mod command;
mod elicitation;
mod factory;
mod github_token;
mod hook;
mod installation;
mod llm;
mod mcp_auth;
mod mode;
mod permission;
mod provider_token;
mod session_fs;
mod skill_provider;
mod tool;
mod transform;
mod ui_thread;
mod user_input;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::diagnostics::{Timed, describe};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::event::{Concern, Event};
use crate::protocol::{json, method};
use crate::rpc::{METHOD_NOT_FOUND, Responder};
use crate::session::{Reactions, SessionCore};

/// The functions that sessions call for events and for requests of the runtime.
pub(crate) static REACTIONS: Reactions = Reactions { event, request };

/// Starts the work an event asks for, if this client has a handler for it.
fn event(core: &Arc<SessionCore>, event: &Event) {
    let concern = event.concern();
    let _inside = asks(concern).then(|| span(core, event.event_type()).entered());
    match concern {
        Concern::ToolRequested => tool::requested(core, event),
        Concern::ToolCompleted => completed(core, event),
        Concern::PermissionRequested => permission::requested(core, event),
        Concern::PermissionCompleted => completed(core, event),
        Concern::ElicitationRequested => elicitation::requested(core, event),
        Concern::McpOauthRequired => mcp_auth::required(core, event),
        Concern::Abort if event.header().is_ok_and(|header| header.agent_id.is_none()) => core.abort_turn(),
        Concern::CommandExecute => command::execute(core, event),
        _ => {}
    }
}

/// Whether an event asks for an answer.
const fn asks(concern: Concern) -> bool {
    matches!(
        concern,
        Concern::ToolRequested
            | Concern::PermissionRequested
            | Concern::ElicitationRequested
            | Concern::McpOauthRequired
            | Concern::CommandExecute
    )
}

/// What is done for an event or a request. Whoever reads the params records the names in the span.
fn span(core: &SessionCore, kind: &str) -> tracing::Span {
    use tracing::field::Empty;
    tracing::debug_span!(
        target: "copilot_core::handler", "handler", kind, session_id = %core.id(), request_id = Empty, tool = Empty,
        tool_call_id = Empty, command = Empty, hook_type = Empty,
    )
}

/// A request was answered, perhaps by another client.
fn completed(core: &Arc<SessionCore>, event: &Event) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Completed {
        request_id: String,
    }
    if let Ok(completed) = event.data::<Completed>() {
        core.settled(&completed.request_id);
    }
}

type RequestHandler = fn(Arc<SessionCore>, Bytes, Responder);

/// Requests of the runtime that concern a session.
const REQUESTS: &[(&str, RequestHandler)] = &[
    (method::USER_INPUT_REQUEST, user_input::request),
    (method::EXIT_PLAN_MODE_REQUEST, mode::exit_plan_request),
    (method::AUTO_MODE_SWITCH_REQUEST, mode::auto_switch_request),
    (method::HOOKS_INVOKE, hook::invoke),
    (method::SYSTEM_MESSAGE_TRANSFORM, transform::request),
    (method::PROVIDER_TOKEN_GET, provider_token::request),
    (method::GITHUB_TOKEN_GET, github_token::request),
    (method::FACTORY_EXECUTE, |core, params, responder| factory::execute("factory", core, params, responder)),
    (method::WORKFLOW_EXECUTE, |core, params, responder| {
        factory::execute("workflow", core, params, responder)
    }),
    (method::FACTORY_ABORT, factory::abort),
    (method::WORKFLOW_ABORT, factory::abort),
    (method::SKILL_PROVIDER_LIST, skill_provider::list),
    (method::SKILL_PROVIDER_READ, skill_provider::read_skill),
];

/// Whether a method is a request that a session may answer.
pub(crate) fn is_session_request(name: &str) -> bool {
    REQUESTS.iter().any(|(method, _)| *method == name) || session_fs::is_known(name) || canvas::is_known(name)
}

/// Answers a request of the runtime.
fn request(core: Arc<SessionCore>, name: &str, params: Bytes, responder: Responder) {
    let _inside = span(&core, name).entered();
    if let Some((_, handler)) = REQUESTS.iter().find(|(method, _)| *method == name) {
        handler(core, params, responder);
    } else if name.starts_with(session_fs::PREFIX) {
        session_fs::request(core, name, params, responder);
    } else if name.starts_with(canvas::PREFIX) {
        canvas::request(core, name, params, responder);
    } else {
        responder.error(METHOD_NOT_FOUND, &format!("Method not found: {name}"), None);
    }
}

fn invalid(method: &str, why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("invalid {method} payload: {why}"))
}

/// Types the params of a request.
pub(crate) fn read<T: DeserializeOwned>(method: &str, params: &[u8]) -> Result<T> {
    json::parse(params).map_err(|error| invalid(method, describe(&error)))
}

/// Runs a handler; a panic becomes an error.
pub(crate) async fn guarded<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let timed = Timed::new(tracing::Span::current());
    let mut work = pin!(work);
    let outcome = std::future::poll_fn(|context| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(panic) => Poll::Ready(Err(panicked(panic.as_ref()))),
        }
    })
    .await;
    timed.end(outcome.as_ref().map_or_else(|error| error.kind().name(), |_| "ok"));
    outcome
}

/// Logs that a handler failed. Its text may repeat what the handler works with, so known secrets are left out.
fn noted<T>(core: &SessionCore, what: &'static str, outcome: Result<T>) -> Result<T> {
    if let Err(error) = &outcome {
        let error = core.connection().watch().secrets.hide(error.message()).into_owned();
        tracing::warn!(error, "{what} failed");
    }
    outcome
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorKind::HandlerFailed, format!("the handler panicked: {}", text.unwrap_or("no message")))
}

/// Answers a pending request by a call. Who answers first wins, so a refusal of the runtime is no error.
async fn reply(core: &SessionCore, method: &str, request_id: &str, members: Map<String, Value>) {
    let mut params = Map::new();
    params.insert("sessionId".to_owned(), (*core.id()).into());
    params.insert("requestId".to_owned(), request_id.into());
    params.extend(members);
    match json::to_text(&params) {
        Ok(params) => send_reply(core, method, request_id, &params).await,
        Err(error) => tracing::error!(%error, method, request_id, "reply not sent"),
    }
}

/// [`reply`] with one member whose value is JSON text already.
async fn reply_text(core: &SessionCore, method: &str, request_id: &str, name: &str, value: &str) {
    let (session, request) = (json::quote(&core.id()), json::quote(request_id));
    let params = format!(r#"{{"sessionId":{session},"requestId":{request},"{name}":{value}}}"#);
    send_reply(core, method, request_id, &params).await;
}

async fn send_reply(core: &SessionCore, method: &str, request_id: &str, params: &str) {
    if let Err(error) = core.connection().call(method, params).await {
        core.connection().watch().counts.replies_refused.one();
        tracing::debug!(%error, method, request_id, "reply not taken");
    }
}

/// One member for [`reply`].
fn member(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}
