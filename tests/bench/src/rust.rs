//! Every measure through the public API of the engine. `BENCH_THREADS=multi` uses a runtime with several threads.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use copilot_bench::{
    FLIGHT, Meter, Plan, Report, Seen,
    engine::{failed, read_turn, spec},
    memory_kb, micros_since,
};
use copilot_core::{
    Client, ClientOptions, Error, ErrorKind, EventStream, Result, RuntimeConnection, Session,
};

struct Bench {
    plan: Plan,
    report: Report,
    client: Client,
    tool_calls: Arc<AtomicUsize>,
}

impl Bench {
    async fn session(&self) -> Result<(Session, EventStream)> {
        let mut spec = spec(&self.tool_calls);
        let events = spec.subscribe();
        Ok((self.client.create_session(spec).await?, events))
    }

    async fn pings(&mut self) -> Result<()> {
        let mut times = Vec::with_capacity(self.plan.pings);
        for _ in 0..self.plan.pings {
            let start = Instant::now();
            self.client.call("ping", r#"{"message":"x"}"#).await?;
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
                    client.call("ping", r#"{"message":"x"}"#).await?;
                }
                Ok(())
            })
        });
        for lane in lanes.collect::<Vec<_>>() {
            joined(lane.await)?;
        }
        self.report.put("pings_per_s", self.plan.flight as f64 / start.elapsed().as_secs_f64());
        Ok(())
    }

    /// Has one turn streamed and reads it; what had not come when time was over counts as lost.
    async fn turn(&self, prompt: String, seen: &mut Seen) -> Result<()> {
        let (session, mut events) = self.session().await?;
        session.send(prompt).await?;
        let read = tokio::time::timeout(self.plan.limit, read_turn(&mut events, seen));
        read.await.unwrap_or(Ok(()))?;
        session.disconnect().await
    }

    async fn flood(&mut self, name: &str, count: usize, bytes: usize) -> Result<()> {
        let (meter, mut seen) = (Meter::start(), Seen::default());
        self.turn(format!("flood {count} {bytes}"), &mut seen).await?;
        self.report.put_burst(name, &meter, count, seen.text / bytes);
        Ok(())
    }

    async fn paced(&mut self) -> Result<()> {
        let mut seen = Seen::timed();
        self.turn(format!("paced {}", self.plan.paced), &mut seen).await?;
        self.report.put("paced_lost", self.plan.paced as f64 - seen.deltas as f64);
        self.report.put_times("delta", seen.latencies.unwrap_or_default());
        Ok(())
    }

    async fn tools(&mut self, in_flight: usize) -> Result<()> {
        self.tool_calls.store(0, Ordering::Relaxed);
        let start = Instant::now();
        self.turn(format!("tools {} {in_flight}", self.plan.tools), &mut Seen::default()).await?;
        let calls = self.tool_calls.load(Ordering::Relaxed) as f64;
        self.report.put(&format!("tools{in_flight}_per_s"), calls / start.elapsed().as_secs_f64());
        self.report.put(&format!("tools{in_flight}_lost"), self.plan.tools as f64 - calls);
        Ok(())
    }

    async fn sessions(&mut self) -> Result<()> {
        let (start, memory) = (Instant::now(), memory_kb("VmRSS:"));
        let mut sessions = Vec::with_capacity(self.plan.sessions);
        for _ in 0..self.plan.sessions {
            sessions.push(self.session().await?);
        }
        let count = self.plan.sessions as f64;
        self.report.put("sessions_per_s", count / start.elapsed().as_secs_f64());
        self.report.put("session_kb", (memory_kb("VmRSS:") - memory) / count);
        for (session, _) in sessions {
            session.disconnect().await?;
        }
        Ok(())
    }

    async fn streams(&mut self) -> Result<()> {
        let mut sessions = Vec::new();
        for _ in 0..self.plan.streams {
            sessions.push(self.session().await?);
        }
        let (start, limit) = (Instant::now(), self.plan.limit);
        let prompt = format!("flood {} 64", self.plan.stream_events);
        let readers = sessions.into_iter().map(|(session, mut events)| {
            let prompt = prompt.clone();
            tokio::spawn(async move {
                let mut seen = Seen::default();
                session.send(prompt).await?;
                tokio::time::timeout(limit, read_turn(&mut events, &mut seen)).await.unwrap_or(Ok(()))?;
                Ok((seen.deltas, session))
            })
        });
        let (mut seen, mut kept) = (0, Vec::new());
        for reader in readers.collect::<Vec<_>>() {
            let (deltas, session) = joined(reader.await)?;
            seen += deltas;
            kept.push(session);
        }
        self.report.put("streams_ms", micros_since(start) / 1000.0);
        let wanted = self.plan.streams * self.plan.stream_events;
        self.report.put("streams_lost", wanted as f64 - seen as f64);
        Ok(())
    }

    async fn all(mut self) -> Result<Report> {
        let start = Instant::now();
        self.client.start().await?;
        self.report.put("start_ms", micros_since(start) / 1000.0);
        self.pings().await?;
        self.flood("flood64", self.plan.flood, 64).await?;
        self.flood("flood4k", self.plan.flood_big, 4096).await?;
        self.paced().await?;
        self.tools(1).await?;
        self.tools(16).await?;
        self.sessions().await?;
        self.streams().await?;
        let start = Instant::now();
        let stopped = self.client.stop().await;
        self.report.put("stop_ms", micros_since(start) / 1000.0);
        match stopped.errors.into_iter().next() {
            Some(error) => Err(Error::new(ErrorKind::StopFailed, error)),
            None => Ok(self.report),
        }
    }
}

fn joined<T>(outcome: std::result::Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    outcome.unwrap_or_else(|error| Err(failed(error)))
}

fn main() -> Result<()> {
    let several = std::env::var("BENCH_THREADS").is_ok_and(|threads| threads == "multi");
    let mut builder = if several {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = builder.enable_all().build().map_err(failed)?;
    let plan = Plan::from_env();
    let connection = RuntimeConnection::Stdio { path: Some(plan.fake.clone()), args: Vec::new(), env: None };
    let report = runtime.block_on(async {
        let client = Client::new(ClientOptions { connection: Some(connection), ..ClientOptions::default() })?;
        Bench { plan, report: Report::default(), client, tool_calls: Arc::default() }.all().await
    })?;
    report.print();
    Ok(())
}
