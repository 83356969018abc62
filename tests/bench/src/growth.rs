//! What a client costs as it grows: with 1 to 10,000 open sessions, and with 1 to 1,000,000 events that nobody has taken yet.
//! Prints one JSON object per size.

use std::{sync::Arc, time::Instant};

use copilot_bench::{Meter, Plan, Report, Seen, engine, memory_kb, micros_since};
use copilot_core::{Client, ClientOptions, Result, RuntimeConnection};

const SESSIONS: &[usize] = &[1, 10, 100, 1000, 10_000];
const EVENTS: &[usize] = &[1, 10, 100, 1000, 10_000, 100_000, 1_000_000];
/// How many of everything are measured at each size.
const TRIES: usize = 500;

async fn pings(client: &Client, report: &mut Report) -> Result<()> {
    let mut times = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        let start = Instant::now();
        client.call("ping", r#"{"message":"x"}"#).await?;
        times.push(micros_since(start));
    }
    report.put_times("ping", times);
    Ok(())
}

/// One more session: how long making it takes, and a burst in it, while the others are open.
async fn one_more(client: &Client, plan: &Plan, report: &mut Report) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        let session = client.create_session(engine::spec(&Arc::default())).await?;
        times.push(micros_since(start));
        session.disconnect().await?;
    }
    report.put_times("session", times);
    let mut spec = engine::spec(&Arc::default());
    let mut events = spec.subscribe();
    let session = client.create_session(spec).await?;
    let (meter, mut seen) = (Meter::start(), Seen::default());
    session.send(format!("flood {} 64", plan.flood)).await?;
    engine::read_turn(&mut events, &mut seen).await?;
    report.put_burst("flood64", &meter, plan.flood, seen.text / 64);
    session.disconnect().await
}

async fn with_sessions(client: &Client, plan: &Plan) -> Result<()> {
    let (mut open, before) = (Vec::new(), memory_kb("VmRSS:"));
    for &size in SESSIONS {
        let mut report = Report::default();
        while open.len() < size {
            open.push(client.create_session(engine::spec(&Arc::default())).await?);
        }
        report.put("sessions", size as f64);
        report.put("session_kb", (memory_kb("VmRSS:") - before) / size as f64);
        pings(client, &mut report).await?;
        one_more(client, plan, &mut report).await?;
        report.print();
    }
    for session in open {
        session.disconnect().await?;
    }
    Ok(())
}

async fn with_events(client: &Client) -> Result<()> {
    for &size in EVENTS {
        let mut report = Report::default();
        report.put("events", size as f64);
        let mut spec = engine::spec(&Arc::default());
        let mut events = spec.subscribe();
        let session = client.create_session(spec).await?;
        let before = memory_kb("VmRSS:");
        session.send(format!("flood {size} 64")).await?;
        while events.counters().received < size as u64 + 1 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        report.put("event_bytes", (memory_kb("VmRSS:") - before) * 1024.0 / size as f64);
        pings(client, &mut report).await?;
        let (meter, mut seen) = (Meter::start(), Seen::default());
        engine::read_turn(&mut events, &mut seen).await?;
        report.put_burst("taken", &meter, size, seen.text / 64);
        report.print();
        session.disconnect().await?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let plan = Plan::from_env();
    let connection = RuntimeConnection::stdio(&plan.fake);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(engine::failed)?;
    runtime.block_on(async {
        let client = Client::new(ClientOptions { connection: Some(connection), ..ClientOptions::default() })?;
        client.start().await?;
        with_sessions(&client, &plan).await?;
        with_events(&client).await?;
        let stopped = client.stop().await;
        stopped.errors.into_iter().next().map_or(Ok(()), |error| Err(engine::failed(error)))
    })
}
