//! A runtime that does what a broken, old, new, slow or hostile one might, by a seed: the same seed does the same to the same
//! messages. Every message that comes in and every one that goes out may be the occasion.

use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;
use std::{io, process, thread};

use fastrand::Rng;
use serde_json::{Value, json};

use super::anything::{any, id, spoil};
use super::conn::Conn;
use super::state::lock;
use crate::wire::append_body;

/// Requests that an SDK serves.
const ASKED: &[&str] = &[
    "userInput.request",
    "hooks.invoke",
    "exitPlanMode.request",
    "autoModeSwitch.request",
    "systemMessage.transform",
    "sessionFs.readFile",
    "sessionFs.writeFile",
    "sessionFs.stat",
    "sessionFs.readdir",
    "llmInference.httpRequestStart",
    "llmInference.httpRequestChunk",
    "canvas.open",
    "canvas.close",
    "canvas.action.invoke",
    "factory.execute",
    "factory.abort",
    "providerToken.getToken",
    "gitHubToken.getToken",
    "extension.launch",
    "skillProvider.list",
    "tool.call",
    "permission.request",
    "session.event",
    "no.such.method",
    "",
];
const TOLD: &[&str] = &[
    "session.event",
    "session.lifecycle",
    "gitHubTelemetry.event",
    "log",
    "$/cancelRequest",
    "no.such.news",
    "",
];
const EVENTS: &[&str] = &[
    "external_tool.requested",
    "external_tool.completed",
    "permission.requested",
    "permission.completed",
    "elicitation.requested",
    "command.execute",
    "mcp.oauth_required",
    "assistant.message",
    "assistant.message_delta",
    "session.idle",
    "session.error",
    "session.shutdown",
    "abort",
    "capabilities.changed",
    "user.message",
    "from.the.future",
    "",
];

/// What may happen when a message came in.
#[derive(Clone, Copy)]
enum Deed {
    Die,
    Hang,
    Close,
    ShoutToStderr,
    Ask,
    Tell,
    Ignore,
    Wait,
}

/// What may happen to a message that goes out.
#[derive(Clone, Copy)]
enum Harm {
    Spoil,
    Twice,
    WrongId,
    Late,
    Lost,
    BadHeader,
    BadText,
    NotJson,
    Deep,
    Huge,
    Pieces,
    CutOff,
    OddError,
}

const DEEDS: &[Deed] = &[
    Deed::Die,
    Deed::Hang,
    Deed::Close,
    Deed::ShoutToStderr,
    Deed::Ask,
    Deed::Tell,
    Deed::Ignore,
    Deed::Wait,
];
const HARMS: &[Harm] = &[
    Harm::Spoil,
    Harm::Twice,
    Harm::WrongId,
    Harm::Late,
    Harm::Lost,
    Harm::BadHeader,
    Harm::BadText,
    Harm::NotJson,
    Harm::Deep,
    Harm::Huge,
    Harm::Pieces,
    Harm::CutOff,
    Harm::OddError,
];

/// The seed's character.
#[derive(Debug)]
pub(super) struct Adversary {
    dice: Mutex<Rng>,
    /// One message in so many is an occasion.
    rate: usize,
    /// What was held back, to be sent behind the next message.
    late: Mutex<Vec<u8>>,
}

