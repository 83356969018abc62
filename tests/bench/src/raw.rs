//! The ceiling: a blocking reader of the same pipe without engine, sessions or tasks. What the doors add is the rest.

use std::{
    io::{self, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};

use copilot_bench::{Delta, FLIGHT, Meter, Plan, Report, Seen, micros_since};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a frame may be, read without copying: an event, or the answer to a call.
#[derive(Deserialize)]
struct Frame<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    params: Option<Params<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    session_id: &'a str,
    #[serde(borrow)]
    event: Event<'a>,
}

#[derive(Deserialize)]
struct Event<'a> {
    r#type: &'a str,
    #[serde(borrow)]
    data: &'a serde_json::value::RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolCall<'a> {
    request_id: &'a str,
}

struct Pipe {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    next_id: u64,
}

fn broken(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

impl Pipe {
    fn open(program: &str) -> io::Result<Self> {
        let mut child =
            Command::new(program).arg("--stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output)) = (input, output) else { return Err(broken("no pipes")) };
        Ok(Self { child, input, output, buffer: vec![0; 256 * 1024], start: 0, end: 0, next_id: 1 })
    }

    fn send(&mut self, body: &str) -> io::Result<()> {
        self.input.write_all(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
    }

    fn call(&mut self, method: &str, params: &Value) -> io::Result<u64> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#))?;
        Ok(id)
    }

    /// Body of the next frame. The fake runtime sends one header per frame, which a reader for benchmarks may rely on.
    fn frame(&mut self) -> io::Result<&[u8]> {
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(line) = memchr::memmem::find(unread, b"\r\n\r\n") {
                let digits = unread.get(16..line).and_then(|text| std::str::from_utf8(text).ok());
                let length: usize =
                    digits.and_then(|text| text.parse().ok()).ok_or_else(|| broken("not a header"))?;
                let body = self.start + line + 4;
                if body + length <= self.end {
                    self.start = body + length;
                    return Ok(&self.buffer[body..body + length]);
                }
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(self.end * 2, 0);
        }
        match self.output.read(&mut self.buffer[self.end..])? {
            0 => Err(broken("the runtime ended")),
            count => {
                self.end += count;
                Ok(())
            }
        }
    }

    fn answer(&mut self, id: u64) -> io::Result<()> {
        loop {
            let frame: Frame<'_> = serde_json::from_slice(self.frame()?)?;
            if frame.id == Some(id) {
                return Ok(());
            }
        }
    }

    fn ask(&mut self, method: &str, params: &Value) -> io::Result<()> {
        let id = self.call(method, params)?;
        self.answer(id)
    }

    fn prompt(&mut self, session: &str, prompt: &str) -> io::Result<u64> {
        self.call("session.send", &json!({"sessionId": session, "prompt": prompt}))
    }
}

/// Creates a session with the members the engine sends too.
fn create(pipe: &mut Pipe, session: &str) -> io::Result<()> {
    let tool = json!({"name": "bench", "description": "Answers ok"});
    pipe.ask("session.create", &json!({"sessionId": session, "streaming": true, "tools": [tool]}))
}

/// Reads and types events until `turns` of them have ended; answers tool calls.
fn read_turns(pipe: &mut Pipe, mut turns: usize, seen: &mut Seen) -> io::Result<usize> {
    let mut calls = 0;
    while turns > 0 {
        let frame: Frame<'_> = serde_json::from_slice(pipe.frame()?)?;
        let Some(Params { session_id, event }) = frame.params else { continue };
        match event.r#type {
            "assistant.message_delta" => seen.take(&serde_json::from_str::<Delta<'_>>(event.data.get())?),
            "session.idle" => turns -= 1,
            "external_tool.requested" => {
                let call: ToolCall<'_> = serde_json::from_str(event.data.get())?;
                let params = json!({"sessionId": session_id, "requestId": call.request_id, "result": "ok"});
                calls += 1;
                pipe.call("session.tools.handlePendingToolCall", &params)?;
            }
            _ => {}
        }
    }
    Ok(calls)
}

fn pings(pipe: &mut Pipe, plan: &Plan, report: &mut Report) -> io::Result<()> {
    let (params, mut times) = (json!({"message": "x"}), Vec::with_capacity(plan.pings));
    for _ in 0..plan.pings {
        let start = Instant::now();
        pipe.ask("ping", &params)?;
        times.push(micros_since(start));
    }
    report.put_times("ping", times);
    let start = Instant::now();
    for sent in 0..plan.flight {
        let id = pipe.call("ping", &params)?;
        if sent >= FLIGHT {
            pipe.answer(id - FLIGHT as u64)?;
        }
    }
    pipe.answer(pipe.next_id - 1)?;
    report.put("pings_per_s", plan.flight as f64 / start.elapsed().as_secs_f64());
    Ok(())
}

/// Told from the front part of a frame alone, so that the measure is of framing.
fn is_idle(frame: &[u8]) -> bool {
    memchr::memmem::find(&frame[..frame.len().min(160)], b"\"session.idle\"").is_some()
}

fn flood(pipe: &mut Pipe, report: &mut Report, name: &str, count: usize, bytes: usize) -> io::Result<()> {
    let prompt = format!("flood {count} {bytes}");
    let (meter, mut frames) = (Meter::start(), 0);
    pipe.prompt("raw", &prompt)?;
    while !is_idle(pipe.frame()?) {
        frames += 1;
    }
    // One of them was the answer to the prompt.
    report.put_burst(&format!("{name}_framing"), &meter, count, frames - 1);

    let (meter, mut seen) = (Meter::start(), Seen::default());
    pipe.prompt("raw", &prompt)?;
    read_turns(pipe, 1, &mut seen)?;
    report.put_burst(name, &meter, count, seen.text / bytes);
    Ok(())
}

fn tools(pipe: &mut Pipe, plan: &Plan, report: &mut Report, in_flight: usize) -> io::Result<()> {
    let start = Instant::now();
    pipe.prompt("raw", &format!("tools {} {in_flight}", plan.tools))?;
    let calls = read_turns(pipe, 1, &mut Seen::default())?;
    report.put(&format!("tools{in_flight}_per_s"), calls as f64 / start.elapsed().as_secs_f64());
    report.put(&format!("tools{in_flight}_lost"), plan.tools as f64 - calls as f64);
    Ok(())
}

fn sessions(pipe: &mut Pipe, plan: &Plan, report: &mut Report) -> io::Result<()> {
    let start = Instant::now();
    for n in 0..plan.sessions {
        create(pipe, &format!("raw-{n}"))?;
    }
    report.put("sessions_per_s", plan.sessions as f64 / start.elapsed().as_secs_f64());
    for n in 0..plan.streams {
        create(pipe, &format!("stream-{n}"))?;
    }
    let (start, mut seen) = (Instant::now(), Seen::default());
    for n in 0..plan.streams {
        pipe.prompt(&format!("stream-{n}"), &format!("flood {} 64", plan.stream_events))?;
    }
    read_turns(pipe, plan.streams, &mut seen)?;
    report.put("streams_ms", micros_since(start) / 1000.0);
    report.put("streams_lost", (plan.streams * plan.stream_events) as f64 - seen.deltas as f64);
    Ok(())
}

fn main() -> io::Result<()> {
    let (plan, mut report) = (Plan::from_env(), Report::default());
    let start = Instant::now();
    let mut pipe = Pipe::open(&plan.fake)?;
    pipe.ask("connect", &json!({}))?;
    report.put("start_ms", micros_since(start) / 1000.0);
    create(&mut pipe, "raw")?;
    pings(&mut pipe, &plan, &mut report)?;
    flood(&mut pipe, &mut report, "flood64", plan.flood, 64)?;
    flood(&mut pipe, &mut report, "flood4k", plan.flood_big, 4096)?;
    let mut seen = Seen::timed();
    pipe.prompt("raw", &format!("paced {}", plan.paced))?;
    read_turns(&mut pipe, 1, &mut seen)?;
    report.put("paced_lost", plan.paced as f64 - seen.deltas as f64);
    report.put_times("delta", seen.latencies.unwrap_or_default());
    tools(&mut pipe, &plan, &mut report, 1)?;
    tools(&mut pipe, &plan, &mut report, 16)?;
    sessions(&mut pipe, &plan, &mut report)?;
    let start = Instant::now();
    pipe.ask("runtime.shutdown", &json!({}))?;
    drop(pipe.input);
    pipe.child.wait()?;
    report.put("stop_ms", micros_since(start) / 1000.0);
    report.print();
    Ok(())
}
