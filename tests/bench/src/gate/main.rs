//! Six small programs whose instructions `gate.py` counts: the engine and a runtime that answers it, on one thread, so that
//! every run does the same. `bench-gate NAME` runs one of them, `bench-gate NAME 0` does everything but the work.

mod runtime;

use std::sync::Arc;

use bytes::Bytes;
use copilot_bench::{
    Seen,
    engine::{failed, read_turn, spec},
};
use copilot_core::{Client, ClientOptions, Event, Result, RuntimeConnection, Session};
use tokio::net::TcpListener;

/// What the programs are called, and how often each does its work.
const PROGRAMS: &[(&str, usize)] = &[
    ("ping", 2000),
    ("burst", 20_000),
    ("large", 2000),
    ("tools", 1000),
    ("sessions", 200),
    ("reading", 20_000),
];

/// One turn: how many deltas came, and how much text.
async fn turn(client: &Client, prompt: String) -> Result<(usize, usize)> {
    let mut spec = spec(&Arc::default());
    let mut events = spec.subscribe();
    let session = client.create_session(spec).await?;
    session.send(prompt).await?;
    let mut seen = Seen::default();
    read_turn(&mut events, &mut seen).await?;
    session.disconnect().await?;
    Ok((seen.deltas, seen.text))
}

async fn sessions(client: &Client, count: usize) -> Result<()> {
    let mut made: Vec<Session> = Vec::new();
    for _ in 0..count {
        made.push(client.create_session(spec(&Arc::default())).await?);
    }
    for session in made {
        session.disconnect().await?;
    }
    Ok(())
}

fn reading(count: usize) -> Result<()> {
    let text = Bytes::from(runtime::delta("s", 64));
    for _ in 0..count {
        let event = Event::from_json(text.clone())?;
        let header = event.header()?;
        let data: serde_json::Value = event.data()?;
        if header.id.is_empty() || data["deltaContent"].as_str().is_none_or(|text| text.len() != 64) {
            return Err(failed("the event is not what was written"));
        }
    }
    Ok(())
}

async fn run(client: &Client, program: &str, count: usize) -> Result<()> {
    let same = |seen: (usize, usize), wanted: (usize, usize)| {
        if seen == wanted { Ok(()) } else { Err(failed(format!("{seen:?} instead of {wanted:?}"))) }
    };
    match program {
        "ping" => {
            for _ in 0..count {
                client.call("ping", r#"{"message":"x"}"#).await?;
            }
            Ok(())
        }
        "burst" => same(turn(client, format!("flood {count} 64")).await?, (count, count * 64)),
        "large" => same(turn(client, format!("flood {count} 4096")).await?, (count, count * 4096)),
        "tools" => same(turn(client, format!("tools {count} 0")).await?, (0, 0)),
        "sessions" => sessions(client, count).await,
        "reading" => reading(count),
        _ => Err(failed(format!("{program} is none of the programs"))),
    }
}

async fn all(program: &str, count: usize) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
    let url = listener.local_addr().map_err(failed)?.to_string();
    tokio::spawn(runtime::serve(listener));
    let connection = RuntimeConnection::Uri { url, connection_token: None };
    let client = Client::new(ClientOptions { connection: Some(connection), ..ClientOptions::default() })?;
    client.start().await?;
    // What happens once, such as a first session, is not the work.
    turn(&client, "flood 1 64".to_owned()).await?;
    run(&client, program, count).await?;
    let stopped = client.stop().await;
    stopped.errors.into_iter().next().map_or(Ok(()), |error| Err(failed(error)))
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let (program, usual) = PROGRAMS
        .iter()
        .find(|(program, _)| *program == name)
        .ok_or_else(|| failed(format!("{name:?}: {PROGRAMS:?}")))?;
    let count = args.next().map_or(Ok(*usual), |text| text.parse().map_err(failed))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(all(program, count))
}
