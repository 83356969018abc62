//! The server itself: one thread per connection over one shared script.

use std::{
    io::{self, BufReader},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    reply,
    script::{ModelReply, ModelScript},
};
use crate::http::{self, Request};

/// A running scripted model. It stops when this value is dropped.
#[derive(Debug)]
pub struct ScriptedModel {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    stopping: AtomicBool,
}

#[derive(Debug)]
struct State {
    original: ModelScript,
    script: ModelScript,
    requests: Vec<Value>,
}

impl ScriptedModel {
    /// Starts a model on a free loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn start(script: ModelScript) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = State { original: script.clone(), script, requests: Vec::new() };
        let shared = Arc::new(Shared { state: Mutex::new(state), stopping: AtomicBool::new(false) });
        let served = Arc::clone(&shared);
        thread::spawn(move || served.accept(&listener));
        Ok(Self { address, shared })
    }

    /// The `baseUrl` that a session's provider needs: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The bodies of all completion requests since the start or the last reset.
    pub fn requests(&self) -> Vec<Value> {
        self.shared.state().requests.clone()
    }

    /// Replaces the script; the record of requests is kept.
    pub fn set_script(&self, script: ModelScript) {
        self.shared.state().replace(script);
    }

    /// Forgets the recorded requests and starts the script over.
    pub fn reset(&self) {
        self.shared.state().reset();
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        // The acceptor sits in a blocking call: a connection is what wakes it.
        drop(TcpStream::connect(self.address));
    }
}

impl State {
    fn replace(&mut self, script: ModelScript) {
        self.original = script.clone();
        self.script = script;
    }

    fn reset(&mut self) {
        self.script = self.original.clone();
        self.requests.clear();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.stopping.load(Ordering::Acquire) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let shared = Arc::clone(self);
            // A client that goes away mid-answer is part of what is tested: its errors concern nobody here.
            thread::spawn(move || drop(shared.serve(stream)));
        }
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(request) = http::read_request(&mut reader)? {
            self.answer(&mut stream, &request)?;
        }
        Ok(())
    }

    fn answer(&self, stream: &mut TcpStream, request: &Request) -> io::Result<()> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/v1/chat/completions") => self.complete(stream, body),
            ("GET", "/v1/models") => {
                let model = json!({"id": "scripted", "object": "model", "created": 0, "owned_by": "test"});
                http::send_json(stream, 200, &json!({"object": "list", "data": [model]}))
            }
            ("GET", "/_requests") => {
                let requests = self.state().requests.clone();
                http::send_json(stream, 200, &Value::Array(requests))
            }
            ("POST", "/_script") => match ModelScript::from_value(body) {
                Ok(script) => {
                    self.state().replace(script);
                    http::send_json(stream, 200, &json!({"ok": true}))
                }
                Err(error) => http::send_json(stream, 400, &json!({"error": {"message": error.to_string()}})),
            },
            ("POST", "/_reset") => {
                self.state().reset();
                http::send_json(stream, 200, &json!({"ok": true}))
            }
            _ => http::send_json(stream, 404, &json!({"error": {"message": "no such path"}})),
        }
    }

    fn complete(&self, stream: &mut TcpStream, request: Value) -> io::Result<()> {
        let reply = {
            let mut state = self.state();
            let nth = state.requests.len() + 1;
            state.requests.push(request.clone());
            reply::choose(&mut state.script, &request, nth)
        };
        let Some(reply) = reply else {
            return http::send_json(
                stream,
                500,
                &json!({"error": {"message": "no reply of the script fits"}}),
            );
        };
        thread::sleep(Duration::from_millis(reply.delay_ms));
        if let Some(error) = &reply.error {
            return http::send_json(stream, error.status, &error.body);
        }
        if reply.hang {
            self.wait_until_stopped(stream);
            return stream.shutdown(Shutdown::Both);
        }
        if request["stream"] == true {
            stream_reply(stream, &reply, &request)
        } else if reply.drop {
            stream.shutdown(Shutdown::Both)
        } else {
            http::send_json(stream, 200, &reply::completion(&reply, &request))
        }
    }

    /// Waits for the end of the server or of the client, whichever is first.
    fn wait_until_stopped(&self, stream: &TcpStream) {
        let pause = Duration::from_millis(20);
        let gone =
            |error: &io::Error| !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        drop(stream.set_read_timeout(Some(pause)));
        while !self.stopping.load(Ordering::Acquire) {
            match stream.peek(&mut [0]) {
                Ok(0) => break,
                Ok(_) => thread::sleep(pause),
                Err(error) if gone(&error) => break,
                Err(_) => {}
            }
        }
        drop(stream.set_read_timeout(None));
    }
}

fn stream_reply(stream: &mut TcpStream, reply: &ModelReply, request: &Value) -> io::Result<()> {
    let chunks = reply::chunks(reply, request);
    let sent = if reply.drop { chunks.len().div_ceil(2) } else { chunks.len() };
    http::start_events(stream)?;
    for (index, chunk) in chunks.iter().take(sent).enumerate() {
        if index > 0 {
            thread::sleep(Duration::from_millis(reply.chunk_delay_ms));
        }
        http::send_event(stream, &chunk.to_string())?;
    }
    if reply.drop {
        return stream.shutdown(Shutdown::Both);
    }
    http::send_event(stream, "[DONE]")?;
    http::end_events(stream)
}
