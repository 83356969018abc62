//! Every conformance case has the documented shape, so that a runner never meets a surprise.

use std::{collections::BTreeSet, fs, path::Path};

use copilot_testkit::{model::ModelScript, runtime::RuntimeScript};
use serde_json::Value;

const CREATE: &str = "as client config tools permission user_input hooks elicitation commands exit_plan_mode auto_mode_switch \
    provider_token transforms mcp_auth canvas session_fs skill_provider git_hub_token factories context expect";
const RESUME: &str = "as client sessionId* config tools permission user_input expect";
/// Verbs with their arguments; `*` marks those that must be there. The README beside the cases says what they mean.
const VERBS: &[(&str, &str)] = &[
    (
        "client",
        "as connection options token serverToken url list_models request_handler extension_launch installation_confirmation ui_thread ahp_host",
    ),
    (
        "start",
        "client connection options token serverToken url list_models request_handler extension_launch installation_confirmation ui_thread ahp_host",
    ),
    ("host", "client options expect as"),
    ("list_models", "client expect"),
    ("stop", "client"),
    ("force_stop", "client"),
    ("kill_runtime", ""),
    ("ping", "client message expect"),
    ("create", CREATE),
    ("resume", RESUME),
    ("send", "session prompt* as"),
    ("send_and_wait", "session prompt* timeout_ms idempotency_key expect as"),
    ("abort", "session"),
    ("disconnect", "session"),
    ("get_events", "session expect_in_order absent"),
    ("on", "session as* throws"),
    ("off", "subscription*"),
    ("expect_event", "session subscription type* data within_ms absent"),
    ("expect_events_in_order", "session subscription events* within_ms"),
    ("expect_sequence", "session subscription type* field* count* within_ms"),
    ("expect_error", "step* kind* contains reason"),
    ("expect_value", "value* equals contains_in_order"),
    ("expect_no_process", "within_ms"),
    ("invoke", "client method* params expect timeout_ms as"),
    ("received", "method* where count within_ms"),
    ("received_in_order", "messages* within_ms"),
    ("model_received", "contains* count within_ms"),
    ("iterate", "session as*"),
    ("iteration", "name* ended* last*"),
    ("listen_after_create", "client count* type* within_ms"),
    ("counters", "session received_at_least delivered_at_least within_ms"),
    ("begin", "as* step*"),
    ("await", "name* expect"),
    ("parallel", "steps*"),
    ("sleep", "ms*"),
];
const CASE_KEYS: &[&str] =
    &["name", "doc", "features", "runtime", "levels", "fake", "model", "allow_failures", "steps"];
const FEATURES: &[&str] = &[
    "stdio",
    "tcp",
    "uri",
    "tools",
    "permission",
    "user_input",
    "hooks",
    "elicitation",
    "commands",
    "exit_plan_mode",
    "auto_mode_switch",
    "provider_tokens",
    "transforms",
    "mcp_auth",
    "canvas",
    "session_fs",
    "request_handler",
    "list_models",
    "skill_provider",
    "git_hub_token",
    "extension_launch",
    "installation_confirmation",
    "ui_thread",
    "ahp_host",
    "inprocess",
    "factories",
    "iterator",
    "context",
];
const LEVELS: &[&str] = &["smoke", "full", "stress"];
const KINDS: &[&str] = &[
    "InvalidArgument",
    "InvalidType",
    "InvalidState",
    "RuntimeNotFound",
    "SpawnFailed",
    "StartTimeout",
    "ConnectFailed",
    "ProtocolMismatch",
    "Rpc",
    "ProcessExited",
    "Timeout",
    "Cancelled",
    "Protocol",
    "SessionError",
    "SessionClosed",
    "HandlerFailed",
    "Internal",
    "StopFailed",
];
const PERMISSIONS: &[&str] = &["approve", "reject", "user-not-available", "no-result", "throw", "hang"];

