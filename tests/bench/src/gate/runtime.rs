//! A runtime that answers on the engine's own thread, with as little work as possible: what is counted is the engine's.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Written at once, so that the engine reads in pieces of the same size in every run.
const BLOCK: usize = 16 * 1024;

/// An event with a text of so many bytes, as people write it.
pub(crate) fn delta(id: &str, bytes: usize) -> String {
    const PASSAGE: &str = "He said \\\"na\u{ef}ve\\\" \u{6771}\u{4eac}, and then plain English. ";
    let mut text = PASSAGE.repeat(bytes / PASSAGE.len() + 1);
    let escapes = |text: &str| text.matches('\\').count();
    while text.len() - escapes(&text) > bytes || text.ends_with('\\') {
        text.pop();
    }
    let missing = bytes - (text.len() - escapes(&text));
    text.extend(std::iter::repeat_n('x', missing));
    format!(
        "{{\"type\":\"assistant.message_delta\",\"data\":{{\"messageId\":\"m\",\"deltaContent\":\"{text}\"}},\"ephemeral\":true,\
         \"id\":\"00000000-0000-4000-8000-{id:0>12}\",\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"parentId\":null}}"
    )
}

fn frame(body: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
}

fn event(session: &str, event: &str, out: &mut Vec<u8>) {
    let params = format!("{{\"sessionId\":\"{session}\",\"event\":{event}}}");
    frame(&format!("{{\"jsonrpc\":\"2.0\",\"method\":\"session.event\",\"params\":{params}}}"), out);
}

fn idle(session: &str, out: &mut Vec<u8>) {
    let idle = r#"{"type":"session.idle","data":{},"ephemeral":true,"id":"i","timestamp":"2026-01-01T00:00:00.000Z","parentId":null}"#;
    event(session, idle, out);
}

fn tool_request(session: &str, left: usize, out: &mut Vec<u8>) {
    let data = format!(
        "{{\"requestId\":\"r{left}\",\"sessionId\":\"{session}\",\"toolCallId\":\"c{left}\",\"toolName\":\"bench\",\"arguments\":{{}}}}"
    );
    let head = "\"type\":\"external_tool.requested\",\"ephemeral\":true,\"parentId\":null";
    let rest = format!("{head},\"id\":\"t{left}\",\"timestamp\":\"2026-01-01T00:00:00.000Z\"");
    event(session, &format!("{{{rest},\"data\":{data}}}"), out);
}

/// One connection: how many tool calls are still to be made.
#[derive(Default)]
struct Peer {
    tools: usize,
    next_session: usize,
}

impl Peer {
    /// The answer to one message, and what follows it.
    fn answer(&mut self, message: &Value, out: &mut Vec<u8>) {
        let (id, params) = (&message["id"], &message["params"]);
        let session = params["sessionId"].as_str().unwrap_or_default().to_owned();
        let method = message["method"].as_str().unwrap_or_default();
        let result = match method {
            "connect" => r#"{"ok":true,"protocolVersion":3,"version":"1.0.85"}"#.to_owned(),
            "session.create" => {
                self.next_session += 1;
                let made =
                    if session.is_empty() { format!("s{}", self.next_session) } else { session.clone() };
                format!(r#"{{"sessionId":"{made}","workspacePath":null,"capabilities":{{}}}}"#)
            }
            "session.send" => r#"{"messageId":"m"}"#.to_owned(),
            _ => r#"{"success":true}"#.to_owned(),
        };
        if !id.is_null() {
            frame(&format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}"), out);
        }
        match method {
            "session.send" => self.turn(&session, params["prompt"].as_str().unwrap_or_default(), out),
            "session.tools.handlePendingToolCall" => self.next_tool(&session, out),
            _ => {}
        }
    }

    fn turn(&mut self, session: &str, prompt: &str, out: &mut Vec<u8>) {
        let words: Vec<_> = prompt.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(0);
        if words[0] == "tools" {
            self.tools = number(1);
            return self.next_tool(session, out);
        }
        let mut one = Vec::new();
        event(session, &delta("1", number(2)), &mut one);
        for _ in 0..number(1) {
            out.extend_from_slice(&one);
        }
        idle(session, out);
    }

    fn next_tool(&mut self, session: &str, out: &mut Vec<u8>) {
        match self.tools {
            0 => idle(session, out),
            left => {
                self.tools -= 1;
                tool_request(session, left, out);
            }
        }
    }
}

/// Takes whole frames from the front of what was read.
fn take_frame(read: &mut Vec<u8>) -> Option<Value> {
    let end = memchr::memmem::find(read, b"\r\n\r\n")?;
    let length: usize = std::str::from_utf8(read.get(16..end)?).ok()?.parse().ok()?;
    let body = read.get(end + 4..end + 4 + length)?;
    let message = serde_json::from_slice(body).ok();
    read.drain(..end + 4 + length);
    message
}

async fn speak(mut stream: TcpStream) -> std::io::Result<()> {
    let (mut peer, mut read, mut out) = (Peer::default(), Vec::new(), Vec::new());
    stream.set_nodelay(true)?;
    while stream.read_buf(&mut read).await? > 0 {
        while let Some(message) = take_frame(&mut read) {
            peer.answer(&message, &mut out);
        }
        for block in out.chunks(BLOCK) {
            stream.write_all(block).await?;
            tokio::task::yield_now().await;
        }
        out.clear();
    }
    Ok(())
}

/// Serves one connection after the other.
pub(crate) async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        // A connection that breaks shows in the program.
        let _ = speak(stream).await;
    }
}
