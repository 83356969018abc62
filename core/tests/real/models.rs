//! Model requests answered by the program itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use copilot_core::handlers::{LlmBody, LlmHandler, LlmRequest, LlmResponse};
use copilot_core::{Client, ClientCallbacks, Result};
use serde_json::{Map, Value, json};

use crate::support::{World, eventually, say, until};

/// Answers in two pieces; a prompt with "forever" never.
#[derive(Default)]
struct Model {
    waits: AtomicBool,
    left: AtomicBool,
}

struct Leaving<'a>(&'a AtomicBool);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn chunk(delta: &Value, finish: &Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    let body = json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "scripted",
        "choices": [choice]});
    format!("data: {body}\n\n")
}

#[async_trait]
impl LlmHandler for Model {
    async fn serve(&self, request: LlmRequest, body: LlmBody, response: Arc<dyn LlmResponse>) -> Result<()> {
        assert!(request.url.ends_with("/chat/completions"), "{}", request.url);
        assert_eq!(request.method, "POST");
        let asked: Value = serde_json::from_slice(&body.collect().await?).unwrap();
        if asked["messages"].to_string().contains("forever") {
            let _leaving = Leaving(&self.left);
            self.waits.store(true, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        let headers = Map::from_iter([("content-type".to_owned(), json!(["text/event-stream"]))]);
        response.start(200, Some("OK"), headers).await?;
        response.write_text(&chunk(&json!({"role": "assistant", "content": "made "}), &Value::Null)).await?;
        let rest = chunk(&json!({"content": "at home"}), &Value::Null)
            + &chunk(&json!({}), &json!("stop"))
            + "data: [DONE]\n\n";
        response.write_bytes(rest.as_bytes()).await?;
        response.end().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_is_the_model() {
    let world = World::new(json!([])).await;
    let model = Arc::new(Model::default());
    let callbacks = ClientCallbacks { llm: Some(Arc::clone(&model) as _), ..ClientCallbacks::default() };
    let client = Client::with_callbacks(world.options(), callbacks).unwrap();
    let config = json!({"streaming": true});
    let session = client.create_session(world.spec(config, Default::default())).await.unwrap();
    assert_eq!(say(&session, "where was it made?").await, "made at home");
    assert!(world.model.requests().is_empty(), "nothing went to the model itself");

    let mut events = session.events();
    session.send("take forever").await.unwrap();
    eventually("the model is asked", async || model.waits.load(Ordering::SeqCst)).await;
    session.abort().await.unwrap();
    until(&mut events, "session.idle", &mut Vec::new()).await;
    eventually("the exchange is given up", async || model.left.load(Ordering::SeqCst)).await;
    client.stop().await;
}
