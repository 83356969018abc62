//! Every measure through the official crate, as `../../src/rust.rs` makes them through ours.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use copilot_bench::{Delta, FLIGHT, Meter, Plan, Report, Seen, memory_kb, micros_since};
use github_copilot_sdk::{
    CliProgram, Client, ClientOptions,
    session::Session,
    subscription::EventSubscription,
    tool::ToolHandler,
    types::{SessionConfig, Tool, ToolInvocation, ToolResult},
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

struct Answer(Arc<AtomicUsize>);

#[async_trait::async_trait]
impl ToolHandler for Answer {
    async fn call(&self, _: ToolInvocation) -> Result<ToolResult, github_copilot_sdk::Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(ToolResult::Text("ok".to_owned()))
    }
}

/// Its queues drop what a slow reader has not taken, and hold their room from the start: in a burst all events have room, where many
/// sessions are open those of one stream.
const BURST: usize = 1 << 18;
/// As [`BURST`], for one of many sessions.
const FEW: usize = 512;

/// Reads type and text of every event until the turn ends; what was dropped counts as lost.
async fn read_turn(events: &mut EventSubscription, seen: &mut Seen) {
    loop {
        match events.recv().await {
            Ok(event) if event.event_type == "assistant.message_delta" => {
                let text = event.data["deltaContent"].as_str().unwrap_or_default();
                seen.take(&Delta { delta_content: text.into() });
            }
            Ok(event) if event.event_type == "session.idle" => return,
            Ok(_) => {}
            Err(error) if error.to_string().to_lowercase().contains("lag") => {}
            Err(_) => return,
        }
    }
}

struct Bench {
    plan: Plan,
    report: Report,
    client: Client,
    tool_calls: Arc<AtomicUsize>,
}

impl Bench {
    async fn session(&self, room: usize) -> Outcome<(Session, EventSubscription)> {
        let handler = Arc::new(Answer(Arc::clone(&self.tool_calls)));
        let tool = Tool::new("bench").with_description("Answers ok").with_handler(handler);
        let config = SessionConfig::default()
            .with_streaming(true)
            .with_tools([tool])
            .approve_all_permissions()
            .with_event_buffer_capacity(room);
        let prepared = self.client.prepare_session(config)?;
        let events = prepared.subscribe();
        Ok((prepared.start().await?, events))
    }

    async fn pings(&mut self) -> Outcome<()> {
        let mut times = Vec::with_capacity(self.plan.pings);
        for _ in 0..self.plan.pings {
            let start = Instant::now();
            self.client.ping(Some("x")).await?;
            times.push(micros_since(start));
        }
        self.report.put_times("ping", times);
        let left = Arc::new(AtomicUsize::new(self.plan.flight));
        let start = Instant::now();
        let lanes = (0..FLIGHT).map(|_| {
            let (client, left) = (self.client.clone(), Arc::clone(&left));
            tokio::spawn(async move {
                let take = |left: usize| left.checked_sub(1);
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                    client.ping(Some("x")).await?;
                }
                Outcome::Ok(())
            })
        });
        for lane in lanes.collect::<Vec<_>>() {
            lane.await??;
        }
        self.report.put("pings_per_s", self.plan.flight as f64 / start.elapsed().as_secs_f64());
        Ok(())
    }

    async fn turn(&self, prompt: String, seen: &mut Seen) -> Outcome<()> {
        let (session, mut events) = self.session(BURST).await?;
        session.send(prompt).await?;
        let read = tokio::time::timeout(self.plan.limit, read_turn(&mut events, seen));
        drop(read.await);
        session.disconnect().await?;
        Ok(())
    }

    async fn flood(&mut self, name: &str, count: usize, bytes: usize) -> Outcome<()> {
        let (meter, mut seen) = (Meter::start(), Seen::default());
        self.turn(format!("flood {count} {bytes}"), &mut seen).await?;
        self.report.put_burst(name, &meter, count, seen.text / bytes);
        Ok(())
    }

    async fn paced(&mut self) -> Outcome<()> {
        let mut seen = Seen::timed();
        self.turn(format!("paced {}", self.plan.paced), &mut seen).await?;
        self.report.put("paced_lost", self.plan.paced as f64 - seen.deltas as f64);
        self.report.put_times("delta", seen.latencies.unwrap_or_default());
        Ok(())
    }

    async fn tools(&mut self, in_flight: usize) -> Outcome<()> {
        self.tool_calls.store(0, Ordering::Relaxed);
        let start = Instant::now();
        self.turn(format!("tools {} {in_flight}", self.plan.tools), &mut Seen::default()).await?;
        let calls = self.tool_calls.load(Ordering::Relaxed) as f64;
        self.report.put(&format!("tools{in_flight}_per_s"), calls / start.elapsed().as_secs_f64());
        self.report.put(&format!("tools{in_flight}_lost"), self.plan.tools as f64 - calls);
        Ok(())
    }

    async fn sessions(&mut self) -> Outcome<()> {
        let (start, memory) = (Instant::now(), memory_kb("VmRSS:"));
        let mut sessions = Vec::with_capacity(self.plan.sessions);
        for _ in 0..self.plan.sessions {
            sessions.push(self.session(FEW).await?);
        }
        let count = self.plan.sessions as f64;
        self.report.put("sessions_per_s", count / start.elapsed().as_secs_f64());
        self.report.put("session_kb", (memory_kb("VmRSS:") - memory) / count);
        for (session, _) in sessions {
            session.disconnect().await?;
        }
        Ok(())
    }

    async fn streams(&mut self) -> Outcome<()> {
        let mut sessions = Vec::new();
        for _ in 0..self.plan.streams {
            sessions.push(self.session(FEW).await?);
        }
        let (start, limit) = (Instant::now(), self.plan.limit);
        let prompt = format!("flood {} 64", self.plan.stream_events);
        let readers = sessions.into_iter().map(|(session, mut events)| {
            let prompt = prompt.clone();
            tokio::spawn(async move {
                let mut seen = Seen::default();
                session.send(prompt).await?;
                drop(tokio::time::timeout(limit, read_turn(&mut events, &mut seen)).await);
                Outcome::Ok((seen.deltas, session))
            })
        });
        let (mut seen, mut kept) = (0, Vec::new());
        for reader in readers.collect::<Vec<_>>() {
            let (deltas, session) = reader.await??;
            seen += deltas;
            kept.push(session);
        }
        self.report.put("streams_ms", micros_since(start) / 1000.0);
        self.report.put("streams_lost", (self.plan.streams * self.plan.stream_events) as f64 - seen as f64);
        Ok(())
    }
}

async fn all(plan: Plan) -> Outcome<Report> {
    let start = Instant::now();
    let program = CliProgram::Path(plan.fake.clone().into());
    let client = Client::start(ClientOptions::new().with_program(program)).await?;
    let mut bench = Bench { plan, report: Report::default(), client, tool_calls: Arc::default() };
    bench.report.put("start_ms", micros_since(start) / 1000.0);
    bench.pings().await?;
    bench.flood("flood64", bench.plan.flood, 64).await?;
    bench.flood("flood4k", bench.plan.flood_big, 4096).await?;
    bench.paced().await?;
    bench.tools(1).await?;
    bench.tools(16).await?;
    bench.sessions().await?;
    bench.streams().await?;
    let start = Instant::now();
    bench.client.stop().await.map_err(|errors| format!("{errors:?}"))?;
    bench.report.put("stop_ms", micros_since(start) / 1000.0);
    Ok(bench.report)
}

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(all(Plan::from_env()))?.print();
    Ok(())
}
