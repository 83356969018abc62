//! What the runtime asks the program: permissions, hooks, questions, forms, commands; and the system message.

use std::sync::Arc;

use copilot_core::Handlers;
use copilot_core::generated::api::PermissionsSetAllowAllRequest;
use copilot_core::handlers::{CommandHandler, HookHandler, TransformHandler};
use serde_json::{Value, json};

use crate::support::{Asked, World, calls, done, say, tools, until};
use crate::version::since;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_are_asked_by_kind_and_kept_to() {
    let world = World::new(json!([])).await;
    let folder = world.home.path().join("work");
    std::fs::create_dir(&folder).unwrap();
    let shell = json!({"command": format!("touch {}/made", folder.display()), "description": "make"});
    let script = json!([{"when": {"nth": 1}, "toolCalls": [{"name": "bash", "arguments": shell}]},
                        {"when": {"nth": 3}, "toolCalls": [{"name": "bash", "arguments": shell}]}, done()]);
    world.model.set_script(copilot_testkit::model::ModelScript::from_value(script).unwrap());
    let client = world.client().await;
    for (decision, made) in [("reject", false), ("approve-once", true)] {
        let feedback = (!made).then_some("not here");
        let permission = Asked::answering(json!({"kind": decision, "feedback": feedback}));
        let served = Handlers { permission: Some(Arc::clone(&permission) as _), ..Handlers::default() };
        let spec = world.spec(json!({"workingDirectory": folder}), served);
        let session = client.create_session(spec).await.unwrap();
        say(&session, "make a file").await;
        assert_eq!(permission.seen()[0]["kind"], "shell", "{decision}");
        assert_eq!(folder.join("made").exists(), made, "{decision}");
        session.disconnect().await.unwrap();
    }
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hooks_see_and_change() {
    let world = World::new(json!([calls("look", json!({"text": "x"})), done()])).await;
    let hook = Asked::new(|call| {
        Ok(match call["hook"].as_str().unwrap() {
            "userPromptSubmitted" => json!({"modifiedPrompt": "a changed prompt"}),
            "preToolUse" => json!({"permissionDecision": "allow"}),
            "postToolUse" => json!({"additionalContext": "said by the hook"}),
            _ => Value::Null,
        })
    });
    let names = ["sessionStart", "userPromptSubmitted", "preToolUse", "postToolUse", "sessionEnd"];
    let hooks = names.iter().map(|name| ((*name).to_owned(), Arc::clone(&hook) as Arc<dyn HookHandler>));
    let look = Asked::answering("plain".into());
    let served = Handlers {
        hooks: hooks.collect(),
        tools: [("look".to_owned(), Arc::clone(&look) as _)].into(),
        ..Handlers::default()
    };
    let client = world.client().await;
    let session =
        client.create_session(world.spec(json!({"tools": tools(&["look"])}), served)).await.unwrap();
    say(&session, "hello").await;
    let order: Vec<_> = hook.seen().iter().map(|call| call["hook"].as_str().unwrap().to_owned()).collect();
    let at = |name: &str| {
        order.iter().position(|each| each == name).unwrap_or_else(|| panic!("{name}: {order:?}"))
    };
    assert!(at("userPromptSubmitted") < at("preToolUse") && at("preToolUse") < at("postToolUse"));
    let prompt = hook.seen()[at("userPromptSubmitted")].clone();
    assert_eq!(prompt["input"]["prompt"], "hello");
    assert!(prompt["input"]["workingDirectory"].is_string());
    assert!(world.model.requests()[0]["messages"].to_string().contains("a changed prompt"));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_that_newer_runtimes_lack_work_where_they_are() {
    let world = World::new(json!([])).await;
    let client = world.client().await;
    let session = client.create_session(world.spec(json!({}), Handlers::default())).await.unwrap();
    let permissions = session.rpc().permissions();
    let mut request = PermissionsSetAllowAllRequest::new();
    request.enabled = Some(true);
    let set = permissions.set_allow_all(&request).await;
    if since(&client, [1, 0, 80], "it is what this test is about") {
        assert_eq!(set.unwrap_err().rpc_code(), Some(-32601));
    } else {
        assert!(set.unwrap().enabled);
        assert!(permissions.get_allow_all().await.unwrap().enabled);
    }
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_models_question_is_answered_by_the_program() {
    let question = json!({"question": "Which colour?", "choices": ["red", "blue"]});
    let world = World::new(json!([calls("ask_user", question), done()])).await;
    let person = Asked::answering(json!({"answer": "blue", "wasFreeform": false}));
    let served = Handlers { user_input: Some(Arc::clone(&person) as _), ..Handlers::default() };
    let client = world.client().await;
    let session = client.create_session(world.spec(json!({}), served)).await.unwrap();
    say(&session, "ask me").await;
    let asked = &person.seen()[0];
    assert_eq!((&asked["question"], &asked["choices"]), (&json!("Which colour?"), &json!(["red", "blue"])));
    assert!(world.last_message().contains("blue"));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_travels_through_the_runtime_and_back() {
    let world = World::new(json!([])).await;
    let person = Asked::answering(json!({"action": "accept", "content": {"confirmed": true}}));
    let served = Handlers { elicitation: Some(Arc::clone(&person) as _), ..Handlers::default() };
    let client = world.client().await;
    let session = client.create_session(world.spec(json!({}), served)).await.unwrap();
    assert_eq!(session.capabilities()["ui"]["elicitation"], true);
    let form = json!({"message": "Really?", "requestedSchema": {"type": "object", "required": ["confirmed"],
        "properties": {"confirmed": {"type": "boolean", "default": true}}}});
    let answer = session.call("session.ui.elicitation", &form.to_string()).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer, json!({"action": "accept", "content": {"confirmed": true}}));
    assert_eq!(person.seen()[0]["message"], "Really?");
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_runs_with_its_arguments() {
    let world = World::new(json!([])).await;
    let deploy = Asked::answering(Value::Null);
    let commands = [("deploy".to_owned(), Arc::clone(&deploy) as Arc<dyn CommandHandler>)].into();
    let served = Handlers { commands, ..Handlers::default() };
    let client = world.client().await;
    let declared = json!({"commands": [{"name": "deploy", "description": "Deploys"}]});
    let session = client.create_session(world.spec(declared, served)).await.unwrap();
    let mut events = session.events();
    let run = json!({"commandName": "deploy", "args": "to the moon"}).to_string();
    session.call("session.commands.execute", &run).await.unwrap();
    until(&mut events, "command.completed", &mut Vec::new()).await;
    let seen = &deploy.seen()[0];
    assert_eq!((&seen["commandName"], &seen["args"]), (&json!("deploy"), &json!("to the moon")));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_system_message_is_replaced_appended_to_or_rewritten() {
    let world = World::new(json!([])).await;
    let client = world.client().await;
    let transform = Asked::new(|section| Ok(format!("LOUD {}", section["section"].as_str().unwrap()).into()));
    let cases = [
        (json!({"mode": "replace", "content": "Only this."}), "Only this."),
        (json!({"mode": "append", "content": "And this."}), "And this."),
        (json!({"mode": "customize", "sections": {"tone": {"action": "transform"}}}), "LOUD tone"),
    ];
    for (message, expected) in cases {
        let transforms = [("tone".to_owned(), Arc::clone(&transform) as Arc<dyn TransformHandler>)].into();
        let served = Handlers { transforms, ..Handlers::default() };
        let spec = world.spec(json!({"systemMessage": message}), served);
        let session = client.create_session(spec).await.unwrap();
        say(&session, "hi").await;
        assert!(world.last_messages().contains(expected), "{message}");
        session.disconnect().await.unwrap();
    }
    assert!(transform.seen()[0]["content"].as_str().unwrap().len() > 20, "it was given the section's text");
    client.stop().await;
}
