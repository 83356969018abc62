//! Messages to the agent: sent, waited for, answered in a given form.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::delivery::Ticket;
use super::plain;
use super::request::duration;
use super::shared::{Running, Shared};
use crate::error::{Result, reasons};
use crate::protocol::event::Event;
use crate::protocol::options::SendOptions;
use crate::protocol::{json as text, method, mistyped};
use crate::session::{Session, Until, WaitOptions, without_wait};

/// The message of a send, and the session it goes to. Only `key` is read here.
fn message(shared: &Shared, args: &str) -> Result<(Session, Map<String, Value>)> {
    let mut message: Map<String, Value> = text::parse_as("arguments", args.as_bytes())?;
    let key = message.remove("key").and_then(|key| u32::try_from(key.as_u64()?).ok()).unwrap_or_default();
    match message.get("prompt") {
        Some(Value::String(_)) => {}
        Some(other) => return Err(mistyped::wrong("prompt", "a string", other)),
        None => return Err(reasons::option_empty("prompt")),
    }
    Ok((shared.session(key)?, message))
}

/// Takes the limits of a wait out of the message.
fn wait_options(message: &mut Map<String, Value>) -> Result<WaitOptions> {
    let mut millis = |name: &str| match message.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(millis)) => duration(name, millis.as_f64()),
        Some(other) => Err(mistyped::wrong(name, "a number of milliseconds", &other)),
    };
    let timeout = millis("timeoutMs")?;
    let inactivity = millis("inactivityTimeoutMs")?;
    let until = match message.remove("until") {
        None | Some(Value::Null) => Until::Idle,
        Some(Value::String(name)) if name == "idle" => Until::Idle,
        Some(Value::String(name)) if name == "foreground" => Until::ForegroundIdle,
        Some(Value::String(other)) => return Err(reasons::option_value("until", &other, "idle, foreground")),
        Some(other) => return Err(mistyped::wrong("until", "\"idle\" or \"foreground\"", &other)),
    };
    Ok(WaitOptions { timeout, inactivity, until })
}

fn send_options(message: Map<String, Value>) -> Result<SendOptions> {
    text::parse_as("message", text::to_text(&message)?.as_bytes())
}

pub(super) fn send(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let (session, mut message) = message(shared, args)?;
    message.remove("timeoutMs");
    without_wait(message.remove("idempotencyKey").is_some_and(|key| !key.is_null()))?;
    if let Some(schema) = message.remove("responseSchema").filter(|schema| !schema.is_null()) {
        message.insert("responseFormat".to_owned(), text::response_format(&schema));
    }
    session.core().check_open()?;
    session.core().connection().watch().secrets.learn_headers(&message);
    message.insert("sessionId".to_owned(), (*session.id()).into());
    let read = |answer| plain::SEND.check(method::SESSION_SEND, answer);
    shared.call_and(
        ticket,
        session.core().connection(),
        method::SESSION_SEND,
        &text::to_text(&message)?,
        read,
    );
    Ok(())
}

fn answer_of(last: Option<Event>) -> Bytes {
    last.map_or(Bytes::from_static(b"null"), |event| event.bytes().clone())
}

/// With a `responseSchema` the answer is `{value, tries, event}`, else the event or null.
pub(super) fn send_and_wait(shared: &Arc<Shared>, ticket: Ticket, args: &str) -> Result<()> {
    let (session, mut message) = message(shared, args)?;
    if let Some(schema) = message.remove("responseSchema").filter(|schema| !schema.is_null()) {
        return send_structured(shared, ticket, session, message, schema);
    }
    let options = wait_options(&mut message)?;
    let message = send_options(message)?;
    if message.idempotency_key.is_some() {
        shared.spawn(ticket, async move { Ok(answer_of(session.send_and_wait(message, options).await?)) });
        return Ok(());
    }
    let weak = Arc::downgrade(shared);
    let done = move |last: Result<Option<Event>>| {
        let result = last.map(answer_of);
        if let Some(shared) = weak.upgrade() {
            shared.complete_in_order(ticket, result);
            shared.inbox.flush();
        }
    };
    let _on_the_engine = shared.enter();
    session
        .begin_turn(message, options, Box::new(done), |waiting| shared.note(ticket, Running::Wait(waiting)))
}

#[cfg(not(feature = "structured"))]
fn send_structured(_: &Arc<Shared>, _: Ticket, _: Session, _: Map<String, Value>, _: Value) -> Result<()> {
    use crate::error::{Error, ErrorKind};
    Err(Error::new(ErrorKind::Unsupported, "responseSchema: this build cannot check structured answers"))
}

#[cfg(feature = "structured")]
fn send_structured(
    shared: &Arc<Shared>,
    ticket: Ticket,
    session: Session,
    mut message: Map<String, Value>,
    schema: Value,
) -> Result<()> {
    let mut options = crate::session::StructuredOptions::new(schema);
    if let Some(retries) = message.remove("responseRetries").filter(|retries| !retries.is_null()) {
        options.retries = retries
            .as_u64()
            .and_then(|retries| u32::try_from(retries).ok())
            .ok_or_else(|| mistyped::wrong("responseRetries", "a whole number, 0 or more", &retries))?;
    }
    options.wait = wait_options(&mut message)?;
    let message = send_options(message)?;
    shared.spawn(ticket, async move {
        let answer = session.send_and_wait_structured(message, options).await?;
        let event = String::from_utf8_lossy(answer.event.bytes()).into_owned();
        let json = format!(r#"{{"value":{},"tries":{},"event":{event}}}"#, answer.value, answer.tries);
        Ok(Bytes::from(json))
    });
    Ok(())
}
