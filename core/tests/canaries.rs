//! Secrets do not show: every option and answer that holds one gets a text that nobody else uses, things go wrong, and
//! whatever the engine said meanwhile is searched for those texts.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use copilot_core::generated::api::{AccountLoginRequest, SecretsAddFilterValuesRequest};
use copilot_core::handlers::{
    AhpSessionRequest, CallContext, GitHubTokenAnswer, GitHubTokenHandler, GitHubTokenRequest, LlmRequest,
    McpAuthHandler, McpAuthRequest, ProviderTokenHandler, ToolHandler, ToolInvocation, ToolResult,
};
use copilot_core::host::{Delivery, HostClient};
use copilot_core::{
    AhpHostOptions, Client, ClientOptions, Error, ErrorKind, Result, RuntimeConnection, SendOptions,
    SessionConfig, SessionSpec,
};
use serde_json::{Value, json};
use support::{capture, fake};

const MARK: &str = "CANARY";

/// What every door's test gives its client and its sessions.
fn shared() -> Value {
    serde_json::from_str(include_str!("../../tests/canaries.json")).unwrap()
}

fn canary(name: &str) -> String {
    format!("{MARK}-{name}-\"q\"-0815")
}

struct Host;

#[async_trait]
impl GitHubTokenHandler for Host {
    async fn token(&self, _: &CallContext, _: GitHubTokenRequest) -> Result<GitHubTokenAnswer> {
        let access_token = canary("handler-github-token");
        Ok(GitHubTokenAnswer::Token { access_token, expires_in: 60, token_type: None })
    }
}

#[async_trait]
impl ProviderTokenHandler for Host {
    async fn token(&self, _: &CallContext, _: &str) -> Result<String> {
        Ok(canary("handler-provider-token"))
    }
}

#[async_trait]
impl McpAuthHandler for Host {
    async fn authorize(&self, _: &CallContext, _: McpAuthRequest) -> Result<Value> {
        Ok(json!({"accessToken": canary("handler-mcp-token")}))
    }
}

/// Repeats a secret in its error.
#[async_trait]
impl ToolHandler for Host {
    async fn call(&self, _: &CallContext, _: ToolInvocation) -> Result<ToolResult> {
        Err(Error::new(ErrorKind::HandlerFailed, format!("refused: {}", canary("api-key"))))
    }
}

fn options(kind: &str) -> ClientOptions {
    let (path, args) = fake(json!({}), None);
    let given = shared();
    let mut env: BTreeMap<String, String> = serde_json::from_value(given["env"].clone()).unwrap();
    env.insert("PATH".to_owned(), std::env::var("PATH").unwrap_or_default());
    let connection = match kind {
        "tcp" => RuntimeConnection::Tcp {
            port: 0,
            connection_token: Some(canary("connection-token").as_str().into()),
            path: Some(path),
            args,
            env: Some(env),
        },
        _ => RuntimeConnection::Stdio { path: Some(path), args, env: Some(env) },
    };
    let mut options = ClientOptions::from_json(&given["client"].to_string()).unwrap();
    options.connection = Some(connection);
    options
}

fn config() -> SessionConfig {
    let mut config = shared()["session"].take();
    config["fromTheFuture"] = json!({"clientSecret": canary("unknown-member")});
    config["tools"] = json!([{"name": "t", "description": "d"}]);
    serde_json::from_value(config).unwrap()
}

/// All places of the params that hold a canary, as templates of the fake runtime.
const LEAKS: &str = "$params.provider.apiKey $params.provider.bearerToken $params.provider.headers.xkey \
    $params.gitHubToken $params.mcpServers.files.env.X $params.mcpServers.web.headers.Authorization \
    $params.fromTheFuture.clientSecret $params.provider.baseUrl $params.mcpServers.web.url $params.provider.apiKeyCommand";

