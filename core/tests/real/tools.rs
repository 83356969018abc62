//! Tools of the program, and what the runtime makes of their results.

use std::sync::Arc;

use copilot_core::handlers::ToolHandler;
use copilot_core::{Error, ErrorKind, Handlers};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::{Asked, LIMIT, World, calls, done, say, tool, tools, until};

pub fn handlers(tools: &[(&str, &Arc<Asked>)]) -> Handlers {
    let tools =
        tools.iter().map(|(name, asked)| ((*name).to_owned(), Arc::clone(asked) as Arc<dyn ToolHandler>));
    Handlers { tools: tools.collect(), ..Handlers::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_result_reaches_the_model() {
    let call = |name: &str, nth: usize| json!({"when": {"nth": nth}, "toolCalls": [{"name": name, "arguments": {"n": nth}}]});
    let script = json!([
        call("text", 1),
        call("object", 2),
        call("failing", 3),
        call("refusing", 4),
        call("silent", 5),
        call("binary", 6),
        done()
    ]);
    let world = World::new(script).await;
    let text = Asked::answering("plain text".into());
    let object = Asked::answering(json!({"textResultForLlm": "from an object", "resultType": "success"}));
    let failing = Asked::new(|_| Err(Error::new(ErrorKind::HandlerFailed, "a secret detail")));
    let refusing = Asked::answering(json!({"textResultForLlm": "better not", "resultType": "denied"}));
    let silent = Asked::answering(Value::Null);
    let binary = Asked::answering(json!({
        "textResultForLlm": "a picture", "resultType": "success",
        "binaryResultsForLlm": [{"data": "iVBORw0KGgo=", "mimeType": "image/png", "type": "image"}]}));
    let served = handlers(&[
        ("text", &text),
        ("object", &object),
        ("failing", &failing),
        ("refusing", &refusing),
        ("silent", &silent),
        ("binary", &binary),
    ]);
    let names = ["text", "object", "failing", "refusing", "silent", "binary"];
    let client = world.client().await;
    let mut spec = world.spec(json!({"tools": tools(&names)}), served);
    let mut events = spec.subscribe();
    let session = client.create_session(spec).await.unwrap();
    assert_eq!(say(&session, "go").await, "done");
    assert_eq!(text.seen(), [json!({"n": 1})]);
    let messages = world.last_messages();
    for expected in ["plain text", "from an object", "better not", "a picture"] {
        assert!(messages.contains(expected), "{expected}: {messages}");
    }
    assert!(!messages.contains("a secret detail"), "the model does not see what went wrong inside");
    let mut outcomes = Vec::new();
    while let Some(event) = events.try_next() {
        if event.event_type() == "tool.execution_complete" {
            outcomes.push(event.data::<Value>().unwrap()["success"].as_bool().unwrap());
        }
    }
    assert_eq!(outcomes[..3], [true, true, false]);
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_calls_of_one_answer_run_at_once() {
    let both = json!([{"when": {"lastRole": "user"}, "toolCalls": [
        {"name": "meet", "arguments": {"n": 1}}, {"name": "meet", "arguments": {"n": 2}}]}, done()]);
    let world = World::new(both).await;
    let meeting = Arc::new(Meeting(tokio::sync::Barrier::new(2)));
    let served = Handlers {
        tools: [("meet".to_owned(), meeting as Arc<dyn ToolHandler>)].into(),
        ..Handlers::default()
    };
    let client = world.client().await;
    let session =
        client.create_session(world.spec(json!({"tools": tools(&["meet"])}), served)).await.unwrap();
    assert_eq!(say(&session, "meet").await, "done");
    client.stop().await;
}

/// Each of two calls waits for the other.
struct Meeting(tokio::sync::Barrier);

#[async_trait::async_trait]
impl ToolHandler for Meeting {
    async fn call(
        &self,
        _: &copilot_core::handlers::CallContext,
        _: copilot_core::handlers::ToolInvocation,
    ) -> copilot_core::Result<copilot_core::handlers::ToolResult> {
        self.0.wait().await;
        Ok("met".into())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_own_tool_takes_the_place_of_a_built_in_one() {
    let world = World::new(json!([calls("view", json!({"text": "x"})), done()])).await;
    let own = Asked::answering("my own view".into());
    let mut definition = tool("view");
    definition["overridesBuiltInTool"] = true.into();
    let client = world.client().await;
    let spec = world.spec(json!({"tools": [definition]}), handlers(&[("view", &own)]));
    let session = client.create_session(spec).await.unwrap();
    assert_eq!(say(&session, "look").await, "done");
    assert_eq!(own.seen().len(), 1);
    assert!(world.last_message().contains("my own view"));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_asks_for_permission_unless_it_says_otherwise() {
    let world = World::new(json!([calls("guarded", json!({})), done()])).await;
    let own = Asked::answering("done it".into());
    let permission = Asked::answering(json!({"kind": "reject", "feedback": "ask me tomorrow"}));
    let mut definition = tool("guarded");
    definition["skipPermission"] = false.into();
    let mut served = handlers(&[("guarded", &own)]);
    served.permission = Some(Arc::clone(&permission) as _);
    let client = world.client().await;
    let session = client.create_session(world.spec(json!({"tools": [definition]}), served)).await.unwrap();
    say(&session, "go").await;
    assert_eq!(permission.seen()[0]["kind"], "custom-tool");
    assert_eq!(own.seen(), Vec::<Value>::new());
    assert!(world.last_message().contains("ask me tomorrow"));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abort_ends_a_running_tool() {
    let world = World::new(json!([calls("endless", json!({}))])).await;
    let (endless, mut told) = Endless::new();
    let served = Handlers {
        tools: [("endless".to_owned(), endless as Arc<dyn ToolHandler>)].into(),
        ..Handlers::default()
    };
    let client = world.client().await;
    let session =
        client.create_session(world.spec(json!({"tools": tools(&["endless"])}), served)).await.unwrap();
    let mut events = session.events();
    session.send("go").await.unwrap();
    // A tool that an abort meets before it began never begins, and has nothing to end.
    assert_eq!(tokio::time::timeout(LIMIT, told.recv()).await.unwrap(), Some(Told::Began));
    session.abort().await.unwrap();
    until(&mut events, "session.idle", &mut Vec::new()).await;
    assert_eq!(tokio::time::timeout(LIMIT, told.recv()).await.unwrap(), Some(Told::Ended));
    assert!(say(&session, "still there?").await.contains("still there?"));
    client.stop().await;
}

/// Runs until it is dropped; tells when it began and when it ended.
struct Endless(UnboundedSender<Told>);

#[derive(Debug, PartialEq)]
enum Told {
    Began,
    Ended,
}

struct TellsEnd(UnboundedSender<Told>);

impl Drop for TellsEnd {
    fn drop(&mut self) {
        let _ = self.0.send(Told::Ended);
    }
}

impl Endless {
    fn new() -> (Arc<Self>, UnboundedReceiver<Told>) {
        let (sender, receiver) = unbounded_channel();
        (Arc::new(Self(sender)), receiver)
    }
}

#[async_trait::async_trait]
impl ToolHandler for Endless {
    async fn call(
        &self,
        _: &copilot_core::handlers::CallContext,
        _: copilot_core::handlers::ToolInvocation,
    ) -> copilot_core::Result<copilot_core::handlers::ToolResult> {
        let _end = TellsEnd(self.0.clone());
        self.0.send(Told::Began).unwrap();
        std::future::pending().await
    }
}
