//! No secret shows: every option that can hold one is given a canary, a session lives through work and failures at the
//! most talkative level, and everything that was written is searched.

mod support;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use copilot_core::handlers::{
    CallContext, GitHubTokenAnswer, GitHubTokenHandler, GitHubTokenRequest, LlmRequest, McpAuthHandler,
    McpAuthRequest, ProviderTokenHandler,
};
use copilot_core::{
    Client, ClientOptions, Error, ErrorKind, Handlers, Result, RuntimeConnection, Secret, SendOptions,
    SessionConfig, SessionSpec,
};
use serde_json::{Value, json};
use support::{call, fake, fake_options, on_send};

const CANARY: &str = "canary-";

/// What the engine wrote, of every level.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn add(&self, text: &str) {
        self.clone().write_all(text.as_bytes()).unwrap();
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

struct Tokens;

#[async_trait]
impl GitHubTokenHandler for Tokens {
    async fn token(&self, _: &CallContext, _: GitHubTokenRequest) -> Result<GitHubTokenAnswer> {
        let answer = GitHubTokenAnswer::Token {
            access_token: "canary-handler".into(),
            expires_in: 60,
            token_type: None,
        };
        assert!(!format!("{answer:?}").contains(CANARY));
        Ok(answer)
    }
}

#[async_trait]
impl McpAuthHandler for Tokens {
    async fn authorize(&self, _: &CallContext, _: McpAuthRequest) -> Result<Value> {
        Ok(json!({"kind": "token", "accessToken": "canary-mcp"}))
    }
}

#[async_trait]
impl ProviderTokenHandler for Tokens {
    async fn token(&self, _: &CallContext, provider: &str) -> Result<String> {
        match provider {
            "broken" => Err(Error::new(ErrorKind::HandlerFailed, "no token today")),
            _ => Ok("canary-provider".into()),
        }
    }
}

fn options(script: Value) -> ClientOptions {
    let env = BTreeMap::from([("MY_KEY".to_owned(), "canary-env".to_owned())]);
    ClientOptions {
        github_token: Some(Secret("canary-github".into())),
        env: Some(env),
        ..fake_options(script)
    }
}

fn config() -> SessionConfig {
    serde_json::from_value(json!({
        "gitHubToken": "canary-session-token",
        "provider": {"type": "openai", "baseUrl": "http://127.0.0.1:1", "apiKey": "canary-api-key",
                     "bearerToken": "canary-bearer", "headers": {"X-Secret": "canary-header"}},
        "providers": [{"name": "p", "type": "openai", "baseUrl": "http://127.0.0.1:1", "apiKey": "canary-api-key-2"}],
        "mcpServers": {
            "local": {"type": "local", "command": "x", "args": [], "env": {"KEY": "canary-mcp-env"}},
            "http": {"type": "http", "url": "http://127.0.0.1:1", "headers": {"Authorization": "Bearer canary-mcp-header"},
                     "oauthClientSecret": "canary-client-secret"},
        },
    }))
    .unwrap()
}

async fn work(written: &Written) {
    let requested = json!({"type": "mcp.oauth_required", "data": {"requestId": "1", "serverName": "s", "serverUrl": "u"}});
    let script = on_send(json!([{"event": requested}, {"stderr": "the runtime complains\n"},
                                {"event": {"type": "session.error", "data": {"message": "it failed"}}}]));
    let client = Client::new(options(script)).unwrap();
    written.add(&format!("{:?} {:?}", client.options(), config()));
    client.start().await.unwrap();
    let mut spec = SessionSpec::new(SessionConfig { github_token: None, ..config() });
    spec.handlers = Handlers {
        github_token: Some(Arc::new(Tokens)),
        mcp_auth: Some(Arc::new(Tokens)),
        provider_tokens: [
            ("p".to_owned(), Arc::new(Tokens) as _),
            ("broken".to_owned(), Arc::new(Tokens) as _),
        ]
        .into(),
        ..Handlers::default()
    };
    written.add(&format!("{spec:?}"));
    let session = client.create_session(spec).await.unwrap();
    let message = SendOptions {
        request_headers: json!({"X-Key": "canary-request-header"}).as_object().cloned(),
        ..SendOptions::from("hello")
    };
    written.add(&format!("{message:?} {session:?}"));
    let error = session.send_and_wait(message, Duration::from_secs(20)).await.unwrap_err();
    written.add(&format!("{error} {error:?}"));
    for provider in ["p", "broken", "none"] {
        let params = json!({"sessionId": &*session.id(), "providerName": provider});
        call(&client, "fake.request", json!({"method": "providerToken.getToken", "params": params})).await;
    }
    for bad in [r#"{"key": "#, "[]"] {
        let error = session.call("session.model.getCurrent", bad).await.unwrap_err();
        written.add(&format!("{error:?}"));
    }
    let request: LlmRequest = serde_json::from_value(
        json!({"requestId": "r", "url": "u", "method": "POST", "headers": {"authorization": ["Bearer canary-llm"]}}),
    )
    .unwrap();
    written.add(&format!("{request:?}"));
    let refused =
        client.create_session(SessionConfig { available_tools: Some(vec!["bad:".into()]), ..config() }).await;
    written.add(&format!("{refused:?}"));
    client.call("test.die", "{}").await.unwrap_err();
    client.stop().await;
}

/// Clients that cannot start.
async fn failures(written: &Written) {
    let (path, args) = fake(json!({"exitAtStart": 3, "onStart": [{"stderr": "cannot begin\n"}]}), None);
    let dying = RuntimeConnection::Tcp {
        port: 0,
        connection_token: Some(Secret("canary-connection".into())),
        path: Some(path),
        args,
        env: None,
    };
    let unreachable = RuntimeConnection::Uri {
        url: "127.0.0.1:1".into(),
        connection_token: Some(Secret("canary-uri".into())),
    };
    for connection in [dying, unreachable] {
        written.add(&format!("{connection:?}"));
        let options = ClientOptions { connection: Some(connection), ..ClientOptions::default() };
        let error = Client::new(options).unwrap().start().await.unwrap_err();
        written.add(&format!("{error} {error:?}"));
    }
    let both = ClientOptions::from_json(r#"{"gitHubToken":"canary-json","connection":{"kind":"nonsense"}}"#);
    written.add(&format!("{both:?}"));
}

#[test]
fn no_secret_is_written_anywhere() {
    let written = Written::default();
    let target = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || target.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        work(&written).await;
        failures(&written).await;
    });
    let text = written.text();
    for expected in [
        "client started",
        "message sent",
        "wait ended",
        "completed_by=\"error\"",
        "request ended",
        "handler ended",
        "kind=\"mcpAuth\"",
        "kind=\"providerToken\"",
        "the runtime complains",
    ] {
        assert!(text.contains(expected), "{expected:?} was not written:\n{text}");
    }
    if let Some(at) = text.find(CANARY) {
        let around = &text[at.saturating_sub(300)..(at + 60).min(text.len())];
        panic!("a secret was written: {around}");
    }
}
