//! Model requests passed on by the engine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{call, fake_options, real_runtime};
use async_trait::async_trait;
use bytes::Bytes;
use copilot_core::forward::{Forward, ForwardHead, ForwardSteps};
use copilot_core::handlers::{LlmHandler, LlmRequest};
use copilot_core::{Client, ClientCallbacks, ClientOptions, Result, RuntimeConnection, SessionConfig};
use copilot_testkit::ScriptedModel;
use copilot_testkit::model::ModelScript;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const LIMIT: Duration = Duration::from_secs(60);

fn client(options: ClientOptions, handler: Arc<dyn LlmHandler>) -> Client {
    let callbacks = ClientCallbacks { llm: Some(handler), ..ClientCallbacks::default() };
    Client::with_callbacks(options, callbacks).unwrap()
}

/// Counts, and changes one thing at each step.
#[derive(Default)]
struct Changing {
    urls: Mutex<Vec<String>>,
    pieces: AtomicUsize,
    statuses: Mutex<Vec<u16>>,
}

#[async_trait]
impl ForwardSteps for Changing {
    async fn request(&self, request: &mut LlmRequest, body: &mut Bytes) -> Result<()> {
        self.urls.lock().unwrap().push(request.url.clone());
        let text = String::from_utf8_lossy(body).replace("spoken plainly", "changed on the way");
        *body = text.into();
        Ok(())
    }

    async fn head(&self, _: &LlmRequest, head: &mut ForwardHead) -> Result<()> {
        self.statuses.lock().unwrap().push(head.status);
        Ok(())
    }

    async fn data(&self, _: &LlmRequest, data: Bytes) -> Result<Bytes> {
        self.pieces.fetch_add(1, Ordering::Relaxed);
        Ok(String::from_utf8_lossy(&data).replace("magpie", "raven").into())
    }

    async fn message_out(&self, _: &LlmRequest, message: String) -> Result<Option<String>> {
        Ok((message != "drop me").then(|| message.to_uppercase()))
    }

