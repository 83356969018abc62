//! A small MCP server with one tool, `echo {text}`, over stdio or streamable HTTP on loopback.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use serde_json::{Value, json};

use crate::{http, launch::program};

/// The answer to one JSON-RPC message; none for notifications.
fn answer(message: &Value) -> Option<Value> {
    let id = message.get("id")?;
    let result = match message["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": message["params"]["protocolVersion"].as_str().unwrap_or("2025-06-18"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "echo", "version": "1.0.0"},
        }),
        "tools/list" => json!({"tools": [{
            "name": "echo",
            "description": "Says what it was told",
            "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
        }]}),
        "tools/call" => {
            let text = message["params"]["arguments"]["text"].as_str().unwrap_or_default();
            json!({"content": [{"type": "text", "text": format!("echo: {text}")}]})
        }
        "ping" => json!({}),
        _ => {
            let error = json!({"code": -32601, "message": "no such method"});
            return Some(json!({"jsonrpc": "2.0", "id": id, "error": error}));
        }
    };
    Some(json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

/// Serves standard input until it ends.
///
/// # Errors
/// When standard output is gone.
pub fn serve_stdio() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else { continue };
        if let Some(reply) = answer(&message) {
            writeln!(out, "{reply}")?;
            out.flush()?;
        }
    }
    Ok(())
}

/// The program that serves stdio: `copilot-mcp-echo`.
///
/// # Errors
/// When it is nowhere and cannot be built.
pub fn stdio_program() -> io::Result<PathBuf> {
    program("copilot-mcp-echo")
}

/// A server over HTTP. It stops when this value is dropped.
#[derive(Debug)]
pub struct McpHttpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stopping: AtomicBool,
    /// What clients must present as `Authorization: Bearer …`, if anything.
    token: Option<String>,
    messages: Mutex<Vec<Value>>,
}

impl McpHttpServer {
    /// Starts on a free loopback port. With a token, requests without it are answered with status 401.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn start(token: Option<&str>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { token: token.map(str::to_owned), ..Shared::default() });
        let served = Arc::clone(&shared);
        thread::spawn(move || served.accept(&listener));
        Ok(Self { address, shared })
    }

    /// Where it is: `http://127.0.0.1:PORT/mcp`.
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// All messages so far.
    pub fn messages(&self) -> Vec<Value> {
        self.shared.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for McpHttpServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        // The acceptor sits in a blocking call: a connection is what wakes it.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.stopping.load(Ordering::Acquire) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let shared = Arc::clone(self);
            thread::spawn(move || drop(shared.serve(stream)));
        }
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(request) = http::read_request(&mut reader)? {
            let given = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
            if self.token.is_some() && given != self.token.as_deref() {
                http::send_json(&mut stream, 401, &json!({"error": "unauthorized"}))?;
                continue;
            }
            if request.method != "POST" {
                http::send_json(&mut stream, 405, &json!({"error": "only POST"}))?;
                continue;
            }
            let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let reply = answer(&message);
            self.messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
            match reply {
                Some(reply) => http::send_json(&mut stream, 200, &reply)?,
                None => http::send_json(&mut stream, 202, &Value::Null)?,
            }
        }
        Ok(())
    }
}
