//! A runtime that does what a broken, old, new, slow or hostile one might, by a seed: the same seed does the same to the same
//! messages. Every message that comes in and every one that goes out may be the occasion.

use std::collections::HashMap;
use std::io::Write;
use std::net::Shutdown;
use std::sync::Mutex;
use std::time::Duration;
use std::{io, process, thread};

use fastrand::Rng;
use serde_json::{Value, json};

use super::anything::{any, filled, id, spoil};
use super::conn::Conn;
use super::questions::{ASKED, EVENTS, TOLD};
use super::state::lock;
use crate::wire::append_body;

/// What may happen when a message came in.
#[derive(Clone, Copy)]
enum Deed {
    Die,
    Hang,
    Close,
    Deafen,
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
    TwoMinds,
}

const DEEDS: &[Deed] = &[
    Deed::Die,
    Deed::Hang,
    Deed::Close,
    Deed::Deafen,
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
    Harm::TwoMinds,
];

/// Members of what the SDK sends that the runtime's own questions repeat, and their names there.
const REPEATED: &[(&str, &str)] = &[
    ("sessionId", "sessionId"),
    ("hostId", "hostId"),
    ("gitHubTokenProviderRegistrationId", "registrationId"),
];

/// The seed's character.
#[derive(Debug)]
pub(super) struct Adversary {
    dice: Mutex<Rng>,
    /// One message in so many is an occasion.
    rate: usize,
    /// Asks something before each of its answers.
    asks_always: bool,
    /// What was held back, to be sent behind the next message.
    late: Mutex<Vec<u8>>,
    /// What the SDK sent last of [`REPEATED`].
    heard: Mutex<HashMap<&'static str, String>>,
}

impl Adversary {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let rate = [1, 2, 4, 8, 16, 32, 64, 128][dice.usize(..8)];
        let asks_always = dice.usize(..8) == 0;
        Self { dice: Mutex::new(dice), rate, asks_always, late: Mutex::default(), heard: Mutex::default() }
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
        match self.with(|dice| dice.usize(..5)) {
            0 => process::exit(self.with(|dice| dice.i32(..3))),
            1 => self.shout(),
            2 => drop(io::stdout().write_all(b"Welcome!\nContent-Length: many\n\n")),
            3 => drop(io::stdout().write_all(b"CLI server listening on port 1\n")),
            _ => thread::sleep(Duration::from_millis(self.with(|dice| dice.u64(..300)))),
        }
    }

    /// A message came in. False: it is not answered.
    pub(super) fn received(&self, conn: &Conn, params: &Value) -> bool {
        for (member, name) in REPEATED {
            if let Some(text) = params[member].as_str() {
                lock(&self.heard).insert(name, text.to_owned());
            }
        }
        if self.asks_always {
            self.ask(conn);
        }
        let Some(deed) = self.roll(DEEDS) else { return true };
        match deed {
            Deed::Die => self.die(conn),
            Deed::Hang => conn.hang(),
            Deed::Close => {
                conn.close(self.with(|dice| if dice.bool() { Shutdown::Write } else { Shutdown::Both }))
            }
            Deed::Deafen => conn.close(Shutdown::Read),
            Deed::ShoutToStderr => self.shout(),
            Deed::Ask => (0..self.with(|dice| dice.usize(1..20))).for_each(|_| self.ask(conn)),
            Deed::Tell => (0..self.with(|dice| dice.usize(1..20))).for_each(|_| self.tell(conn)),
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
        // A text without an end, now and then.
        if self.with(|dice| dice.usize(..4)) > 0 {
            line.push(b'\n');
        }
        let most = if self.with(|dice| dice.usize(..16)) == 0 { 4000 } else { 100 };
        let mut stderr = io::stderr().lock();
        for _ in 0..self.with(|dice| dice.usize(..most)) {
            if stderr.write_all(&line).is_err() {
                return;
            }
        }
    }

    /// One of a list with its params: half the time those that it has, with or without something wrong; else anything, or none.
    fn pick(&self, all: &[(&'static str, &str)]) -> (&'static str, Option<Value>) {
        let heard = lock(&self.heard).clone();
        self.with(|dice| {
            let (name, params) = all[dice.usize(..all.len())];
            let mut params = match dice.usize(..8) {
                0..4 => filled(dice, params, &heard),
                4 => return (name, None),
                _ => any(dice, 3),
            };
            if let (Some(members), Some(id)) = (params.as_object_mut(), heard.get("sessionId")) {
                members.entry("sessionId").or_insert_with(|| id.as_str().into());
            }
            if dice.usize(..4) == 0 {
                spoil(dice, &mut params);
            }
            (name, Some(params))
        })
    }

    fn ask(&self, conn: &Conn) {
        let (method, params) = self.pick(ASKED);
        let mut message = json!({"jsonrpc": "2.0", "id": self.with(id), "method": method});
        if let Some(params) = params {
            message["params"] = params;
        }
        conn.send(&message);
    }

    fn tell(&self, conn: &Conn) {
        if self.with(|dice| dice.usize(..3)) == 0 {
            let (method, params) = self.pick(TOLD);
            return conn.notify(method, params);
        }
        let (kind, data) = self.pick(EVENTS);
        let mut params = json!({"event": {"type": kind, "data": data}});
        if let Some(id) = lock(&self.heard).get("sessionId") {
            params["sessionId"] = id.as_str().into();
        }
        if self.with(|dice| dice.usize(..8)) == 0 {
            self.with(|dice| spoil(dice, &mut params));
        }
        conn.notify("session.event", Some(params));
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
            Harm::Deep => self.deep(message, &text, out),
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
            Harm::TwoMinds => {
                let mut both = message.clone();
                both["result"] = json!({});
                both["error"] = json!({"code": self.with(|dice| dice.i64(..)), "message": ""});
                append_body(out, both.to_string().as_bytes());
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

    /// A nest of lists: a frame of its own in front of the message, or in the place of its result or params.
    fn deep(&self, message: &Value, text: &str, out: &mut Vec<u8>) {
        let depth = self.with(|dice| dice.usize(100..100_000));
        let nest = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let part = ["result", "params"].into_iter().find(|name| message.get(name).is_some());
        match part {
            Some(part) if self.with(Rng::bool) => {
                let mut message = message.clone();
                message[part] = json!({"x": "the nest"});
                let text = message.to_string().replacen("\"the nest\"", &nest, 1);
                append_body(out, text.as_bytes());
            }
            _ => {
                append_body(out, nest.as_bytes());
                append_body(out, text.as_bytes());
            }
        }
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
