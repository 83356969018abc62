//! The real runtime as a library inside this process.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use copilot_core::handlers::{CallContext, ToolHandler, ToolInvocation, ToolResult};
use copilot_core::{
    Client, ClientOptions, ConnectionState, ErrorKind, Event, Result, RuntimeConnection, Session,
    SessionConfig, SessionSpec, ToolSpec,
};
use copilot_testkit::ScriptedModel;
use copilot_testkit::model::ModelScript;
use serde_json::json;
use support::{descendants, real_runtime};

const LIMIT: Duration = Duration::from_secs(60);

fn options(home: &std::path::Path, path: &str) -> ClientOptions {
    ClientOptions {
        connection: Some(RuntimeConnection::Inprocess { path: Some(path.to_owned()) }),
        base_directory: Some(home.to_string_lossy().into_owned()),
        use_logged_in_user: Some(false),
        ..ClientOptions::default()
    }
}

struct Weather(AtomicUsize);

#[async_trait]
impl ToolHandler for Weather {
    async fn call(&self, _: &CallContext, _: ToolInvocation) -> Result<ToolResult> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok("sunny".into())
    }
}

async fn talk(client: &Client, model: &ScriptedModel, weather: &Arc<Weather>) -> (Session, Option<Event>) {
    let mut spec = SessionSpec::new(SessionConfig {
        model: Some("scripted".into()),
        provider: Some(json!({"type": "openai", "baseUrl": model.base_url(), "apiKey": "none"})),
        tools: Some(vec![ToolSpec {
            name: "get_weather".into(),
            description: "Tells the weather of a city".into(),
            parameters: Some(json!({"type": "object", "properties": {"city": {"type": "string"}}})),
            skip_permission: true,
            ..ToolSpec::default()
        }]),
        ..SessionConfig::default()
    });
    spec.handlers.tools.insert("get_weather".into(), weather.clone());
    let session = client.create_session(spec).await.unwrap();
    let answer = session.send_and_wait("How is the weather in Oslo?", Some(LIMIT)).await.unwrap();
    (session, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_with_a_tool_twice_in_one_process() {
    let Some(runtime) = real_runtime() else { panic!("COPILOT_CLI_PATH names no runtime: run make runtime") };
    let home = tempfile::tempdir().unwrap();
    let script = json!([
        {"when": {"lastRole": "user"}, "repeat": true, "toolCalls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}]},
        {"when": {"lastRole": "tool"}, "repeat": true, "chunks": ["It is ", "sunny."]}]);
    let model = ScriptedModel::start(ModelScript::from_value(script).unwrap()).unwrap();
    let weather = Arc::new(Weather(AtomicUsize::new(0)));
    let client = Client::new(options(home.path(), &runtime.to_string_lossy())).unwrap();
    for round in 1..=2 {
        client.start().await.unwrap();
        assert_eq!((client.runtime_pid(), client.runtime_port()), (None, None));
        let (session, answer) = talk(&client, &model, &weather).await;
        let answer: serde_json::Value = serde_json::from_str(answer.unwrap().json()).unwrap();
        assert_eq!(answer["data"]["content"], "It is sunny.");
        assert_eq!(weather.0.load(Ordering::Relaxed), round);
        session.disconnect().await.unwrap();
        assert_eq!(client.stop().await.errors, Vec::<String>::new());
        assert_eq!(client.state(), ConnectionState::Disconnected);
        assert_eq!(client.call("ping", "{}").await.unwrap_err().kind(), ErrorKind::InvalidState);
    }
    // Two servers at the same time; one of them is dropped without a stop, the other by force.
    let other = Client::new(options(home.path(), &runtime.to_string_lossy())).unwrap();
    client.start().await.unwrap();
    other.start().await.unwrap();
    other.call("ping", r#"{"message":"x"}"#).await.unwrap();
    drop(other);
    client.call("ping", r#"{"message":"x"}"#).await.unwrap();
    client.force_stop().await;
    assert!(descendants(std::process::id()).is_empty());
    let elsewhere = tempfile::NamedTempFile::with_suffix(".node").unwrap();
    let second = Client::new(options(home.path(), &elsewhere.path().to_string_lossy())).unwrap();
    let error = second.start().await.unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidState && error.message().contains("already runs"), "{error}");
}

#[tokio::test]
async fn what_cannot_work_is_refused_with_a_reason() {
    let home = tempfile::tempdir().unwrap();
    let beside = home.path().join("copilot");
    std::fs::write(&beside, "").unwrap();
    let client = Client::new(options(home.path(), &beside.to_string_lossy())).unwrap();
    let error = client.start().await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::RuntimeNotFound && error.message().contains("runtime.node"),
        "{error}"
    );
    assert_eq!(client.state(), ConnectionState::Error);

    let nowhere = Client::new(options(home.path(), "/nowhere/copilot")).unwrap().start().await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::RuntimeNotFound);

    let mut with_folder = options(home.path(), "x");
    with_folder.working_directory = Some("/tmp".into());
    let error = Client::new(with_folder).err().unwrap();
    assert!(
        error.kind() == ErrorKind::InvalidArgument && error.message().contains("workingDirectory"),
        "{error}"
    );
}