/// Makes the runtime repeat what it was told, on its standard error and in errors.
async fn talkative_session(client: &Client, said: &mut Vec<String>) {
    let script = json!([
        {"on": {"method": "session.create", "nth": 1}, "do": [
            {"stderr": format!("create: {LEAKS}\n")},
            {"reply": {"error": {"code": -32603, "message": format!("no: {LEAKS}"), "data": {"params": "$params"}}}}]},
        {"on": {"method": "session.create"}, "do": [{"stderr": format!("again: {LEAKS}\n")}, {"builtin": true}]},
        {"on": {"method": "test.tokens"}, "do": [
            {"event": {"type": "mcp.oauth_required", "data": {"requestId": "m", "serverName": "s"}}},
            {"expect": {"method": "session.mcp.oauth.handlePendingRequest", "as": "mcp"}},
            {"event": {"type": "external_tool.requested",
                       "data": {"requestId": "r", "toolCallId": "c", "toolName": "t", "arguments": {}}}},
            {"expect": {"method": "session.tools.handlePendingToolCall"}},
            {"request": {"method": "providerToken.getToken", "as": "own",
                         "params": {"sessionId": "$params.sessionId", "providerName": "default"}}},
            {"stderr": "tokens: $mcp.params.result.accessToken $own.result.token\n"},
            {"reply": {"error": {"code": 1, "message": "$mcp.params.result.accessToken $own.result.token"}}}]},
    ]);
    let mut script = script;
    script.as_array_mut().unwrap().extend(shared()["script"].as_array().unwrap().iter().cloned());
    support::call(client, "fake.script", json!({"script": script})).await;
    let spec = || {
        let mut spec = SessionSpec::new(config());
        spec.handlers.mcp_auth = Some(Arc::new(Host));
        spec.handlers.tools.insert("t".to_owned(), Arc::new(Host));
        spec.handlers.provider_tokens.insert("default".to_owned(), Arc::new(Host));
        spec
    };
    said.push(format!("{:?} {:?}", spec(), config()));
    let refused = client.create_session(spec()).await.unwrap_err();
    assert!(refused.message().contains("no: [redacted] [redacted]"), "{refused}");
    said.push(format!("{refused} {refused:?}"));
    let session = client.create_session(spec()).await.unwrap();
    said.push(format!("{session:?}"));
    let refused = session.call("test.tokens", "{}").await.unwrap_err();
    assert_eq!(refused.message(), "[redacted] [redacted]");
    said.push(format!("{refused} {refused:?}"));
    let headers = json!({"Authorization": canary("request-header")});
    let message = SendOptions { request_headers: headers.as_object().cloned(), ..SendOptions::from("hello") };
    said.push(format!("{message:?}"));
    let refused = session.send(message).await.unwrap_err();
    assert_eq!(refused.message(), "bad header [redacted]");
    said.push(format!("{refused} {refused:?} {:?}", client.diagnostics()));
    for call in shared()["calls"].as_array().unwrap() {
        let (method, params) = (call["method"].as_str().unwrap(), call["params"].to_string());
        let refused = client.call(method, &params).await.unwrap_err();
        assert!(
            refused.message().starts_with("bad ") && refused.message().contains("[redacted]"),
            "{refused}"
        );
        said.push(format!("{refused} {refused:?}"));
    }
}

async fn with_client(kind: &str, said: &mut Vec<String>) {
    let options = options(kind);
    said.push(format!("{options:?}"));
    let client = Client::new(options).unwrap();
    client.start().await.unwrap();
    said.push(format!("{client:?} {:?}", client.options()));
    talkative_session(&client, said).await;
    said.extend(support::command_lines());
    let secret = json!({"secret": canary("github-token")}).to_string();
    let lost = client.call("test.broken", &secret).await.unwrap_err();
    assert!(lost.message().contains("not JSON"), "{lost}");
    said.push(format!("{lost} {lost:?} {:?}", client.stop().await));
}

/// A foreign door that answers every question with a secret of the wrong shape.
struct Door {
    client: HostClient,
    seen: Vec<Delivery>,
}

