//! The typed calls of clients and sessions, and who decides when settings are managed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::{call, fake_client, fake_options, real_runtime};
use async_trait::async_trait;
use copilot_core::handlers::{ApproveAll, ApproveIf, DenyAll, ModelsHandler, PermissionHandler};
use copilot_core::{
    Client, ClientCallbacks, ClientOptions, ErrorKind, LogOptions, ModelChoice, Result, RuntimeConnection,
    Session, SessionConfig, SessionListFilter, SessionSpec,
};
use serde_json::{Value, json};

async fn received(client: &Client, method: &str) -> Vec<Value> {
    let answer = call(client, "fake.received", json!({"method": method})).await;
    answer["messages"].as_array().unwrap().iter().map(|message| message["params"].clone()).collect()
}

#[tokio::test]
async fn questions_of_a_client() {
    let client = fake_client(json!([
        {"on": {"method": "session.getLastId"}, "do": [{"reply": {"result": {"sessionId": "last"}}}]},
        {"on": {"method": "session.getForeground"}, "do": [{"reply": {"result": {}}}]},
        {"on": {"method": "session.setForeground", "nth": 1}, "do": [{"reply": {"result": {"success": true}}}]},
        {"on": {"method": "session.setForeground", "nth": 1},
         "do": [{"reply": {"result": {"success": false, "error": "no screen"}}}]},
        {"on": {"method": "session.setForeground"}, "do": [{"reply": {"result": {}}}]},
    ]));
    assert_eq!(client.ping(None).await.unwrap_err().kind(), ErrorKind::InvalidState);
    client.start().await.unwrap();
    assert_eq!(received(&client, "connect").await, [json!({})]);
    assert_eq!(client.ping(Some("x")).await.unwrap().message, "pong: x");
    assert_eq!(client.ping(None).await.unwrap().message, "pong");
    assert_eq!(received(&client, "ping").await, [json!({"message": "x"}), json!({"message": null})]);
    assert_eq!(client.get_status().await.unwrap().protocol_version, 3);
    assert!(client.get_auth_status().await.unwrap().login.is_none_or(|login| !login.is_empty()));
    assert_eq!(client.get_last_session_id().await.unwrap().as_deref(), Some("last"));
    assert_eq!(client.get_foreground_session_id().await.unwrap(), None);
    client.set_foreground_session_id("a").await.unwrap();
    for text in ["no screen", "Unknown error"] {
        let refused = client.set_foreground_session_id("a").await.unwrap_err();
        assert_eq!(refused.message(), format!("Failed to set foreground session: {text}"));
    }

    let session = client.create_session(SessionConfig::default()).await.unwrap();
    let filter = SessionListFilter { git_root: Some("/g".into()), ..SessionListFilter::default() };
    let found = client.list_sessions(Some(&filter)).await.unwrap();
    assert_eq!(found.iter().map(|one| one.session_id.as_str()).collect::<Vec<_>>(), [&*session.id()]);
    client.list_sessions(None).await.unwrap();
    client.list_sessions(Some(&SessionListFilter::default())).await.unwrap();
    let lists = received(&client, "session.list").await;
    assert_eq!(lists, [json!({"filter": {"gitRoot": "/g"}}), json!({}), json!({"filter": {}})]);
    assert!(client.get_session_metadata("nobody").await.unwrap().is_none());
    let known = client.get_session_metadata(&session.id()).await.unwrap().unwrap();
    assert!(!known.is_remote && !known.start_time.is_empty());
    client.delete_session(&session.id()).await.unwrap();
    assert_eq!(session.send("x").await.unwrap_err().kind(), ErrorKind::SessionClosed);
    let refused = client.delete_session("nobody").await.unwrap_err();
    assert!(refused.message().starts_with("Failed to delete session nobody: "), "{refused}");
    client.stop().await;
}