impl Adversary {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let rate = [1, 2, 4, 8, 16, 32][dice.usize(..6)];
        Self { dice: Mutex::new(dice), rate, late: Mutex::default() }
    }

    fn roll<T: Copy>(&self, all: &[T]) -> Option<T> {
        let mut dice = lock(&self.dice);
        (dice.usize(..self.rate) == 0).then(|| all[dice.usize(..all.len())])
    }

    fn with<T>(&self, work: impl FnOnce(&mut Rng) -> T) -> T {
        work(&mut lock(&self.dice))
    }

    /// Before anything is read or announced.
    pub(super) fn start(&self) {
        if self.with(|dice| dice.usize(..8)) > 0 {
            return;
        }
        match self.with(|dice| dice.usize(..4)) {
            0 => process::exit(self.with(|dice| dice.i32(..3))),
            1 => self.shout(),
            2 => drop(io::stdout().write_all(b"Welcome!\nContent-Length: many\n\n")),
            _ => thread::sleep(Duration::from_millis(self.with(|dice| dice.u64(..300)))),
        }
    }

    /// A message came in. False: it is not answered.
    pub(super) fn received(&self, conn: &Conn, session_id: Option<&str>) -> bool {
        let Some(deed) = self.roll(DEEDS) else { return true };
        match deed {
            Deed::Die => self.die(conn),
            Deed::Hang => conn.hang(),
            Deed::Close => conn.close(),
            Deed::ShoutToStderr => self.shout(),
            Deed::Ask => self.ask(conn, session_id),
            Deed::Tell => self.tell(conn, session_id),
            Deed::Ignore => return false,
            Deed::Wait => thread::sleep(Duration::from_millis(self.with(|dice| dice.u64(..40)))),
        }
        true
    }

    fn die(&self, conn: &Conn) -> ! {
        if self.with(Rng::bool) {
            conn.flush();
        }
        match self.with(|dice| dice.usize(..4)) {
            0 => process::abort(),
            code => process::exit(i32::try_from(code).unwrap_or(1) - 1),
        }
    }

    fn shout(&self) {
        let mut line = b"\xff\xfe panic at the \x1b[31mdisco\x1b[0m ".to_vec();
        line.resize(self.with(|dice| dice.usize(40..2000)), b'e');
        line.push(b'\n');
        let mut stderr = io::stderr().lock();
        for _ in 0..self.with(|dice| dice.usize(..100)) {
            if stderr.write_all(&line).is_err() {
                return;
            }
        }
    }

    fn params(&self, session_id: Option<&str>) -> Value {
        self.with(|dice| {
            let mut params = any(dice, 3);
            if let (Some(members), Some(id)) = (params.as_object_mut(), session_id) {
                members.insert("sessionId".to_owned(), id.into());
            }
            params
        })
    }

    fn ask(&self, conn: &Conn, session_id: Option<&str>) {
        for _ in 0..self.with(|dice| dice.usize(1..20)) {
            let method = self.with(|dice| ASKED[dice.usize(..ASKED.len())]);
            let message = json!({"jsonrpc": "2.0", "id": self.with(id), "method": method, "params": self.params(session_id)});
            conn.send(&message);
        }
    }

    fn tell(&self, conn: &Conn, session_id: Option<&str>) {
        for _ in 0..self.with(|dice| dice.usize(1..20)) {
            let method = self.with(|dice| TOLD[dice.usize(..TOLD.len())]);
            let mut params = self.params(session_id);
            if method == "session.event"
                && let Some(members) = params.as_object_mut()
            {
                let kind = self.with(|dice| EVENTS[dice.usize(..EVENTS.len())]);
                members.insert(
                    "event".to_owned(),
                    json!({"type": kind, "data": self.with(|dice| any(dice, 3))}),
                );
            }
            conn.notify(method, Some(params));
        }
    }

    /// The bytes that go out in place of a message.
    pub(super) fn frame(&self, message: &Value) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let pieces = match self.roll(HARMS) {
            Some(harm) => self.harm(harm, message, &mut out),
            None => {
                append_body(&mut out, message.to_string().as_bytes());
                None
            }
        };
        out.append(&mut lock(&self.late));
        match pieces {
            Some(size) => out.chunks(size).map(<[u8]>::to_vec).collect(),
            None => vec![out],
        }
    }

    /// Writes what is left of the message; the size of the pieces in which it goes, if it does.
    fn harm(&self, harm: Harm, message: &Value, out: &mut Vec<u8>) -> Option<usize> {
        let text = message.to_string();
        match harm {
            Harm::Spoil => append_body(out, self.spoiled(message).to_string().as_bytes()),
            Harm::Twice => (0..2).for_each(|_| append_body(out, text.as_bytes())),
            Harm::WrongId => {
                let mut other = message.clone();
                other["id"] = self.with(id);
                append_body(out, other.to_string().as_bytes());
            }
            Harm::Late => append_body(&mut lock(&self.late), text.as_bytes()),
            Harm::Lost => {}
            Harm::BadHeader => self.bad_header(&text, out),
            Harm::BadText => {
                let mut body = text.into_bytes();
                let at = self.with(|dice| dice.usize(..body.len()));
                body[at] = self.with(|dice| dice.u8(128..));
                append_body(out, &body);
            }
            Harm::NotJson => append_body(out, &text.as_bytes()[..self.with(|dice| dice.usize(..text.len()))]),
            Harm::Deep => {
                let depth = self.with(|dice| dice.usize(100..100_000));
                append_body(out, format!("{}{}", "[".repeat(depth), "]".repeat(depth)).as_bytes());
                append_body(out, text.as_bytes());
            }
            Harm::Huge => {
                let size = if self.with(|dice| dice.usize(..20)) == 0 { 64 << 20 } else { 1 << 20 };
                append_body(
                    out,
                    json!({"jsonrpc": "2.0", "method": "big", "params": {"x": "x".repeat(size)}})
                        .to_string()
                        .as_bytes(),
                );
                append_body(out, text.as_bytes());
            }
            Harm::Pieces => {
                append_body(out, text.as_bytes());
                return Some(self.with(|dice| dice.usize(1..64)));
            }
            Harm::CutOff => {
                append_body(out, text.as_bytes());
                out.truncate(self.with(|dice| dice.usize(..out.len())));
            }
            Harm::OddError => {
                let error = self.with(|dice| any(dice, 2));
                append_body(
                    out,
                    json!({"jsonrpc": "2.0", "id": message["id"], "error": error}).to_string().as_bytes(),
                );
            }
        }
        None
    }

    fn spoiled(&self, message: &Value) -> Value {
        let mut message = message.clone();
        self.with(|dice| {
            match message
                .as_object()
                .and_then(|all| ["result", "params"].into_iter().find(|name| all.contains_key(*name)))
            {
                Some(part) if dice.usize(..4) > 0 => spoil(dice, &mut message[part]),
                _ => spoil(dice, &mut message),
            }
        });
        message
    }

    fn bad_header(&self, text: &str, out: &mut Vec<u8>) {
        let length = text.len();
        let header = match self.with(|dice| dice.usize(..10)) {
            0 => format!("Content-Length: -{length}\r\n\r\n"),
            1 => "Content-Length: 99999999999999999999\r\n\r\n".to_owned(),
            2 => format!("Content-Length: {}\r\n\r\n", 1_u64 << 62),
            3 => "Content-Type: application/json\r\n\r\n".to_owned(),
            4 => format!("Content-Length: {length}\n\n"),
            5 => format!("content-length:{length}\r\nX: y\r\n\r\n"),
            6 => format!("Content-Length: {length}\r\nContent-Length: 3\r\n\r\n"),
            7 => format!("Content-Length: {}\r\n\r\n", length + 1),
            8 => "\r\n".repeat(5000),
            _ => "x".repeat(100_000),
        };
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(text.as_bytes());
    }
}
