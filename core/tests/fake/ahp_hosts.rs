//! Hosts for the Agent Host Protocol, on the fake runtime.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{call, fake_client};
use async_trait::async_trait;
use copilot_core::handlers::{
    AhpAuthenticationRequest, AhpHostExit, AhpIdentity, AhpSessionReleased, AhpSessionRequest,
};
use copilot_core::{
    AhpHostHandler, AhpHostOptions, Client, Error, ErrorKind, Result, SessionConfig, SessionSpec,
};
use serde_json::{Value, json};

/// Answers `host.start`; sends what a test asks for.
fn script() -> Value {
    let tell = |method: &str, name: &str| json!({"on": {"method": name}, "do": [{"notify": {"method": method, "params": "$params"}}, {"reply": {"result": {}}}]});
    json!([
        {"on": {"method": "host.start"}, "do": [{"reply": {"result": {"hostId": "$params.hostId", "url": "ws://127.0.0.1:9/"}}}]},
        {"on": {"method": "host.publishSession"}, "do": [{"reply": {"result": {"sessionId": "s", "sessionUri": "ahp-session:/s"}}}]},
        {"on": {"method": "host.unpublishSession"}, "do": [{"reply": {"result": {"unpublished": true}}}]},
        {"on": {"method": "host.listSessions"}, "do": [{"reply": {"result": {"sessions": [{"resource": "ahp-session:/s"}]}}}]},
        {"on": {"method": "host.setSessionCreationPolicy"}, "do": [{"reply": {"result": {}}}]},
        {"on": {"method": "host.dispose"}, "do": [
            {"notify": {"method": "host.exited", "params": {"hostId": "$params.hostId", "reason": "disposed"}}}, {"reply": {"result": {}}}]},
        tell("host.sessionReleased", "fake.release"), tell("host.exited", "fake.end"),
        tell("host.authenticationCancelled", "fake.cancelAuthentication")])
}

/// Keeps what it is told; answers by the token that it gets.
#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

impl Kept {
    fn keep(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    async fn wait_for(&self, count: usize) -> Vec<String> {
        for _ in 0..500 {
            let seen = self.0.lock().unwrap().clone();
            if seen.len() >= count {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.0.lock().unwrap());
    }
}

struct Dropped<'a>(&'a Kept);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.keep("given up".into());
    }
}

#[async_trait]
impl AhpHostHandler for Kept {
    async fn session(&self, client: &Client, request: AhpSessionRequest) -> Result<String> {
        match request.handoff_id.as_str() {
            "who" => {
                let identity = request.authentication.identity.unwrap_or_default();
                Err(Error::new(
                    ErrorKind::HandlerFailed,
                    format!("{:?} {identity}", request.authentication.mode),
                ))
            }
            "fails" => Err(Error::new(ErrorKind::HandlerFailed, "no room")),
            "panics" => panic!("no room"),
            "other" => Ok("another".into()),
            "not open" => Ok(request.session_id().to_owned()),
            _ => {
                let config = SessionConfig {
                    session_id: Some(request.session_id().to_owned()),
                    working_directory: request
                        .config
                        .get("workingDirectory")
                        .and_then(Value::as_str)
                        .map(Into::into),
                    ..SessionConfig::default()
                };
                let session = client.create_session(SessionSpec::new(config)).await?;
                Ok(session.id().to_string())
            }
        }
    }

    async fn authenticate(&self, request: AhpAuthenticationRequest) -> Result<Option<AhpIdentity>> {
        let found = |identity: &str, until: &str| {
            Ok(Some(AhpIdentity { identity: identity.into(), expires_at: until.into() }))
        };
        match request.token.0.as_str() {
            "good" => found("ada", "2999-01-01T00:00:00+01:00"),
            "another" => found("eve", "2999-01-01T00:00:00Z"),
            "over" => found("ada", "2001-01-01T00:00:00Z"),
            "odd" => found("ada", "tomorrow"),
            "slow" => {
                let _dropped = Dropped(self);
                self.keep("asked".into());
                std::future::pending().await
            }
            _ => Ok(None),
        }
    }