#[tokio::test]
async fn answers_that_lack_something_are_errors() {
    let client = fake_client(json!([
        {"on": {"method": "ping"}, "do": [{"reply": {"result": {"message": "pong", "timestamp": 5}}}]},
        {"on": {"method": "auth.getStatus"}, "do": [{"reply": {"result": {}}}]},
        {"on": {"method": "models.list", "nth": 1}, "do": [{"reply": {"result": {"models": [{"id": "m"}]}}}]},
    ]));
    client.start().await.unwrap();
    for (error, missing) in [
        (client.ping(None).await.unwrap_err(), "protocolVersion"),
        (client.get_auth_status().await.unwrap_err(), "isAuthenticated"),
        (client.list_models().await.unwrap_err(), "name"),
    ] {
        assert!(error.kind() == ErrorKind::Protocol && error.message().contains(missing), "{error}");
    }
    client.stop().await;
}

#[tokio::test]
async fn models_are_asked_once_per_start() {
    let fails = json!([{"on": {"method": "models.list", "nth": 1},
                        "do": [{"reply": {"error": {"code": -32603, "message": "not yet"}}}]}]);
    let client = fake_client(fails);
    client.start().await.unwrap();
    client.list_models().await.unwrap_err();
    let first = client.list_models().await.unwrap();
    assert_eq!(
        (first[0].id.as_str(), &first[0].capabilities["supports"]["vision"]),
        ("fake-model", &json!(false))
    );
    assert_eq!(client.list_models().await.unwrap(), first);
    assert_eq!(received(&client, "models.list").await.len(), 2, "a failure is not kept, a list is");
    client.stop().await;
    client.start().await.unwrap();
    client.list_models().await.unwrap_err();
    client.list_models().await.unwrap();
    client.force_stop().await;
    assert_eq!(client.list_models().await.unwrap_err().kind(), ErrorKind::InvalidState);
}

/// The first question is never answered.
struct Slow(AtomicUsize);

#[async_trait]
impl ModelsHandler for Slow {
    async fn list(&self) -> Result<Value> {
        if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            std::future::pending::<()>().await;
        }
        Ok(json!([{"id": "own", "name": "Own", "capabilities": {}}]))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_models_that_never_comes_does_not_hold_up_a_stop() {
    let slow = Arc::new(Slow(AtomicUsize::new(0)));
    let callbacks =
        ClientCallbacks { list_models: Some(Arc::clone(&slow) as _), ..ClientCallbacks::default() };
    let client = Client::with_callbacks(fake_options(json!({})), callbacks).unwrap();
    client.start().await.unwrap();
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.list_models().await }
    });
    assert!(crate::support::eventually_async(|| slow.0.load(Ordering::SeqCst) == 1).await);
    tokio::time::timeout(Duration::from_secs(60), client.stop()).await.expect("stop ends");
    asking.abort();
    assert_eq!(client.list_models().await.unwrap()[0].id, "own", "works without a runtime");
}

#[tokio::test]
async fn lifecycle_events_are_typed() {
    let client = fake_client(json!([{"on": {"method": "test.news"}, "do": [
        {"notify": {"method": "session.lifecycle", "params": {"type": "session.created", "sessionId": "a",
            "metadata": {"startTime": "t1", "modifiedTime": "t2", "summary": "s"}}}},
        {"notify": {"method": "session.lifecycle", "params": {"sessionId": "odd"}}},
        {"notify": {"method": "session.lifecycle", "params": {"type": "session.deleted", "sessionId": "b"}}},
        {"reply": {"result": {}}}]}]));
    let (mut all, mut deleted) = (client.lifecycle_events(), client.lifecycle_events_of("session.deleted"));
    client.start().await.unwrap();
    client.call("test.news", "{}").await.unwrap();
    let first = all.next().await.unwrap();
    assert_eq!((first.event_type.as_str(), first.session_id.as_str()), ("session.created", "a"));
    assert_eq!(first.metadata.unwrap().summary.as_deref(), Some("s"));
    let (second, only) = (all.next().await.unwrap(), deleted.next().await.unwrap());
    assert_eq!((second.event_type.as_str(), second.metadata.is_none()), ("session.deleted", true));
    assert_eq!((only.event_type.as_str(), only.session_id.as_str()), ("session.deleted", "b"));
    client.stop().await;
}

