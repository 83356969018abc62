//! Actions on the application's main thread, from the library of the test kit.

use std::sync::{Arc, Mutex};

use crate::support::{call, fake, fake_options};
use async_trait::async_trait;
use copilot_core::handlers::{UiAction, UiThreadHandler};
use copilot_core::{Client, ClientCallbacks, ClientOptions, Result, RuntimeConnection};
use serde_json::{Value, json};

/// Runs actions on a thread of its own, which stands for the main thread.
#[derive(Default)]
struct Main(Mutex<Vec<u32>>);

#[async_trait]
impl UiThreadHandler for Main {
    async fn run(&self, action: UiAction) -> Result<()> {
        self.0.lock().unwrap().push(action.id());
        std::thread::spawn(move || action.run()).join().unwrap()
    }
}

fn callbacks(main: &Arc<Main>) -> ClientCallbacks {
    ClientCallbacks { ui_thread: Some(main.clone()), ..ClientCallbacks::default() }
}

async fn run(client: &Client, params: Value) -> Value {
    call(client, "fake.request", json!({"method": "uiThread.run", "params": params})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_action_runs_once_on_the_thread_that_the_program_chose() {
    let library = std::env::var("COPILOT_FAKE_LIBRARY").expect("COPILOT_FAKE_LIBRARY: run make build-rust");
    let home = tempfile::tempdir().unwrap();
    let (program, args) = fake(json!([]), None);
    std::fs::write(home.path().join("fake-runtime"), [vec![program], args].concat().join("\n")).unwrap();
    let options = ClientOptions {
        connection: Some(RuntimeConnection::Inprocess { path: Some(library) }),
        base_directory: Some(home.path().to_string_lossy().into_owned()),
        ..ClientOptions::default()
    };
    let main = Arc::new(Main::default());
    let client = Client::with_callbacks(options.clone(), callbacks(&main)).unwrap();
    client.start().await.unwrap();
    assert_eq!(run(&client, json!({"actionId": 7})).await, json!({"result": null}));
    let again = run(&client, json!({"actionId": 7})).await;
    assert!(again["error"]["message"].as_str().unwrap().contains("UI action 7 was not run"), "{again}");
    assert_eq!(run(&client, json!({"actionId": -1})).await["error"]["code"], -32603);
    let ran = call(&client, "fake.received", json!({"method": "fake.uiAction"})).await;
    assert_eq!(ran["messages"][0]["params"], json!({"actionId": 7}));
    assert_eq!((&ran["count"], &*main.0.lock().unwrap()), (&json!(1), &vec![7, 7]));
    assert!(client.stop().await.errors.is_empty());

    // Without a handler the library is not told that actions can be run, and nobody serves them.
    let client = Client::new(options).unwrap();
    client.start().await.unwrap();
    assert_eq!(run(&client, json!({"actionId": 8})).await["error"]["code"], -32601);
    assert!(client.stop().await.errors.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_in_another_process_has_no_actions_to_run() {
    let main = Arc::new(Main::default());
    let client = Client::with_callbacks(fake_options(json!([])), callbacks(&main)).unwrap();
    client.start().await.unwrap();
    assert_eq!(run(&client, json!({"actionId": 7})).await["error"]["code"], -32601);
    assert_eq!(client.stop().await.errors, Vec::<String>::new());
}
