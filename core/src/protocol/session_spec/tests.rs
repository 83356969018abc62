use super::*;
use serde_json::json;

fn config(value: Value) -> SessionConfig {
    serde_json::from_value(value).unwrap()
}

fn wire(value: Value, purpose: Purpose, mode: Mode) -> Wire {
    config(value).wire(purpose, mode, &Declared::default(), Some("id"), &TraceContext::default()).unwrap()
}

fn create(value: Value, mode: Mode) -> Value {
    Value::Object(wire(value, Purpose::Create, mode).params)
}

/// What is sent behind `session.create` and `session.resume`, which is the same.
fn patch(value: Value, mode: Mode) -> Option<Value> {
    let behind = |purpose| wire(value.clone(), purpose, mode).patch.map(Value::Object);
    assert_eq!(behind(Purpose::Create), behind(Purpose::Resume));
    behind(Purpose::Create)
}

#[test]
fn the_smallest_create_sends_the_fixed_members_only() {
    let expected = json!({
        "toolFilterPrecedence": "excluded", "envValueMode": "direct", "requestPermission": false,
        "requestElicitation": false, "requestExitPlanMode": false, "requestAutoModeSwitch": false,
        "includeSubAgentStreamingEvents": true, "sessionId": "id",
    });
    assert_eq!(create(json!({}), Mode::CopilotCli), expected);
}

#[test]
fn truthy_members_are_left_out_when_empty_and_set_members_are_sent() {
    let params = create(
        json!({"model": "", "tools": [], "provider": {}, "availableTools": [], "instructionDirectories": [],
               "organizationCustomInstructions": "", "largeOutput": {}, "capi": {}, "gitHubToken": "",
               "infiniteSessions": {}, "requestMcpApps": false, "streaming": false}),
        Mode::CopilotCli,
    );
    for name in ["model", "tools", "provider", "infiniteSessions", "requestMcpApps"] {
        assert!(params.get(name).is_none(), "{name}");
    }
    for name in [
        "availableTools",
        "instructionDirectories",
        "organizationCustomInstructions",
        "largeOutput",
        "capi",
        "gitHubToken",
        "streaming",
    ] {
        assert!(params.get(name).is_some(), "{name}");
    }
}

#[test]
fn create_and_resume_keep_to_their_own_members() {
    let value = json!({"cloud": {}, "continuePendingWork": false, "openCanvases": [{}], "newMember": 1});
    let created = create(value.clone(), Mode::CopilotCli);
    assert!(created.get("cloud").is_some() && created.get("continuePendingWork").is_none());
    assert_eq!(created["newMember"], 1);
    let resumed = wire(value, Purpose::Resume, Mode::CopilotCli).params;
    assert!(!resumed.contains_key("cloud") && resumed.contains_key("openCanvases"));
}

#[test]
fn tools_keep_their_order_and_omit_what_is_unset() {
    let params = create(
        json!({"tools": [{"name": "b", "description": "d", "parameters": {"z": 1, "a": 2}, "skipPermission": true},
                         {"name": "a", "parameters": {}}]}),
        Mode::CopilotCli,
    );
    let text = params["tools"].to_string();
    let expected = r#"[{"name":"b","description":"d","parameters":{"z":1,"a":2},"skipPermission":true},{"name":"a","description":""}]"#;
    assert_eq!(text, expected);
}

#[test]
fn mode_empty_takes_everything_away_that_is_not_given() {
    let params = create(json!({"availableTools": [], "enableSkills": true}), Mode::Empty);
    assert_eq!(params["enableSkills"], true);
    assert_eq!(params["enableFileHooks"], false);
    assert_eq!(params["memory"], json!({"enabled": false}));
    assert_eq!(params["mcpOAuthTokenStorage"], "in-memory");
    let removed = json!({"mode": "customize", "sections": {"environment_context": {"action": "remove"}}});
    assert_eq!(params["systemMessage"], removed);
    let expected = json!({"skipCustomInstructions": true, "customAgentsLocalOnly": true, "coauthorEnabled": true,
                          "manageScheduleEnabled": false, "installedPlugins": []});
    assert_eq!(patch(json!({"coauthorEnabled": true, "availableTools": []}), Mode::Empty), Some(expected));
}

#[test]
fn the_patch_holds_only_what_is_given_in_the_usual_mode() {
    assert_eq!(patch(json!({}), Mode::CopilotCli), None);
    for given in [json!({"includedBuiltinSkills": []}), json!({"skipCustomInstructions": false})] {
        assert_eq!(patch(given.clone(), Mode::CopilotCli), Some(given));
    }
    assert!(
        create(json!({"skipCustomInstructions": false}), Mode::CopilotCli)
            .get("skipCustomInstructions")
            .is_none()
    );
}

#[test]
fn mistakes_are_refused() {
    for (value, mode, word) in [
        (json!({}), Mode::Empty, "mode.needs_tools"),
        (json!({"availableTools": ["*"]}), Mode::CopilotCli, "tools.bare_wildcard"),
        (json!({"excludedTools": ["*"]}), Mode::CopilotCli, "tools.bare_wildcard"),
        (json!({"memory": {}}), Mode::CopilotCli, "option.empty"),
    ] {
        let error = config(value).validate(mode).unwrap_err();
        assert_eq!(
            (error.kind(), error.reason().unwrap().code()),
            (ErrorKind::InvalidArgument, word),
            "{error}"
        );
    }
}

#[test]
fn a_resumed_session_may_ask_for_permission_otherwise_than_a_new_one() {
    let asks = |purpose, permission, permission_on_resume| {
        let declared = Declared { permission, permission_on_resume, ..Declared::default() };
        let trace = TraceContext::default();
        let config = SessionConfig::default();
        let params = config.wire(purpose, Mode::CopilotCli, &declared, Some("s"), &trace).unwrap().params;
        params["requestPermission"].clone()
    };
    for handler in [false, true] {
        for on_resume in [None, Some(false), Some(true)] {
            assert_eq!(asks(Purpose::Create, handler, on_resume), handler);
            assert_eq!(asks(Purpose::Resume, handler, on_resume), on_resume.unwrap_or(handler));
        }
    }
}