impl Door {
    fn run(&mut self, op: &str, args: &Value) -> Result<Value> {
        let ticket = self.client.submit(op, &args.to_string());
        let mut fresh = Vec::new();
        loop {
            assert!(self.client.wait(Some(Duration::from_secs(30))), "{op} never ended");
            self.client.drain(&mut fresh);
            for delivery in fresh.drain(..) {
                self.seen.push(delivery.clone());
                match delivery {
                    Delivery::Call { call, .. } => {
                        self.client.reply(call, &json!(canary("misshapen-answer")).to_string())?;
                    }
                    Delivery::Completed { ticket: done, result } if done == ticket => {
                        return result.map(|json| serde_json::from_slice(&json).unwrap());
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Answers of the wrong shape, and configurations of the wrong type: the errors must not quote them.
fn through_the_host(said: &mut Vec<String>) {
    let options = serde_json::to_value(options("stdio")).unwrap();
    let client = HostClient::new(&options.to_string(), Arc::new(|| {})).unwrap();
    let mut door = Door { client, seen: Vec::new() };
    let mut config = serde_json::to_value(config()).unwrap();
    config.as_object_mut().unwrap().remove("gitHubToken");
    let mut args = json!({"key": 1, "sessionId": "s", "config": config, "handlers": {"gitHubToken": true}});
    door.run("session.create", &args).unwrap();
    let secret = canary("misplaced");
    for (member, value) in [
        ("mcpServers", json!(secret)),
        ("mcpServers", json!([{"env": {"A": secret}}])),
        ("provider", json!(secret)),
        ("streaming", json!(secret)),
        ("gitHubToken", json!([secret])),
        ("tools", json!([{"name": [secret], "description": secret}])),
        ("commands", json!({"name": secret})),
    ] {
        let before = std::mem::replace(&mut args["config"][member], value);
        let refused = door.run("session.create", &args).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidType, "{member}");
        said.push(format!("{refused} {refused:?}"));
        args["config"][member] = before;
    }
    let asked = json!({"method": "fake.received", "params": {"method": "session.create"}});
    let sent = door.run("client.call", &asked).unwrap();
    let id = &sent["messages"][0]["params"]["gitHubTokenProviderRegistrationId"];
    assert!(id.is_string(), "{sent}");
    let params = json!({"method": "gitHubToken.getToken",
        "params": {"registrationId": id, "host": "h", "reason": "initial"}});
    let answer = door.run("client.call", &json!({"method": "fake.request", "params": params})).unwrap();
    assert!(answer.to_string().contains("the answer of the gitHubToken handler"), "{answer}");
    said.push(format!("{answer} {:?}", door.seen));
    door.client.close();
}

fn wrong_types(said: &mut Vec<String>) {
    let secret = Value::from(canary("wrong-type"));
    for members in [
        json!({"env": secret}),
        json!({"telemetry": secret}),
        json!({"handlers": {"listModels": secret}}),
        json!({"connection": {"kind": "tcp", "connectionToken": {"x": secret}}}),
    ] {
        let error = ClientOptions::from_json(&members.to_string()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidType);
        said.push(format!("{error} {error:?}"));
    }
    let host: AhpHostOptions = serde_json::from_value(json!({"localServer": {"token": secret}})).unwrap();
    said.push(format!("{host:?}"));
    let asked =
        json!({"hostId": "h", "handoffId": "o", "config": {"gitHubToken": secret, "env": {"A": secret}}});
    said.push(format!("{:?}", serde_json::from_value::<AhpSessionRequest>(asked).unwrap()));
    let asked = json!({"requestId": "r", "staticClientConfig": {"clientId": "c", "clientSecret": secret}});
    said.push(format!("{:?}", serde_json::from_value::<McpAuthRequest>(asked).unwrap()));
    let request: LlmRequest =
        serde_json::from_value(json!({"url": "u", "headers": {"authorization": [secret]}})).unwrap();
    said.push(format!("{request:?}"));
    let login = AccountLoginRequest::new("github.com".into(), canary("generated"));
    said.push(format!("{login:?} {:?}", [&login]));
    let filter = SecretsAddFilterValuesRequest::new(vec![canary("filter")]);
    said.push(format!("{filter:?} {filter:#?}"));
    let answer = GitHubTokenAnswer::Token { access_token: canary("x"), expires_in: 1, token_type: None };
    said.push(format!("{answer:?}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_do_not_show() {
    capture::begin();
    static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.lock().unwrap().push(panic.to_string());
        before(panic);
    }));
    let mut said = Vec::new();
    wrong_types(&mut said);
    with_client("stdio", &mut said).await;
    with_client("tcp", &mut said).await;
    let from_host = tokio::task::spawn_blocking(|| {
        let mut said = Vec::new();
        through_the_host(&mut said);
        said
    });
    said.extend(from_host.await.unwrap());
    drop(std::panic::take_hook());
    said.extend(PANICS.lock().unwrap().drain(..));

    let traced = capture::lines();
    for part in [
        "[CLI] create: [redacted]",
        "[CLI] tokens: [redacted]",
        "session.create\\\"",
        "handlePendingToolCall",
    ] {
        assert!(traced.iter().any(|line| line.contains(part)), "nothing about {part} was traced");
    }
    let leaks: Vec<_> = traced.iter().chain(&said).filter(|text| text.contains(MARK)).collect();
    assert!(leaks.is_empty(), "{} leaks, the first: {}", leaks.len(), leaks[0]);
    // Nothing of a message below level trace.
    let bodies: Vec<_> =
        traced.iter().filter(|line| line.contains("jsonrpc") && !line.contains("TRACE")).collect();
    assert!(bodies.is_empty(), "{bodies:?}");
}
