//! What the runtime asks of the program beside a conversation: skills, GitHub tokens, how extensions are started.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{call, eventually_async, fake_client, fake_options};
use async_trait::async_trait;
use copilot_core::handlers::{
    CallContext, ExtensionLaunchHandler, ExtensionLaunchRequest, FactoryExecution, FactoryHandler,
    GitHubTokenAnswer, GitHubTokenHandler, GitHubTokenRequest, InstallationHandler, InstallationRequest,
    SkillProviderHandler,
};
use copilot_core::{Client, ClientCallbacks, Error, ErrorKind, Result, Secret, SessionConfig, SessionSpec};
use serde_json::{Value, json};

/// Counts the slow readings that go on.
#[derive(Default)]
struct Host(Arc<AtomicUsize>);

struct Reading(Arc<AtomicUsize>);

impl Reading {
    fn begin(readings: &Arc<AtomicUsize>) -> Self {
        readings.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(readings))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl SkillProviderHandler for Host {
    async fn list(&self, _: &CallContext) -> Result<Value> {
        Ok(json!([{"name": "brew", "description": "Brews tea"}]))
    }

    async fn read(&self, _: &CallContext, name: &str) -> Result<Option<String>> {
        match name {
            "brew" => Ok(Some("# Brew".into())),
            "slow" => {
                let _reading = Reading::begin(&self.0);
                std::future::pending().await
            }
            "broken" => Err(Error::new(ErrorKind::HandlerFailed, "no kettle")),
            _ => Ok(None),
        }
    }
}

#[async_trait]
impl GitHubTokenHandler for Host {
    async fn token(&self, _: &CallContext, request: GitHubTokenRequest) -> Result<GitHubTokenAnswer> {
        match request.host.as_str() {
            "github.com" => Ok(GitHubTokenAnswer::Token {
                access_token: format!("{}-{}", request.reason, request.session_id.unwrap_or_default()),
                expires_in: 3600,
                token_type: None,
            }),
            "no-time.example" => {
                Ok(GitHubTokenAnswer::Token { access_token: "x".into(), expires_in: 0, token_type: None })
            }
            _ => Ok(GitHubTokenAnswer::Cancelled),
        }
    }
}

#[async_trait]
impl ExtensionLaunchHandler for Host {
    async fn resolve(&self, request: ExtensionLaunchRequest) -> Result<Value> {
        match request.source.as_str() {
            "project" => Ok(json!({"executable": "node", "args": [request.module_path], "env": {}})),
            _ => Ok(Value::Null),
        }
    }
}

#[async_trait]
impl FactoryHandler for Host {
    async fn execute(&self, context: &CallContext, execution: FactoryExecution) -> Result<Option<Value>> {
        if execution.args == json!("wait") {
            context.cancel.cancelled().await;
        }
        Ok((execution.args != Value::Null).then_some(execution.args))
    }
}

async fn ask(client: &Client, method: &str, params: Value) -> Value {
    call(client, "fake.request", json!({"method": method, "params": params})).await
}

async fn sent(client: &Client, method: &str) -> Value {
    call(client, "fake.received", json!({"method": method})).await["messages"].take()
}

#[tokio::test]
async fn skills_are_listed_and_read() {
    let client = fake_client(json!({}));
    let mut spec = SessionSpec::default();
    spec.handlers.skill_provider = Some(Arc::new(Host::default()));
    let session = client.create_session(spec).await.unwrap();
    let without = client.create_session(SessionSpec::default()).await.unwrap();
    let created = sent(&client, "session.create").await;
    assert_eq!(created[0]["params"]["hasSkillProvider"], true);
    assert_eq!(created[1]["params"].get("hasSkillProvider"), None);

    let id = session.id().to_string();
    let list = ask(&client, "skillProvider.list", json!({"sessionId": id})).await;
    assert_eq!(list["result"], json!({"skills": [{"name": "brew", "description": "Brews tea"}]}));
    let read =
        async |name: Value| ask(&client, "skillProvider.read", json!({"sessionId": id, "name": name})).await;
    assert_eq!(read(json!("brew")).await["result"], json!({"markdown": "# Brew"}));
    assert_eq!(read(json!("tea")).await["result"], json!({"markdown": null}));
    assert_eq!(read(json!(5)).await["error"]["code"], -32602);
    let failed = read(json!("broken")).await;
    assert_eq!(failed["error"]["code"], -32603);
    assert_eq!(failed["error"]["message"], "Skill provider readSkill failed");
    let nobody = ask(&client, "skillProvider.list", json!({"sessionId": without.id().to_string()})).await;
    assert!(
        nobody["error"]["message"].as_str().unwrap().starts_with("No skill provider for session"),
        "{nobody}"
    );

    let mut cloud = SessionSpec::new(SessionConfig { cloud: Some(json!({})), ..SessionConfig::default() });
    cloud.handlers.skill_provider = Some(Arc::new(Host::default()));
    assert_eq!(client.create_session(cloud).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    client.stop().await;
}

#[tokio::test]
async fn the_runtime_may_take_a_reading_back() {
    let read = |id: u64, name: &str| {
        let params = json!({"sessionId": "$sessionId", "name": name});
        json!({"raw": {"frame": {"jsonrpc": "2.0", "id": id, "method": "skillProvider.read", "params": params}}})
    };
    let cancel = |id: Value| json!({"notify": {"method": "$/cancelRequest", "params": {"id": id}}});
    let on = |prompt: &str, actions: Value| json!({"on": {"method": "session.send", "where": {"prompt": prompt}}, "do": actions});
    let client = fake_client(json!([
        on(
            "read",
            json!([{"reply": "default"}, read(7001, "slow"), cancel(json!("7001")), cancel(json!(7009))])
        ),
        on(
            "never mind",
            json!([{"reply": "default"}, cancel(json!(7001)), read(7002, "slow"), cancel(json!(7002))])
        ),
    ]));
    let mut spec = SessionSpec::default();
    let host = Host::default();
    let readings = Arc::clone(&host.0);
    spec.handlers.skill_provider = Some(Arc::new(host));
    let session = client.create_session(spec).await.unwrap();
    session.send("read").await.unwrap();
    assert!(eventually_async(|| readings.load(Ordering::SeqCst) == 1).await, "it reads");
    session.send("never mind").await.unwrap();
    let answers = async || {
        let all = call(&client, "fake.received", json!({})).await["messages"].take();
        let answer = |id: u64| all.as_array().unwrap().iter().find(|each| each["id"] == id).cloned();
        Some((answer(7001)?, answer(7002)?))
    };
    let mut both = None;
    for _ in 0..500 {
        both = answers().await;
        if both.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (running, just_asked) = both.expect("both are answered");
    for answer in [running, just_asked] {
        assert_eq!(answer["error"], json!({"code": -32800, "message": "Request cancelled", "data": null}));
    }
    assert_eq!(readings.load(Ordering::SeqCst), 0, "nobody reads any more");
    client.stop().await;
}

#[tokio::test]
async fn github_tokens_go_to_the_session_that_registered() {
    let client = fake_client(json!({}));
    let with_provider = || {
        let mut spec = SessionSpec::default();
        spec.handlers.github_token = Some(Arc::new(Host::default()));
        spec
    };
    let session = client.create_session(with_provider()).await.unwrap();
    let registration =
        sent(&client, "session.create").await[0]["params"]["gitHubTokenProviderRegistrationId"].take();
    let get = async |host: &str| {
        let params =
            json!({"registrationId": registration, "host": host, "sessionId": "other", "reason": "refresh"});
        ask(&client, "gitHubToken.getToken", params).await
    };
    let token = json!({"kind": "token", "accessToken": "refresh-other", "expiresIn": 3600});
    assert_eq!(get("github.com").await["result"], token);
    assert_eq!(get("elsewhere").await["result"], json!({"kind": "cancelled"}));
    assert!(get("no-time.example").await["error"]["message"].as_str().unwrap().contains("expiresIn"));
    let unknown = json!({"registrationId": "zz", "host": "github.com", "reason": "initial"});
    assert_eq!(ask(&client, "gitHubToken.getToken", unknown).await["error"]["code"], -32603);

    session.disconnect().await.unwrap();
    assert_eq!(get("github.com").await["error"]["code"], -32603);
    let mut spec = with_provider();
    spec.config.github_token = Some(Secret("t".into()));
    assert_eq!(client.create_session(spec).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    client.stop().await;
}

/// Decides as the review says.
struct Reviewer;

#[async_trait]
impl InstallationHandler for Reviewer {
    async fn confirm(&self, request: InstallationRequest) -> Result<String> {
        Ok(request.review["review"]["decision"].as_str().unwrap_or("nothing").to_owned())
    }
}

#[tokio::test]
async fn nothing_is_installed_unless_the_program_says_so() {
    let callbacks = ClientCallbacks { installation: Some(Arc::new(Reviewer)), ..ClientCallbacks::default() };
    let client = Client::with_callbacks(fake_options(json!([])), callbacks).unwrap();
    client.start().await.unwrap();
    let decide = async |decision: &str| {
        let review = json!({"resource": "skill", "review": {"decision": decision}});
        let params = json!({"confirmationId": "c", "operationId": "o", "expiresAt": "2030-01-01T00:00:00Z",
            "reviewFingerprint": "f", "review": review});
        ask(&client, "installations.confirm", params).await
    };
    for decision in ["confirm", "decline", "cancel"] {
        let expected = json!({"confirmationId": "c", "reviewFingerprint": "f", "decision": decision});
        assert_eq!(decide(decision).await["result"], expected);
    }
    let odd = decide("later").await;
    assert_eq!(odd["error"]["message"], "Invalid installation confirmation decision", "{odd}");
    let bad = ask(&client, "installations.confirm", json!({"confirmationId": "c"})).await;
    assert_eq!(bad["error"]["code"], -32602, "{bad}");
    client.stop().await;

    let plain = fake_client(json!({}));
    plain.start().await.unwrap();
    assert_eq!(ask(&plain, "installations.confirm", json!({})).await["error"]["code"], -32601);
    plain.stop().await;
}

#[tokio::test]
async fn extensions_are_started_as_the_program_says() {
    let script =
        json!([{"on": {"method": "registerExtensionLaunchProvider"}, "do": [{"reply": {"result": null}}]}]);
    let callbacks =
        ClientCallbacks { extension_launch: Some(Arc::new(Host::default())), ..ClientCallbacks::default() };
    let client = Client::with_callbacks(fake_options(script), callbacks).unwrap();
    client.start().await.unwrap();
    assert_eq!(sent(&client, "registerExtensionLaunchProvider").await.as_array().unwrap().len(), 1);
    let resolve = async |source: &str| {
        let params = json!({"id": "e", "name": "E", "modulePath": "/e/main.js", "source": source});
        ask(&client, "extensionLaunchProvider.resolve", params).await
    };
    let launch = json!({"launch": {"executable": "node", "args": ["/e/main.js"], "env": {}}});
    assert_eq!(resolve("project").await["result"], launch);
    assert_eq!(resolve("user").await["result"], json!({}));
    let bad = ask(&client, "extensionLaunchProvider.resolve", json!({"id": "e"})).await;
    assert!(bad["error"]["message"].as_str().unwrap().contains("invalid"), "{bad}");
    client.stop().await;

    let plain = fake_client(json!({}));
    plain.start().await.unwrap();
    assert_eq!(ask(&plain, "extensionLaunchProvider.resolve", json!({})).await["error"]["code"], -32601);
    plain.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn factories_run_and_are_aborted() {
    let client = fake_client(json!({}));
    let mut spec = SessionSpec::default();
    spec.handlers.factories.insert("nightly".into(), Arc::new(Host::default()));
    let session = client.create_session(spec).await.unwrap();
    let id = session.id().to_string();
    let execute = async |name: &str, run: &str, args: Value| {
        let params =
            json!({"sessionId": id, "name": name, "runId": run, "executionToken": "t", "args": args});
        ask(&client, "factory.execute", params).await
    };
    assert_eq!(execute("nightly", "1", json!([1])).await["result"], json!({"result": [1]}));
    assert_eq!(execute("nightly", "2", Value::Null).await["result"], json!({}));
    let unknown = execute("daily", "3", Value::Null).await;
    assert_eq!(
        (&unknown["error"]["code"], &unknown["error"]["data"]["name"]),
        (&json!(-32602), &json!("daily"))
    );
    let abort = async {
        let params = json!({"sessionId": id, "runId": "4", "executionToken": "another"});
        // The run may not have begun yet.
        loop {
            assert_eq!(ask(&client, "factory.abort", params.clone()).await["result"], json!({}));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        ended = execute("nightly", "4", json!("wait")) => assert!(ended["error"].is_object(), "{ended}"),
        () = abort => {}
    }
    client.stop().await;
}
