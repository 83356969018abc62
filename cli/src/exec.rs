//! `exec`: one turn, for scripts.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::time::Duration;

use async_trait::async_trait;
use copilot_core::handlers::{CallContext, PermissionDecision, PermissionHandler, PermissionRequest};
use copilot_core::{Error, ErrorKind, Event, Result, StructuredOptions, WaitOptions};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::agent::{Agent, Conversation, handlers};
use crate::outcome::{ANSWERED, exit_code, failed};
use crate::show::Usage;

/// What `exec` is told; help.txt says it to people.
#[derive(Default)]
pub(crate) struct Exec {
    pub agent: Agent,
    /// Prints every event as a line of JSON as it comes, and a last line {"type":"exec.result",…} with outcome, text, value
    /// and usage. Without it only the answer is printed.
    pub json: bool,
    /// A file with a JSON Schema: the answer is JSON that follows it.
    pub schema: Option<String>,
    /// What the agent may do, by kind (shell, write, read, url, mcp, custom-tool, …); may be given more than once. Everything
    /// else is refused.
    pub allow: Vec<String>,
    /// Allows whatever the agent wants to do.
    pub allow_all: bool,
    /// The longest time until the answer, in seconds.
    pub timeout: Option<Duration>,
    /// What to say; - reads it from standard input.
    pub prompt: String,
}

/// Decides by what the command line allows.
struct Allowed {
    all: bool,
    kinds: BTreeSet<String>,
}

#[async_trait]
impl PermissionHandler for Allowed {
    async fn decide(&self, _: &CallContext, request: PermissionRequest) -> Result<PermissionDecision> {
        let kind = request.kind();
        if !request.needs_human && (self.all || self.kinds.contains(&kind)) {
            return Ok(PermissionDecision::approve_once());
        }
        eprintln!("copilot-native: refused: {kind} (--allow {kind} allows it)");
        Ok(PermissionDecision::reject(Some("the command line does not allow it, and nobody is there to ask")))
    }
}

/// What a turn came to.
#[derive(Default)]
struct Answer {
    text: Option<String>,
    value: Option<Value>,
}

impl Answer {
    fn of(event: Option<&Event>) -> Self {
        let data = event.and_then(|event| event.data::<Value>().ok()).unwrap_or_default();
        Self { text: data["content"].as_str().map(str::to_owned), value: None }
    }
}

impl Exec {
    pub(crate) async fn run(mut self, brought: Option<String>) -> i32 {
        let (prompt, schema) = match self.given() {
            Ok(given) => given,
            Err(error) => return failed(&error),
        };
        let allowed = Allowed { all: self.allow_all, kinds: self.allow.into_iter().collect() };
        let mut conversation = match self.agent.open(handlers(allowed), brought).await {
            Ok(conversation) => conversation,
            Err(error) => return failed(&error),
        };
        let mut usage = Usage::default();
        let (is_json, limit) = (self.json, self.timeout);
        let ended = tokio::select! {
            ended = turn(&mut conversation, &prompt, schema, limit, is_json, &mut usage) => ended,
            _ = tokio::signal::ctrl_c() => Err(Error::new(ErrorKind::Cancelled, "interrupted")),
        };
        if ended.is_err() {
            // Nobody waits for it any more. The error that is told is the first.
            drop(conversation.session.abort().await);
        }
        conversation.close().await;
        let code = told(&ended, is_json, usage);
        match ended {
            Err(error) if !is_json => failed(&error),
            _ => code,
        }
    }

    /// The prompt and the schema, from where they are.
    fn given(&mut self) -> Result<(String, Option<Value>)> {
        let wrong = |what: &str, why: &dyn std::fmt::Display| {
            Error::new(ErrorKind::InvalidArgument, format!("{what}: {why}"))
        };
        let mut prompt = std::mem::take(&mut self.prompt);
        if prompt == "-" {
            prompt.clear();
            io::stdin().read_to_string(&mut prompt).map_err(|error| wrong("standard input", &error))?;
        }
        let Some(file) = &self.schema else { return Ok((prompt, None)) };
        let text = std::fs::read_to_string(file).map_err(|error| wrong(file, &error))?;
        let schema = serde_json::from_str(&text).map_err(|error| wrong(file, &error))?;
        Ok((prompt, Some(schema)))
    }
}

async fn turn(
    conversation: &mut Conversation,
    prompt: &str,
    schema: Option<Value>,
    limit: Option<Duration>,
    is_json: bool,
    usage: &mut Usage,
) -> Result<Answer> {
    let Conversation { session, events, .. } = conversation;
    let answer = async {
        let wait = WaitOptions::from(limit);
        let Some(schema) = schema else {
            return Ok(Answer::of(session.send_and_wait(prompt, wait).await?.as_ref()));
        };
        let options = StructuredOptions { wait, ..StructuredOptions::new(schema) };
        let structured = session.send_and_wait_structured(prompt, options).await?;
        Ok(Answer { value: Some(structured.value), ..Answer::of(Some(&structured.event)) })
    };
    tokio::pin!(answer);
    let mut happened = |event: &Event| {
        usage.add(event);
        if is_json { line(event.json()) } else { Ok(()) }
    };
    let ended = loop {
        tokio::select! {
            biased;
            Some(event) = events.next() => happened(&event)?,
            ended = &mut answer => break ended,
        }
    };
    while let Some(Some(event)) = events.next().now_or_never() {
        happened(&event)?;
    }
    ended
}

/// One line of output.
fn line(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Error::new(ErrorKind::InvalidState, format!("standard output: {error}")))
}

/// Prints the result, and gives the exit code.
fn told(ended: &Result<Answer>, is_json: bool, usage: Usage) -> i32 {
    let code = ended.as_ref().map_or_else(exit_code, |_| ANSWERED);
    let said = match ended {
        _ if is_json => {
            let error = ended.as_ref().err().map(|error| {
                json!({"kind": format!("{:?}", error.kind()), "reason": error.reason().map(|reason| reason.code()),
                    "message": error.message()})
            });
            let (text, value) =
                ended.as_ref().map_or((None, None), |answer| (answer.text.as_ref(), answer.value.as_ref()));
            let outcome = if error.is_none() { "answered" } else { "failed" };
            json!({"type": "exec.result", "outcome": outcome, "exitCode": code, "text": text, "value": value,
                "usage": usage, "error": error})
            .to_string()
        }
        Ok(Answer { value: Some(value), .. }) => value.to_string(),
        Ok(Answer { text: Some(text), .. }) => text.clone(),
        _ => return code,
    };
    // Nobody reads it when the output is closed.
    drop(line(said.trim_end_matches('\n')));
    code
}