fn check_step(step: &Value, used: &mut BTreeSet<String>) {
    let step =
        step.as_object().filter(|step| step.len() == 1).unwrap_or_else(|| panic!("not one verb: {step}"));
    let (verb, args) = step.iter().next().unwrap();
    let (name, known) =
        VERBS.iter().find(|(name, _)| name == verb).unwrap_or_else(|| panic!("unknown verb {verb}"));
    used.insert((*name).to_owned());
    let args = args.as_object().unwrap_or_else(|| panic!("{verb}: arguments are no object"));
    for key in args.keys() {
        assert!(known.split(' ').any(|k| k.trim_end_matches('*') == key), "{verb}: unknown argument {key}");
    }
    for key in known.split(' ').filter_map(|key| key.strip_suffix('*')) {
        assert!(args.contains_key(key), "{verb}: {key} is missing");
    }
    if let Some(step) = args.get("step") {
        check_step(step, used);
    }
    for step in args.get("steps").and_then(Value::as_array).into_iter().flatten() {
        check_step(step, used);
    }
    check_words(args.get("kind"), KINDS);
    if let Some(permission) = args.get("permission").filter(|permission| permission.is_string()) {
        check_words(Some(permission), PERMISSIONS);
    }
}

/// A word or a list of words, all of them known.
fn check_words(words: Option<&Value>, known: &[&str]) {
    let list = match words {
        Some(Value::Array(list)) => list.as_slice(),
        Some(word) => std::slice::from_ref(word),
        None => return,
    };
    assert!(list.iter().all(|word| known.iter().any(|known| word == known)), "{words:?}");
}

fn check_case(path: &Path, used: &mut BTreeSet<String>) {
    let case: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let fields = case.as_object().unwrap();
    assert!(fields.keys().all(|key| CASE_KEYS.contains(&key.as_str())), "unknown key");
    assert_eq!(case["name"].as_str(), path.file_stem().and_then(|stem| stem.to_str()));
    assert!(case["doc"].as_str().is_some_and(|doc| doc.ends_with('.')), "doc is a sentence");
    check_words(fields.get("features"), FEATURES);
    check_words(fields.get("levels"), LEVELS);
    check_words(fields.get("runtime"), &["fake", "real"]);
    if let Some(script) = fields.get("fake") {
        RuntimeScript::from_value(script.clone()).unwrap();
    }
    if let Some(script) = fields.get("model") {
        ModelScript::from_value(script.clone()).unwrap();
    }
    let steps = case["steps"].as_array().unwrap();
    assert!(!steps.is_empty());
    steps.iter().for_each(|step| check_step(step, used));
}

#[test]
fn every_case_is_well_formed_and_every_verb_is_used() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/cases");
    let mut used = BTreeSet::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        check_case(&path, &mut used);
        count += 1;
    }
    assert!(count >= 25);
    let unused: Vec<_> = VERBS.iter().map(|(name, _)| *name).filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "a verb nobody needs: {unused:?}");
}

/// `kinds.json` is made from the table of callbacks; a case belongs to a kind when it needs the feature of that name.
#[test]
fn every_kind_of_question_is_answered_in_one_case_and_fails_in_another() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance");
    let read = |path: &Path| serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap();
    let kinds = read(&folder.join("kinds.json"));
    let cases: Vec<Value> =
        fs::read_dir(folder.join("cases")).unwrap().map(|entry| read(&entry.unwrap().path())).collect();
    for kind in kinds.as_array().unwrap() {
        let feature = kind["feature"].as_str().unwrap();
        let of_kind =
            cases.iter().filter(|case| case["features"].as_array().unwrap().contains(&feature.into()));
        let fails = |case: &Value| {
            let steps = case["steps"].to_string();
            steps.contains(r#""throw"#) || steps.contains(r#""fail""#)
        };
        let (failing, answered): (Vec<_>, Vec<_>) = of_kind.partition(|case| fails(case));
        assert!(!failing.is_empty(), "{feature}: no case in which it fails");
        assert!(!answered.is_empty(), "{feature}: no case in which it is answered");
    }
}
