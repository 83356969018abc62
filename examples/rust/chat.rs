//! One conversation: a custom tool, a streamed answer, a permission question, the usage at the end.
//!
//! With `COPILOT_GITHUB_TOKEN` or `GITHUB_TOKEN` it talks to Copilot. Without, it talks to the OpenAI-compatible server
//! at `COPILOT_MODEL_URL`. The runtime is found by `COPILOT_CLI_PATH`.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use async_trait::async_trait;
use copilot_core::handlers::{
    CallContext, PermissionDecision, PermissionHandler, PermissionRequest, ToolHandler, ToolInvocation,
    ToolResult,
};
use copilot_core::{
    Client, ClientOptions, Error, ErrorKind, EventStream, Result, Secret, SessionConfig, SessionSpec,
    ToolSpec,
};
use serde_json::{Value, json};

struct Weather;

#[async_trait]
impl ToolHandler for Weather {
    async fn call(&self, _: &CallContext, invocation: ToolInvocation) -> Result<ToolResult> {
        let arguments: Value = serde_json::from_str(invocation.arguments.get())
            .map_err(|error| Error::new(ErrorKind::InvalidArgument, error.to_string()))?;
        let city = arguments["city"].as_str().unwrap_or("an unknown place");
        println!("[tool] get_weather({city})");
        Ok(format!("Sunny, 21 degrees in {city}").into())
    }
}

struct AskTerminal;

#[async_trait]
impl PermissionHandler for AskTerminal {
    async fn decide(&self, _: &CallContext, request: PermissionRequest) -> Result<PermissionDecision> {
        print!("[permission] {}: allow? [Y/n] ", request.kind());
        if !std::io::stdin().is_terminal() {
            println!("yes (no terminal)");
            return Ok(PermissionDecision::approve_once());
        }
        std::io::stdout().flush().ok();
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).ok();
        Ok(if line.trim().eq_ignore_ascii_case("n") {
            PermissionDecision::reject(Some("the user said no"))
        } else {
            PermissionDecision::approve_once()
        })
    }
}

fn config() -> SessionConfig {
    let weather = ToolSpec {
        name: "get_weather".into(),
        description: "Tells the weather of a city".into(),
        parameters: Some(
            json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}),
        ),
        ..ToolSpec::default()
    };
    let mut config =
        SessionConfig { streaming: Some(true), tools: Some(vec![weather]), ..SessionConfig::default() };
    if let Ok(url) = std::env::var("COPILOT_MODEL_URL") {
        config.model = Some("scripted".into());
        config.provider = Some(json!({"type": "openai", "baseUrl": url, "apiKey": "none"}));
    }
    config
}

async fn show(mut events: EventStream) {
    let (mut input, mut output) = (0, 0);
    while let Some(event) = events.next().await {
        let data: Value = event.data().unwrap_or_default();
        match event.event_type() {
            "assistant.message_delta" => {
                print!("{}", data["deltaContent"].as_str().unwrap_or_default());
                std::io::stdout().flush().ok();
            }
            "assistant.usage" => {
                input += data["inputTokens"].as_u64().unwrap_or(0);
                output += data["outputTokens"].as_u64().unwrap_or(0);
            }
            "session.idle" => break,
            _ => {}
        }
    }
    println!("\n[usage] {input} tokens in, {output} tokens out");
}

#[tokio::main]
async fn main() -> Result<()> {
    let token = std::env::var("COPILOT_GITHUB_TOKEN").or_else(|_| std::env::var("GITHUB_TOKEN")).ok();
    let options = ClientOptions { github_token: token.map(Secret), ..ClientOptions::default() };
    let client = Client::new(options)?;
    let info = client.start().await?;
    println!("[runtime] {} in {:.0} ms", info.version.unwrap_or_default(), info.timings.total);

    let mut spec = SessionSpec::new(config());
    spec.handlers.tools.insert("get_weather".into(), Arc::new(Weather));
    spec.handlers.permission = Some(Arc::new(AskTerminal));
    let shown = tokio::spawn(show(spec.subscribe()));
    let session = client.create_session(spec).await?;
    session.send("What is the weather in Paris?").await?;
    shown.await.ok();

    session.disconnect().await?;
    for error in client.stop().await.errors {
        eprintln!("[stop] {error}");
    }
    Ok(())
}
