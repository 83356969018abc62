//! Answers of other releases: the runtime has done the work, so they are not refused for their shape.

use crate::support::fake_client;
use copilot_core::SessionConfig;
use copilot_core::generated::Wire;
use copilot_core::generated::api::{ModeSetRequest, Model, ModelList};
use copilot_core::generated::events::SessionMode;
use serde_json::{Value, json};

#[tokio::test]
async fn an_answer_is_read_as_far_as_it_fits() {
    let sound = json!({"id": "m", "name": "M", "capabilities": {}});
    let odd = json!({"models": [sound, {"id": 5, "name": "N", "new": 1}, "text"]});
    let client = fake_client(json!([{"on": {"method": "models.list"}, "do": [{"reply": {"result": odd}}]}]));
    client.start().await.unwrap();
    let found = client.rpc().models().list(None).await.unwrap().models;
    let names: Vec<_> = found.iter().map(|model| (model.id.as_str(), model.name.as_str())).collect();
    assert_eq!(names, [("m", "M"), ("", "N"), ("", "")]);
    assert_eq!((&found[1].extra["id"], &found[1].extra["new"]), (&json!(5), &json!(1)));
    assert_eq!(found[1].write()["id"], 5, "what came is written again");
    let mut mended = found[1].clone();
    mended.id = "five".into();
    assert_eq!(mended.write()["id"], "five", "until the field is set");
    client.stop().await;
}

#[tokio::test]
async fn an_answer_of_another_kind_is_no_error() {
    for result in [Value::Null, json!("done"), json!([1]), json!(true)] {
        let client = fake_client(
            json!([{"on": {"method": "session.mode.set"}, "do": [{"reply": {"result": result}}]}]),
        );
        let session = client.create_session(SessionConfig::default()).await.unwrap();
        let answer = session.rpc().mode().set(&ModeSetRequest::new(SessionMode::Plan)).await.unwrap();
        assert_eq!((answer.status.as_str(), answer.model_changed, answer.message), ("", false, None));
        client.stop().await;
    }
}

#[test]
fn what_a_program_reads_itself_is_checked() {
    assert!(ModelList::read(json!({})).is_err());
    assert!(Model::read(json!({"id": 5})).is_err());
}