    async fn message_in(&self, _: &LlmRequest, message: String) -> Result<Option<String>> {
        Ok(Some(format!("<{message}>")))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_of_the_real_runtime_passes_through() {
    let script = json!([{"chunks": ["a ", "magpie ", "sings"], "chunkDelayMs": 30, "repeat": true}]);
    let model = ScriptedModel::start(ModelScript::from_value(script).unwrap()).unwrap();
    let path = real_runtime().expect("COPILOT_CLI_PATH names no runtime: run make runtime");
    let home = tempfile::tempdir().unwrap();
    let steps = Arc::new(Changing::default());
    let options = ClientOptions {
        connection: Some(RuntimeConnection::Stdio {
            path: Some(path.to_string_lossy().into_owned()),
            args: Vec::new(),
            env: None,
        }),
        base_directory: Some(home.path().to_string_lossy().into_owned()),
        use_logged_in_user: Some(false),
        ..ClientOptions::default()
    };
    let client = client(options, Forward::with_steps(Arc::clone(&steps)).unwrap());
    let session = client
        .create_session(SessionConfig {
            model: Some("scripted".into()),
            provider: Some(json!({"type": "openai", "baseUrl": model.base_url(), "apiKey": "none"})),
            streaming: Some(true),
            ..SessionConfig::default()
        })
        .await
        .unwrap();
    let answer = session.send_and_wait("spoken plainly", Some(LIMIT)).await.unwrap().unwrap();
    assert_eq!(answer.data::<Value>().unwrap()["content"], "a raven sings");
    assert!(model.requests().last().unwrap()["messages"].to_string().contains("changed on the way"));
    assert!(steps.urls.lock().unwrap().iter().any(|url| url.ends_with("/chat/completions")));
    assert!(steps.pieces.load(Ordering::Relaxed) > 1, "the answer was streamed");
    assert_eq!(steps.statuses.lock().unwrap().last(), Some(&200));
    client.stop().await;
}

/// What the fake runtime received of the answer with this id: the head, and the chunks.
async fn answered(client: &Client, id: &str) -> (Value, Vec<Value>) {
    for _ in 0..600 {
        let of = async |method: &str| {
            let wanted = json!({"method": method, "where": {"requestId": id}});
            let found = call(client, "fake.received", wanted).await["messages"].take();
            found.as_array().unwrap().iter().map(|message| message["params"].clone()).collect::<Vec<_>>()
        };
        let chunks = of("llmInference.httpResponseChunk").await;
        if chunks.iter().any(|chunk| chunk["end"] == true) {
            return (of("llmInference.httpResponseStart").await.remove(0), chunks);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the answer {id} did not end");
}

async fn ask(client: &Client, method: &str, params: Value) {
    call(client, "fake.request", json!({"method": format!("llmInference.{method}"), "params": params})).await;
}

fn answering() -> ClientOptions {
    let accept =
        |method: &str| json!({"on": {"method": method}, "do": [{"reply": {"result": {"accepted": true}}}]});
    let rules =
        ["llmInference.setProvider", "llmInference.httpResponseStart", "llmInference.httpResponseChunk"];
    fake_options(rules.iter().map(|method| accept(method)).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_goes_both_ways() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/responses", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let mut heard = Vec::new();
        while let Some(Ok(message)) = socket.next().await {
            let Ok(text) = message.to_text() else { continue };
            if message.is_close() {
                break;
            }
            heard.push(text.to_owned());
            socket.send(format!("heard {text}").into()).await.unwrap();
        }
        heard
    });
    let client = client(answering(), Forward::with_steps(Arc::new(Changing::default())).unwrap());
    client.start().await.unwrap();
    let start = json!({"requestId": "w", "method": "GET", "url": url, "headers": {"x-a": ["1"]}, "transport": "websocket"});
    ask(&client, "httpRequestStart", start).await;
    for data in ["one", "drop me", "two"] {
        ask(&client, "httpRequestChunk", json!({"requestId": "w", "data": data})).await;
    }
    for _ in 0..600 {
        let wanted = json!({"method": "llmInference.httpResponseChunk", "where": {"requestId": "w"}});
        if call(&client, "fake.received", wanted).await["count"].as_u64() >= Some(2) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ask(&client, "httpRequestChunk", json!({"requestId": "w", "data": "", "end": true})).await;
    let (head, chunks) = answered(&client, "w").await;
    assert_eq!(head["status"], 101);
    let said: Vec<_> = chunks.iter().map(|chunk| chunk["data"].as_str().unwrap()).collect();
    assert_eq!(said, ["<heard ONE>", "<heard TWO>", ""]);
    assert_eq!(server.await.unwrap(), ["ONE", "TWO"]);
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_server_is_said_to_be_so() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = client(answering(), Forward::new().unwrap());
    client.start().await.unwrap();
    for (id, scheme, transport) in [("h", "http", "http"), ("s", "ws", "websocket")] {
        let url = format!("{scheme}://{closed}/x");
        let start =
            json!({"requestId": id, "method": "POST", "url": url, "headers": {}, "transport": transport});
        ask(&client, "httpRequestStart", start).await;
        ask(&client, "httpRequestChunk", json!({"requestId": id, "data": "{}", "end": true})).await;
        let (head, chunks) = answered(&client, id).await;
        assert_eq!(head["status"], 502);
        let message = chunks[0]["error"]["message"].as_str().unwrap();
        assert!(message.contains(&url) && message.to_lowercase().contains("refused"), "{message}");
    }
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_request_drops_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut piece = [0; 4096];
        loop {
            stream.readable().await.unwrap();
            match stream.try_read(&mut piece) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    });
    let client = client(answering(), Forward::new().unwrap());
    client.start().await.unwrap();
    ask(&client, "httpRequestStart", json!({"requestId": "c", "method": "POST", "url": url, "headers": {}}))
        .await;
    ask(&client, "httpRequestChunk", json!({"requestId": "c", "data": "{}", "end": true})).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    ask(
        &client,
        "httpRequestChunk",
        json!({"requestId": "c", "data": "", "cancel": true, "cancelReason": "why not"}),
    )
    .await;
    tokio::time::timeout(LIMIT, server).await.unwrap().unwrap();
    let (head, chunks) = answered(&client, "c").await;
    assert_eq!((&head["status"], &chunks[0]["error"]["code"]), (&json!(499), &json!("cancelled")));
    client.stop().await;
}