    async fn released(&self, released: AhpSessionReleased) {
        self.keep(format!("released {} {}", released.handoff_id, released.session_id));
    }

    async fn exited(&self, exit: AhpHostExit) {
        self.keep(format!("exited {} {:?}", exit.reason, exit.exit_code));
    }
}

fn options() -> AhpHostOptions {
    serde_json::from_value(json!({"localServer": {}, "sessionFactory": true, "authenticate": true,
        "authentication": {"mode": "custom", "requireIdentity": "ada"}}))
    .unwrap()
}

async fn ask(client: &Client, method: &str, params: Value) -> Value {
    call(client, "fake.request", json!({"method": method, "params": params})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_handed_over_and_released_once() {
    let client = fake_client(script());
    let kept = Arc::new(Kept::default());
    let host = client.start_ahp_host(options(), kept.clone()).await.unwrap();
    let id = host.host_id();
    let handoff = |handoff: &str| json!({"hostId": id, "handoffId": handoff, "config": {"sessionId": "s1", "workingDirectory": "/w"}});
    for (name, text) in [
        ("fails", "no room"),
        ("panics", "the handler panicked: no room"),
        ("other", "the host was asked for session s1, and its handler made another"),
        ("not open", "session s1 is not open on the client of the host"),
    ] {
        let answer = ask(&client, "host.materializeSession", handoff(name)).await;
        assert_eq!(answer["error"]["message"], text);
    }
    for (who, text) in [(json!({"mode": "github", "identity": "ada"}), "Github ada"), (Value::Null, "None ")]
    {
        let mut asked = handoff("who");
        asked["authentication"] = who;
        let answer = ask(&client, "host.materializeSession", asked).await;
        assert_eq!(answer["error"]["message"], text);
    }
    let answer = ask(&client, "host.materializeSession", handoff("who")).await;
    assert_eq!(answer["error"]["message"], "None ");
    let answer = ask(&client, "host.materializeSession", handoff("good")).await;
    assert_eq!(answer, json!({"result": {"sessionId": "s1"}}));
    let created = call(&client, "fake.received", json!({"method": "session.create"})).await;
    assert_eq!(created["messages"][0]["params"]["workingDirectory"], "/w");

    for _ in 0..2 {
        call(&client, "fake.release", json!({"hostId": id, "handoffId": "good"})).await;
    }
    for _ in 0..2 {
        call(&client, "fake.end", json!({"hostId": id, "reason": "exited", "exitCode": 7})).await;
    }
    call(&client, "fake.end", json!("odd")).await;
    assert_eq!(kept.wait_for(2).await, ["released good s1", "exited exited Some(7)"]);
    let answer = ask(&client, "host.materializeSession", handoff("late")).await;
    assert_eq!(answer["error"]["message"], format!("unknown host {id}"));
    assert!(client.stop().await.errors.is_empty());
    assert_eq!(kept.wait_for(2).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_let_in_but_whom_the_host_requires() {
    let client = fake_client(script());
    let kept = Arc::new(Kept::default());
    let host = client.start_ahp_host(options(), kept.clone()).await.unwrap();
    let token = |token: &str| json!({"hostId": host.host_id(), "requestId": token, "token": token});
    let known = json!({"result": {"identity": "ada", "expiresAt": "2999-01-01T00:00:00+01:00"}});
    assert_eq!(ask(&client, "host.validateAuthentication", token("good")).await, known);
    for refused in ["another", "over", "unknown"] {
        assert_eq!(
            ask(&client, "host.validateAuthentication", token(refused)).await,
            json!({"result": null})
        );
    }
    let odd = ask(&client, "host.validateAuthentication", token("odd")).await;
    assert_eq!(odd["error"]["message"], "expiresAt of the authentication is no time in RFC 3339");

    let asking = client.clone();
    let params = token("slow");
    let asked = tokio::spawn(async move { ask(&asking, "host.validateAuthentication", params).await });
    kept.wait_for(1).await;
    call(&client, "fake.cancelAuthentication", json!({"hostId": host.host_id(), "requestId": "slow"})).await;
    assert_eq!(asked.await.unwrap(), json!({"result": null}));
    assert_eq!(kept.wait_for(2).await, ["asked", "given up"]);
    client.stop().await;
    assert_eq!(kept.wait_for(3).await[2], "exited ownerDisconnected None");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_offers_sessions_and_ends() {
    let client = fake_client(script());
    let kept = Arc::new(Kept::default());
    let host = client.start_ahp_host(options(), kept.clone()).await.unwrap();
    assert_eq!((host.url(), host.token(), host.pid()), (Some("ws://127.0.0.1:9/"), None, None));
    assert_eq!(host.publish_session("s").await.unwrap(), "ahp-session:/s");
    assert_eq!(host.list_sessions().await.unwrap()[0]["resource"], "ahp-session:/s");
    assert!(host.unpublish_session("s").await.unwrap());
    host.set_allow_creating_new_sessions(false).await.unwrap();
    let told = call(&client, "fake.received", json!({"method": "host.setSessionCreationPolicy"})).await;
    assert_eq!(
        told["messages"][0]["params"],
        json!({"hostId": host.host_id(), "allowCreatingNewSessions": false})
    );
    let started = call(&client, "fake.received", json!({"method": "host.start"})).await;
    assert_eq!(
        started["messages"][0]["params"],
        json!({"hostId": host.host_id(), "localServer": {}, "sessionFactory": true,
            "authentication": {"mode": "custom", "requireIdentity": "ada"}})
    );
    let again = AhpHostOptions { host_id: Some(host.host_id().into()), ..options() };
    let error = client.start_ahp_host(again, kept.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    host.dispose().await.unwrap();
    assert_eq!(kept.wait_for(1).await, ["exited disposed None"]);
    client.force_stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_is_given_up_leaves_no_host() {
    let client = fake_client(json!([
        {"on": {"method": "host.start"}, "do": [{"sleep": 300}, {"reply": {"result": {"hostId": "$params.hostId"}}}]},
        {"on": {"method": "host.dispose"}, "do": [{"reply": {"result": {}}}]}]));
    client.start().await.unwrap();
    let starting = client.start_ahp_host(options(), Arc::new(Kept::default()));
    tokio::time::timeout(Duration::from_millis(100), starting).await.unwrap_err();
    let wait = json!({"method": "host.dispose"});
    for _ in 0..500 {
        if call(&client, "fake.received", wait.clone()).await["count"] == 1 {
            return client.force_stop().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the host was left behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_that_dies_ends_its_hosts() {
    let client = fake_client(script());
    let kept = Arc::new(Kept::default());
    client.start_ahp_host(options(), kept.clone()).await.unwrap();
    client.force_stop().await;
    assert_eq!(kept.wait_for(1).await, ["exited ownerDisconnected None"]);
}

#[tokio::test]
async fn options_that_contradict_each_other_are_refused_before_anything_starts() {
    let client = fake_client(json!([]));
    for (given, option) in [
        (json!({}), "localServer"),
        (json!({"githubEnvironment": {}, "authentication": {"mode": "none"}}), "githubEnvironment"),
        (json!({"localServer": {}, "authentication": {"mode": "custom"}}), "authentication.requireIdentity"),
        (
            json!({"localServer": {}, "authentication": {"mode": "custom", "requireIdentity": " "}}),
            "authentication.requireIdentity",
        ),
        (
            json!({"localServer": {}, "authentication": {"mode": "custom", "requireIdentity": "a"}}),
            "authenticate",
        ),
    ] {
        let options: AhpHostOptions = serde_json::from_value(given).unwrap();
        let error = client.start_ahp_host(options, Arc::new(Kept::default())).await.unwrap_err();
        let reason = error.reason().unwrap();
        assert_eq!(
            (reason.code(), &reason.params()["option"]),
            ("option.invalid", &json!(option)),
            "{error}"
        );
    }
    assert_eq!(client.state().name(), "disconnected");
}
