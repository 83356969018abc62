//! MCP servers, agents and skills.

use copilot_testkit::mcp::{McpHttpServer, stdio_program};
use serde_json::{Value, json};

use crate::support::{World, calls, done, say};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_over_stdio_offers_a_tool() {
    let world = World::new(json!([calls("probe-echo", json!({"text": "hi"})), done()])).await;
    let client = world.client().await;
    let server = json!({"type": "local", "command": stdio_program().unwrap(), "args": [], "tools": ["*"]});
    let spec = world.spec(json!({"mcpServers": {"probe": server}}), Default::default());
    let session = client.create_session(spec).await.unwrap();
    assert_eq!(say(&session, "use the server").await, "done");
    assert!(world.offered().contains(&"probe-echo".to_owned()), "{:?}", world.offered());
    assert!(world.last_message().contains("echo: hi"));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_over_http_offers_a_tool_and_gets_its_headers() {
    let world = World::new(json!([calls("web-echo", json!({"text": "ho"})), done()])).await;
    let http = McpHttpServer::start(Some("sesame")).unwrap();
    let client = world.client().await;
    let server = json!({"type": "http", "url": http.url(), "headers": {"Authorization": "Bearer sesame"}, "tools": ["*"]});
    let spec = world.spec(json!({"mcpServers": {"web": server}}), Default::default());
    let session = client.create_session(spec).await.unwrap();
    assert_eq!(say(&session, "use the server").await, "done");
    assert!(world.last_message().contains("echo: ho"));
    let called: Vec<_> = http.messages().iter().map(|message| message["method"].clone()).collect();
    assert!(called.contains(&json!("tools/call")), "{called:?}");
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_and_skills_are_found_and_chosen() {
    let world = World::new(json!([])).await;
    let skill = world.home.path().join("skills/tea");
    std::fs::create_dir_all(&skill).unwrap();
    std::fs::write(skill.join("SKILL.md"), "---\nname: tea\ndescription: Brews tea\n---\nBoil water.\n")
        .unwrap();
    let client = world.client().await;
    let config = json!({
        "customAgents": [{"name": "critic", "description": "Criticises", "prompt": "Be harsh."}],
        "skillDirectories": [skill.parent().unwrap()],
    });
    let session = client.create_session(world.spec(config, Default::default())).await.unwrap();
    let call = async |method: &str, params: Value| -> Value {
        serde_json::from_slice(&session.call(method, &params.to_string()).await.unwrap()).unwrap()
    };
    let agents = call("session.agent.list", json!({})).await;
    assert!(agents["agents"].as_array().unwrap().iter().any(|agent| agent["name"] == "critic"), "{agents}");
    call("session.agent.select", json!({"name": "critic"})).await;
    assert_eq!(call("session.agent.getCurrent", json!({})).await["agent"]["name"], "critic");
    say(&session, "hi").await;
    assert!(world.last_messages().contains("Be harsh."));
    let skills = call("session.skills.list", json!({})).await;
    assert!(skills["skills"].as_array().unwrap().iter().any(|skill| skill["name"] == "tea"), "{skills}");
    client.stop().await;
}
