//! The table of session parameters in `docs/protocol/creating-sessions.md` (C5.2), row by row: what is written there is
//! what travels.

use crate::support::{call, fake_options};
use copilot_core::{Client, ClientOptions, Mode, SessionConfig};
use serde_json::{Value, json};

/// One row that says when a member is sent.
#[derive(Debug)]
struct Row {
    member: String,
    kind: String,
    when: String,
    empty: Option<Value>,
    create: bool,
    resume: bool,
}

fn rows() -> Vec<Row> {
    let page = include_str!("../../../docs/protocol/creating-sessions.md");
    let table = page.split("### C5.2").nth(1).unwrap().split("\n### ").next().unwrap();
    let code = |cell: &str| cell.split('`').nth(1).map(str::to_owned);
    let mut rows = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let line = line.replace("\\|", "/");
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let Some(member) = code(cells[2]) else { continue };
        let when = cells[3];
        if when.contains("flag") || when.contains("always") || when.starts_with("see") {
            continue;
        }
        rows.push(Row {
            member,
            kind: cells[1].to_owned(),
            when: when.to_owned(),
            empty: code(cells[5]).map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text))),
            create: cells[6].contains('C'),
            resume: cells[6].contains('R'),
        });
    }
    rows
}

/// A value that counts as given, and one that is empty, none for types that have none.
fn samples(row: &Row) -> (Value, Option<Value>) {
    match row.member.as_str() {
        "tools" => (json!([{"name": "t", "description": "d"}]), Some(json!([]))),
        "commands" => (json!([{"name": "c", "description": "d"}]), Some(json!([]))),
        "memory" => (json!({"enabled": true}), None),
        "requestMcpApps" => (json!(true), Some(json!(false))),
        "availableTools" | "excludedTools" => (json!(["builtin:view"]), Some(json!([]))),
        "mcpServers" => (json!({"m": {"type": "http", "url": "u"}}), Some(json!({}))),
        "systemMessage" => (json!({"mode": "append", "content": "x"}), None),
        "modelCapabilities" | "extensionInfo" | "cloud" | "expAssignments" => {
            (json!({"a": {"b": 1}}), Some(json!({})))
        }
        _ if row.kind.starts_with("bool") => (json!(true), Some(json!(false))),
        _ if row.kind.starts_with("list") && row.kind.contains("str") => (json!(["x"]), Some(json!([]))),
        _ if row.kind.starts_with("list") => (json!([{"name": "x"}]), Some(json!([]))),
        _ if row.kind.starts_with("map") || row.kind.starts_with("C5.5") => {
            (json!({"a": 1}), Some(json!({})))
        }
        _ if row.kind.contains('{') => (json!({"a": 1}), Some(json!({}))),
        _ => (json!("x"), Some(json!(""))),
    }
}

struct Wire {
    client: Client,
    next: usize,
}

impl Wire {
    async fn new(mode: Mode) -> Self {
        let script = json!([
            {"on": {"method": "session.resume"}, "do": [{"reply": {"result": {"sessionId": "$params.sessionId"}}}]},
            {"on": {"method": "session.destroy"}, "do": [{"reply": {"result": {}}}]},
            {"on": {"method": "session.options.update"}, "do": [{"reply": {"result": {"success": true}}}]}]);
        let home = std::env::temp_dir().to_string_lossy().into_owned();
        let options = ClientOptions { mode, base_directory: Some(home), ..fake_options(script) };
        let client = Client::new(options).unwrap();
        client.start().await.unwrap();
        Self { client, next: 0 }
    }

    /// What a configuration makes of the request, and of the patch after it.
    async fn sent(&mut self, config: Value, resume: bool) -> (Value, Value) {
        self.next += 1;
        let id = format!("session-{}", self.next);
        let mut config: SessionConfig = serde_json::from_value(config).unwrap();
        let session = if resume {
            self.client.resume_session(&id, config).await.unwrap()
        } else {
            config.session_id = Some(id.clone());
            self.client.create_session(config).await.unwrap()
        };
        let method = if resume { "session.resume" } else { "session.create" };
        let mut found = [Value::Null, Value::Null];
        for (place, method) in found.iter_mut().zip([method, "session.options.update"]) {
            let wanted = json!({"method": method, "where": {"sessionId": id}});
            let answer = call(&self.client, "fake.received", wanted).await;
            *place = answer["messages"][0]["params"].clone();
        }
        session.disconnect().await.unwrap();
        let [params, patch] = found;
        (params, patch)
    }
}

/// Whether a member of this row travels with a request when it was given an empty value.
fn sends_empty(row: &Row) -> bool {
    !row.when.starts_with("truthy")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_parameter_travels_as_its_row_says() {
    let rows = rows();
    assert!(rows.len() > 45, "the table was read: {} rows", rows.len());
    let mut wire = Wire::new(Mode::CopilotCli).await;
    for row in &rows {
        let (given, empty) = samples(row);
        for (resume, travels) in [(false, row.create), (true, row.resume)] {
            let values = [(Some(given.clone()), true), (empty.clone(), sends_empty(row)), (None, false)];
            for (value, is_sent) in values {
                let Some(config) =
                    value.as_ref().map(|value| json!({&row.member: value})).or(Some(json!({})))
                else {
                    continue;
                };
                let (params, patch) = wire.sent(config, resume).await;
                let place = if row.when.starts_with("patch") { &patch } else { &params };
                let expected = value.filter(|_| is_sent && travels).unwrap_or_default();
                let found = place[&row.member].clone();
                assert_eq!(found, expected, "{} resume: {resume}, of {row:?}", row.member);
            }
        }
    }
    wire.client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mode_empty_adds_what_the_table_says() {
    let mut wire = Wire::new(Mode::Empty).await;
    for resume in [false, true] {
        let (params, patch) = wire.sent(json!({"availableTools": []}), resume).await;
        for row in rows() {
            let Some(expected) = row.empty.clone().filter(|value| *value != "environment_context") else {
                continue;
            };
            let place = if row.when.starts_with("patch") { &patch } else { &params };
            assert_eq!(place[&row.member], expected, "{row:?}");
        }
        let removed = json!({"mode": "customize", "sections": {"environment_context": {"action": "remove"}}});
        assert_eq!(params["systemMessage"], removed);
    }
    wire.client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_smallest_request_has_the_fixed_members_only() {
    let mut wire = Wire::new(Mode::CopilotCli).await;
    for resume in [false, true] {
        let (mut params, patch) = wire.sent(json!({}), resume).await;
        params.as_object_mut().unwrap().remove("sessionId");
        let expected = json!({"toolFilterPrecedence": "excluded", "envValueMode": "direct", "requestPermission": false,
                              "requestElicitation": false, "requestExitPlanMode": false,
                              "requestAutoModeSwitch": false, "includeSubAgentStreamingEvents": true});
        assert_eq!((params, patch), (expected, Value::Null));
    }
    wire.client.stop().await;
}
