//! `chat`: a conversation in a terminal.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use copilot_core::handlers::{
    CallContext, PermissionDecision, PermissionHandler, PermissionRequest, UserInputAnswer, UserInputHandler,
    UserInputRequest,
};
use copilot_core::{Error, ErrorKind, Result};
use futures_util::FutureExt as _;
use serde_json::Value;

use crate::agent::{Agent, Conversation, handlers};
use crate::input::Input;
use crate::outcome::{ANSWERED, INTERRUPTED, failed};
use crate::show::Screen;

/// What `chat` is told; help.txt says it to people.
#[derive(Default)]
pub(crate) struct Chat {
    pub agent: Agent,
    /// Allows whatever the agent wants to do, without a question.
    pub allow_all: bool,
    /// What to say first. Further messages are lines of standard input; its end, or /quit, ends the conversation.
    pub prompt: Vec<String>,
}

/// Asks the user.
struct User {
    input: Arc<Input>,
    allow_all: bool,
}

#[async_trait]
impl PermissionHandler for User {
    async fn decide(&self, _: &CallContext, request: PermissionRequest) -> Result<PermissionDecision> {
        if self.allow_all && !request.needs_human {
            return Ok(PermissionDecision::approve_once());
        }
        let question = format!("\n[permission] {}: allow? [y/N, or a reason why not]", described(&request));
        let answer = self.input.ask(&question).await.unwrap_or_default();
        Ok(match answer.trim() {
            yes if yes.eq_ignore_ascii_case("y") || yes.eq_ignore_ascii_case("yes") => {
                PermissionDecision::approve_once()
            }
            no if no.is_empty() || no.eq_ignore_ascii_case("n") || no.eq_ignore_ascii_case("no") => {
                PermissionDecision::reject(None)
            }
            reason => PermissionDecision::reject(Some(reason)),
        })
    }
}

#[async_trait]
impl UserInputHandler for User {
    async fn ask(&self, _: &CallContext, request: UserInputRequest) -> Result<UserInputAnswer> {
        println!("\n[question] {}", request.question);
        for (number, choice) in request.choices.iter().enumerate() {
            println!("  {}. {choice}", number + 1);
        }
        loop {
            let Some(answer) = self.input.ask("answer:").await else {
                return Err(Error::new(ErrorKind::Cancelled, "nobody is there to answer"));
            };
            let chosen = answer
                .trim()
                .parse::<usize>()
                .ok()
                .and_then(|number| request.choices.get(number.checked_sub(1)?));
            if let Some(choice) =
                chosen.or_else(|| request.choices.iter().find(|choice| *choice == answer.trim()))
            {
                return Ok(UserInputAnswer { answer: choice.clone(), was_freeform: false });
            }
            if request.allow_freeform || request.choices.is_empty() {
                return Ok(UserInputAnswer { answer, was_freeform: true });
            }
            println!("  one of 1 to {}, please", request.choices.len());
        }
    }
}

/// What the agent wants to do: the kind, and what of it a person wants to know.
fn described(request: &PermissionRequest) -> String {
    let asked: Value = serde_json::from_str(request.permission_request.get()).unwrap_or_default();
    let telling = ["fullCommandText", "path", "fileName", "url", "toolName", "serverName", "intention"];
    let told: Vec<_> = telling.iter().filter_map(|name| asked[name].as_str()).collect();
    if told.is_empty() { request.kind() } else { format!("{} {}", request.kind(), told.join(", ")) }
}

impl Chat {
    pub(crate) async fn run(self, brought: Option<String>) -> i32 {
        let input = Arc::new(Input::new());
        let user = || User { input: Arc::clone(&input), allow_all: self.allow_all };
        let mut handlers = handlers(user());
        handlers.user_input = Some(Arc::new(user()));
        let mut conversation = match self.agent.open(handlers, brought).await {
            Ok(conversation) => conversation,
            Err(error) => return failed(&error),
        };
        let code = talk(&mut conversation, &input, self.prompt.join(" ")).await;
        conversation.close().await;
        code
    }
}

/// How a turn ended.
enum Ended {
    Well,
    /// The session can go on.
    Badly(Error),
    Interrupted,
    /// Nobody reads the output any more.
    Unread,
}

async fn talk(conversation: &mut Conversation, input: &Input, first: String) -> i32 {
    let mut screen = Screen::new();
    let mut next = (!first.is_empty()).then_some(first);
    let mut code = ANSWERED;
    loop {
        let prompt = match next.take() {
            Some(prompt) => prompt,
            None => tokio::select! {
                line = line(input) => match line {
                    Some(line) => line,
                    None => return code,
                },
                _ = tokio::signal::ctrl_c() => return INTERRUPTED,
            },
        };
        match prompt.trim() {
            "" => continue,
            "/quit" | "/exit" => return code,
            prompt => match turn(conversation, prompt, &mut screen).await {
                Ended::Well => code = ANSWERED,
                Ended::Badly(error) => {
                    code = failed(&error);
                    if error.kind() == ErrorKind::ProcessExited {
                        return code;
                    }
                }
                Ended::Interrupted => code = INTERRUPTED,
                Ended::Unread => return code,
            },
        }
    }
}

async fn line(input: &Input) -> Option<String> {
    if input.is_terminal { input.ask(">").await } else { input.line().await }
}

/// One message and all that follows from it. Ctrl-C ends the agent's work, and not the conversation.
async fn turn(conversation: &mut Conversation, prompt: &str, screen: &mut Screen) -> Ended {
    let Conversation { session, events, .. } = conversation;
    let answer = session.send_and_wait(prompt, None);
    tokio::pin!(answer);
    let mut was_interrupted = false;
    let ended = loop {
        tokio::select! {
            biased;
            Some(event) = events.next() => if screen.event(&event).is_err() {
                return Ended::Unread;
            },
            ended = &mut answer => break ended,
            _ = tokio::signal::ctrl_c() => {
                was_interrupted = true;
                // When it cannot be ended the turn says why.
                drop(session.abort().await);
            }
        }
    };
    match rest(events, screen) {
        Err(_) => Ended::Unread,
        Ok(()) if was_interrupted => Ended::Interrupted,
        Ok(()) => ended.map_or_else(Ended::Badly, |_| Ended::Well),
    }
}

/// What had arrived when the turn was over.
fn rest(events: &mut copilot_core::EventStream, screen: &mut Screen) -> io::Result<()> {
    while let Some(Some(event)) = events.next().now_or_never() {
        screen.event(&event)?;
    }
    screen.end_turn()
}