#[tokio::test]
async fn helpers_of_a_session() {
    let client = fake_client(json!([
        {"on": {"method": "session.tasks.cancel", "where": {"id": "t"}}, "do": [{"reply": {"result": {"cancelled": true}}}]},
        {"on": {"method": "session.tasks.cancel"}, "do": [{"reply": {"result": {"cancelled": false}}}]},
    ]));
    let session = client.create_session(SessionConfig::default()).await.unwrap();
    let id: Value = (*session.id()).into();
    let choice = ModelChoice { reasoning_effort: Some("odd".into()), ..ModelChoice::default() };
    session.set_model("m", &choice).await.unwrap();
    session.set_model("m", &ModelChoice::default()).await.unwrap();
    let switched = received(&client, "session.model.switchTo").await;
    assert_eq!(switched[0], json!({"sessionId": id, "modelId": "m", "reasoningEffort": "odd"}));
    assert_eq!(switched[1], json!({"sessionId": id, "modelId": "m"}));
    let wrong = ModelChoice { context_tier: Some("endless".into()), ..ModelChoice::default() };
    let refused = session.set_model("m", &wrong).await.unwrap_err();
    assert!(refused.message().contains("long_context"), "{refused}");
    let options = LogOptions { level: Some("warning".into()), ephemeral: Some(false) };
    session.log("hello", &options).await.unwrap();
    let logged = received(&client, "session.log").await;
    assert_eq!(
        logged,
        [json!({"sessionId": id, "message": "hello", "level": "warning", "ephemeral": false})]
    );
    let wrong = LogOptions { level: Some("loud".into()), ephemeral: None };
    assert_eq!(session.log("x", &wrong).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert!(session.cancel_task("t").await.unwrap());
    assert!(!session.cancel_task("other").await.unwrap());
    client.stop().await;
}

#[tokio::test]
async fn questions_to_a_person() {
    let answers = |answers: Vec<Value>| {
        let rule = |answer: Value| json!({"on": {"method": "session.ui.elicitation", "nth": 1}, "do": [{"reply": {"result": answer}}]});
        answers.into_iter().map(rule).collect::<Vec<_>>()
    };
    let accept = |content: Value| json!({"action": "accept", "content": content});
    let mut script = answers(vec![
        accept(json!({"confirmed": true})),
        accept(json!({"confirmed": "true"})),
        json!({"action": "decline", "content": {"confirmed": true}}),
        accept(json!({"selection": "b"})),
        json!({"action": "cancel"}),
        accept(json!({"value": "text"})),
    ]);
    let able = json!({"ui": {"elicitation": true}});
    script.push(json!({"on": {"method": "session.create", "nth": 2}, "do": [
        {"reply": {"result": {"sessionId": "$params.sessionId", "capabilities": able}}}]}));
    let client = fake_client(json!(script));
    let mute = client.create_session(SessionConfig::default()).await.unwrap();
    assert_eq!(mute.confirm("?").await.unwrap_err().kind(), ErrorKind::Unsupported);
    let session = client.create_session(SessionConfig::default()).await.unwrap();
    assert!(session.can_elicit() && !mute.can_elicit());
    assert!(session.confirm("sure?").await.unwrap());
    assert!(!session.confirm("sure?").await.unwrap() && !session.confirm("sure?").await.unwrap());
    assert_eq!(session.select("which?", &["a", "b"]).await.unwrap().as_deref(), Some("b"));
    assert_eq!(session.select("which?", &["a", "b"]).await.unwrap(), None);
    let options = json!({"minLength": 0, "title": "T"}).as_object().unwrap().clone();
    assert_eq!(session.input("name?", options).await.unwrap().as_deref(), Some("text"));
    let sent = received(&client, "session.ui.elicitation").await;
    assert_eq!(
        sent[0]["requestedSchema"],
        json!({"type": "object", "required": ["confirmed"],
        "properties": {"confirmed": {"type": "boolean", "default": true}}})
    );
    assert_eq!(
        sent[3]["requestedSchema"]["properties"]["selection"],
        json!({"type": "string", "enum": ["a", "b"]})
    );
    let field = json!({"type": "string", "minLength": 0, "title": "T"});
    assert_eq!(sent[5]["requestedSchema"]["properties"]["value"], field);
    client.stop().await;
}

#[tokio::test]
async fn leaving_a_session() {
    let unknown = json!({"reply": {"error": {"code": -32601, "message": "Unhandled method session.detach"}}});
    let newer = json!({"on": {"method": "connect"}, "do": [
        {"reply": {"result": {"ok": true, "protocolVersion": 3, "version": "1.0.104"}}}]});
    let client = fake_client(json!([]));
    client.create_session(SessionConfig::default()).await.unwrap().disconnect().await.unwrap();
    assert_eq!(received(&client, "session.detach").await.len(), 0, "as programs of the baseline expect");
    client.stop().await;

    let client = fake_client(json!([newer, {"on": {"method": "session.detach"}, "do": [unknown]}]));
    for _ in 0..2 {
        client.create_session(SessionConfig::default()).await.unwrap().disconnect().await.unwrap();
    }
    assert_eq!(received(&client, "session.detach").await.len(), 1, "an old runtime is asked once");
    assert_eq!(received(&client, "session.destroy").await.len(), 2);
    client.stop().await;

    let mute = json!({"reply": {"result": {"success": false}}});
    let client = fake_client(json!([{"on": {"method": "session.detach"}, "do": [mute]}]));
    client.create_session(SessionConfig::default()).await.unwrap().disconnect().await.unwrap();
    assert_eq!(received(&client, "session.destroy").await.len(), 1, "refused without a reason");
    client.stop().await;

    let refuses = json!({"reply": {"result": {"success": false, "error": "busy"}}});
    let client = fake_client(json!([newer, {"on": {"method": "session.detach", "nth": 1}, "do": [refuses]}]));
    let session = client.create_session(SessionConfig::default()).await.unwrap();
    let refused = session.disconnect().await.unwrap_err();
    assert!(refused.message().ends_with("busy") && refused.message().contains(&*session.id()), "{refused}");
    session.send("still there").await.unwrap();
    session.disconnect().await.unwrap();
    session.disconnect().await.unwrap();
    assert_eq!(received(&client, "session.detach").await.len(), 2, "a session is left once");
    let other = client.create_session(SessionConfig::default()).await.unwrap();
    other.destroy().await.unwrap();
    other.destroy().await.unwrap();
    assert_eq!(received(&client, "session.destroy").await, [json!({"sessionId": *other.id()})]);
    assert_eq!(other.send("x").await.unwrap_err().kind(), ErrorKind::SessionClosed);
    client.stop().await;
}

/// The kind of the answer to one permission request; none when nobody answers.
async fn decided(
    handler: impl PermissionHandler + 'static,
    config: SessionConfig,
    human: bool,
) -> Option<Value> {
    // Silence can only be waited for.
    let patience = if human { 300 } else { 20_000 };
    let asked =
        json!({"requestId": "p", "permissionRequest": {"kind": "shell", "managedApprovalRequired": human}});
    let client = fake_client(json!([{"on": {"method": "test.ask"}, "do": [
        {"event": {"type": "permission.requested", "data": asked}},
        {"expect": {"method": "session.permissions.handlePendingPermissionRequest", "as": "answer", "timeoutMs": patience}},
        {"reply": {"result": {"answer": "$answer.params.result.kind"}}}]}]));
    let mut spec = SessionSpec::new(config);
    spec.handlers.permission = Some(Arc::new(handler));
    let session = client.create_session(spec).await.unwrap();
    let answer: Value = serde_json::from_slice(&session.call("test.ask", "{}").await.unwrap()).unwrap();
    client.stop().await;
    Some(answer["answer"].clone()).filter(|kind| *kind != "$answer.params.result.kind")
}

#[tokio::test]
async fn ready_made_permission_handlers() {
    let free = SessionConfig::default;
    let managed = |members: Value| serde_json::from_value::<SessionConfig>(members).unwrap();
    let kind = |name: &str| Some(Value::from(name));
    assert_eq!(decided(ApproveAll, free(), false).await, kind("approve-once"));
    assert_eq!(decided(ApproveAll, free(), true).await, None);
    for members in [json!({"enableManagedSettings": true}), json!({"managedSettings": {}})] {
        assert_eq!(decided(ApproveAll, managed(members), false).await, kind("user-not-available"));
    }
    assert_eq!(
        decided(ApproveAll, managed(json!({"enableManagedSettings": false})), false).await,
        kind("approve-once")
    );
    assert_eq!(decided(DenyAll, free(), false).await, kind("reject"));
    assert_eq!(decided(ApproveIf(|asked: &_| is_shell(asked)), free(), false).await, kind("approve-once"));
    assert_eq!(decided(ApproveIf(|asked: &_| is_shell(asked)), free(), true).await, None);
    assert_eq!(decided(ApproveIf(|asked: &_| !is_shell(asked)), free(), false).await, kind("reject"));
}

fn is_shell(asked: &copilot_core::handlers::PermissionRequest) -> bool {
    asked.kind() == "shell"
}

/// What the real runtime answers fits the types.
#[tokio::test]
async fn the_real_runtime_is_understood() {
    let Some(path) = real_runtime() else { return eprintln!("skipped: no COPILOT_CLI_PATH") };
    let home = tempfile::tempdir().unwrap();
    let client = Client::new(ClientOptions {
        connection: Some(RuntimeConnection::stdio(path.to_string_lossy())),
        base_directory: Some(home.path().to_string_lossy().into_owned()),
        use_logged_in_user: Some(false),
        ..ClientOptions::default()
    })
    .unwrap();
    let mut lifecycle = client.lifecycle_events_of("session.created");
    let info = client.start().await.unwrap();
    assert_eq!(client.ping(Some("x")).await.unwrap().message, "pong: x");
    assert_eq!(Some(client.get_status().await.unwrap().version), info.version);
    assert!(!client.get_auth_status().await.unwrap().is_authenticated);
    assert_eq!(client.get_last_session_id().await.unwrap(), None);
    assert_eq!(client.get_foreground_session_id().await.unwrap(), None);
    assert!(client.list_sessions(Some(&SessionListFilter::default())).await.unwrap().is_empty());
    let provider = json!({"type": "openai", "baseUrl": "http://127.0.0.1:1/v1", "apiKey": "none"});
    let config =
        SessionConfig { model: Some("m".into()), provider: Some(provider), ..SessionConfig::default() };
    let make = || client.create_session(config.clone());
    let session: Session = make().await.unwrap();
    assert_eq!(lifecycle.next().await.unwrap().session_id, &*session.id());
    assert!(session.log("hello", &LogOptions::default()).await.unwrap().is_some());
    session.set_model("n", &ModelChoice::default()).await.unwrap();
    assert!(!session.cancel_task("nobody").await.unwrap());
    assert_eq!(session.confirm("?").await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(client.set_foreground_session_id(&session.id()).await.is_err());
    session.disconnect().await.unwrap();
    make().await.unwrap().destroy().await.unwrap();
    let seen = client.diagnostics();
    assert_eq!((seen.open_sessions, seen.pending_calls, seen.counters.late_results), (0, 0, 0), "{seen:?}");
    assert!(client.stop().await.errors.is_empty());
}
