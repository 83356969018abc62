//! An MCP server with one tool, `echo {text}`. Over stdio until its input ends; with `--http` on a free loopback port,
//! announced as `listening on URL`, until standard input ends.

use std::{env, io, process::ExitCode};

use copilot_testkit::mcp;

fn main() -> ExitCode {
    let mode = env::args().nth(1);
    let outcome = match mode.as_deref() {
        None => mcp::serve_stdio(),
        Some("--http") => mcp::McpHttpServer::start(None).and_then(|server| {
            println!("listening on {}", server.url());
            io::copy(&mut io::stdin().lock(), &mut io::sink()).map(drop)
        }),
        Some(_) => Err(io::Error::other("usage: copilot-mcp-echo [--http]")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("copilot-mcp-echo: {error}");
            ExitCode::FAILURE
        }
    }
}
