//! The commands as a user runs them: the real runtime, a scripted model.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copilot-native"));
    command.args(arguments).env("NO_COLOR", "1").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn text_of(output: &Output) -> String {
    text(&output.stdout)
}

fn run(arguments: &[&str], typed: &str) -> Output {
    let mut child = command(arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A script for the model, and the option that names it.
fn script(folder: &TempDir, replies: &Value) -> String {
    let file = folder.path().join("script.json");
    fs::write(&file, replies.to_string()).unwrap();
    format!("--scripted={}", file.display())
}

/// The model runs a command of the shell, then says what came of it.
fn touches(file: &Path) -> Value {
    let command = format!("touch '{}'", file.display());
    json!([
        {"toolCalls": [{"name": "bash", "arguments": {"command": command, "description": "Makes a file"}}]},
        {"when": {"lastRole": "tool"}, "text": "done", "repeat": true},
    ])
}

#[test]
fn chat_answers_line_by_line() {
    let said = run(&["chat", "--scripted", "first"], "second\n\n/quit\nnever\n");
    assert!(said.status.success(), "{said:?}");
    let usage = "[10 tokens in, 5 out, 1 call of the model]";
    assert_eq!(text(&said.stdout), format!("You said: first\n{usage}\nYou said: second\n{usage}\n"));
}

#[test]
fn chat_asks_before_the_agent_acts() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("made");
    let script = script(&folder, &touches(&file));
    let said = run(&["chat", &script, "make it"], "not in this folder\n");
    assert!(said.status.success() && !file.exists(), "{said:?}");
    let shown = text(&said.stdout);
    assert!(shown.contains("[permission] shell touch") && shown.contains("[tool bash "), "{shown}");
    let said = run(&["chat", &script, "make it"], "y\n");
    assert!(said.status.success() && file.exists(), "{said:?}");
}

#[test]
fn chat_passes_questions_on() {
    let folder = TempDir::new().unwrap();
    let asks = json!({"question": "Which colour?", "choices": ["red", "blue"]});
    let script = script(
        &folder,
        &json!([
            {"toolCalls": [{"name": "ask_user", "arguments": asks}]},
            {"when": {"lastRole": "tool", "contains": "blue"}, "text": "blue it is"},
        ]),
    );
    let said = run(&["chat", &script, "paint"], "2\n");
    let shown = text(&said.stdout);
    assert!(shown.contains("[question] Which colour?") && shown.contains("blue it is"), "{said:?}");
}

#[test]
fn exec_prints_the_answer_alone() {
    let said = run(&["exec", "--scripted", "-"], "from a pipe");
    assert_eq!((said.status.code(), &*text(&said.stdout)), (Some(0), "You said: from a pipe\n"), "{said:?}");
}

#[test]
fn exec_prints_events_as_lines() {
    let said = run(&["exec", "--scripted", "--json", "hello"], "");
    let lines: Vec<Value> =
        text(&said.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["type"], "session.start");
    assert!(lines.iter().any(|line| line["type"] == "assistant.message_delta"));
    let result = lines.last().unwrap();
    assert_eq!(result["type"], "exec.result");
    assert_eq!((&result["outcome"], &result["text"]), (&json!("answered"), &json!("You said: hello")));
    assert_eq!(result["usage"], json!({"inputTokens": 10, "outputTokens": 5, "modelCalls": 1}));
}

#[test]
fn exec_has_typed_answers() {
    let folder = TempDir::new().unwrap();
    let schema = folder.path().join("schema.json");
    let wanted =
        json!({"type": "object", "properties": {"degrees": {"type": "integer"}}, "required": ["degrees"]});
    fs::write(&schema, wanted.to_string()).unwrap();
    let schema = schema.to_str().unwrap();
    let script = script(&folder, &json!([{"text": "{\"degrees\": 21}"}, {"text": "warm", "repeat": true}]));
    let said = run(&["exec", &script, "--schema", schema, "how warm?"], "");
    assert_eq!((said.status.code(), &*text(&said.stdout)), (Some(0), "{\"degrees\":21}\n"), "{said:?}");
    // From here on the script no longer follows the schema.
    let script = format!("{script}.warm");
    fs::write(
        script.strip_prefix("--scripted=").unwrap(),
        json!([{"text": "warm", "repeat": true}]).to_string(),
    )
    .unwrap();
    let said = run(&["exec", &script, "--schema", schema, "--json", "how warm?"], "");
    let shown = text(&said.stdout);
    let result: Value = serde_json::from_str(shown.lines().last().unwrap()).unwrap();
    assert_eq!(
        (said.status.code(), &result["error"]["kind"]),
        (Some(6), &json!("SchemaMismatch")),
        "{result}"
    );
}

#[test]
fn exec_refuses_what_is_not_allowed() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("made");
    let script = script(&folder, &touches(&file));
    let said = run(&["exec", &script, "make it"], "");
    assert!(text(&said.stderr).contains("refused: shell (--allow shell allows it)"), "{said:?}");
    assert_eq!((said.status.code(), &*text(&said.stdout), file.exists()), (Some(0), "done\n", false));
    let said = run(&["exec", &script, "--allow", "shell", "make it"], "");
    assert_eq!(
        (said.status.code(), &*text(&said.stdout), file.exists()),
        (Some(0), "done\n", true),
        "{said:?}"
    );
}

#[test]
fn exit_codes_say_what_went_wrong() {
    let folder = TempDir::new().unwrap();
    let code = |arguments: &[&str]| {
        let said = run(arguments, "");
        (said.status.code(), text(&said.stderr))
    };
    let (wrong, said) = code(&["exec", "--scripted", "--timeout", "soon", "hello"]);
    assert!(wrong == Some(2) && said.contains("--timeout"), "{said}");
    let (wrong, said) = code(&["exec", "--scripted=/nowhere/script.json", "hello"]);
    assert!(wrong == Some(2) && said.contains("/nowhere/script.json"), "{said}");
    let (wrong, said) = code(&["exec", "--scripted", "--runtime", "/nowhere/copilot", "hello"]);
    assert!(wrong == Some(5) && said.contains("/nowhere/copilot") && said.contains("doctor"), "{said}");
    let hangs = script(&folder, &json!([{"hang": true}]));
    let (wrong, said) = code(&["exec", &hangs, "--timeout", "1.5", "hello"]);
    assert!(wrong == Some(4) && said.contains("Timeout after 1.5s"), "{said}");
    let refuses = script(
        &folder,
        &json!([{"error": {"status": 400, "body": {"error": {"message": "no"}}}, "repeat": true}]),
    );
    let (wrong, said) = code(&["exec", &refuses, "hello"]);
    assert!(wrong == Some(3), "{said}");
}

#[test]
fn a_closed_output_ends_the_conversation() {
    let mut child = command(&["exec", "--scripted", "--json", "hello"]).stdin(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_ne!(child.wait().unwrap().code(), Some(101), "it does not panic");
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_the_turn() {
    let folder = TempDir::new().unwrap();
    let hangs = script(&folder, &json!([{"when": {"contains": "long"}, "hang": true}]));
    let mut child = command(&["exec", &hangs, "--json", "a long one"]).stdin(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains("assistant.turn_start")).unwrap().unwrap();
    let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    let last = lines.map(Result::unwrap).last().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(last.contains("\"outcome\":\"failed\",\"exitCode\":130"), "{last}");
}

#[test]
fn doctor_tells_what_is_wrong_and_what_to_do() {
    let said = run(&["doctor", "--json"], "");
    let findings: Vec<Value> = serde_json::from_slice(&said.stdout).unwrap();
    let of = |what: &str| findings.iter().find(|finding| finding["what"] == what).unwrap();
    assert_eq!((&of("runtime")["state"], said.status.code()), (&json!("well"), Some(0)), "{findings:?}");
    assert!(of("runtime")["text"].as_str().unwrap().contains("(COPILOT_CLI_PATH)"), "{findings:?}");
    let said = run(&["doctor", "--runtime", "/nowhere/copilot"], "");
    let shown = text(&said.stdout);
    assert_eq!(said.status.code(), Some(1));
    assert!(
        shown.contains("!! runtime  /nowhere/copilot (--runtime)") && shown.contains("set COPILOT_CLI_PATH"),
        "{shown}"
    );
    let said =
        command(&["doctor"]).env("COPILOT_HOME", "/proc/nowhere").stdin(Stdio::null()).output().unwrap();
    assert!(said.status.code() == Some(1) && text(&said.stdout).contains("!! home"), "{said:?}");
}

#[test]
fn a_trace_becomes_a_page() {
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("trace.jsonl");
    let trace = trace.to_str().unwrap();
    let mut exec = command(&["exec", "--scripted", "say </script> please"]);
    exec.env("COPILOT_NATIVE_TRACE", trace).env("COPILOT_PROVIDER_API_KEY", "a-secret-of-the-provider");
    assert!(exec.stdin(Stdio::null()).status().unwrap().success());
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(trace).unwrap().permissions()) & 0o777,
        0o600
    );
    let text = fs::read_to_string(trace).unwrap();
    assert!(!text.contains("a-secret-of-the-provider"));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let out = |line: &&Value| line["direction"] == "out" && line["message"]["method"] == "session.send";
    let send = lines.iter().find(out).unwrap();
    assert_eq!(send["message"]["params"]["prompt"], "say </script> please");
    let is_answer =
        |line: &&Value| line["direction"] == "in" && line["message"]["id"] == send["message"]["id"];
    assert!(lines.iter().any(|line| is_answer(&line) && line["at"].as_f64() >= send["at"].as_f64()));
    let made = run(&["trace", trace], "");
    assert_eq!(text_of(&made), format!("{trace}.html: {} messages\n", lines.len()), "{made:?}");
    let page = fs::read_to_string(format!("{trace}.html")).unwrap();
    assert!(page.contains("say \\u003c/script> please") && !page.contains("say </script>"));
}

#[test]
fn what_is_no_trace_is_refused_by_its_line() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("page.html");
    let out = out.to_str().unwrap();
    let line = r#"{"at":1.5,"pid":1,"client":1,"direction":"out","bytes":2,"message":{}}"#;
    let refused = run(&["trace", "-", "--out", out], &format!("{line}\n{{\"at\":true}}\n"));
    assert!(
        refused.status.code() == Some(2) && text(&refused.stderr).contains("-:2: this is no line"),
        "{refused:?}"
    );
    let cut_off = run(&["trace", "-", "--out", out], &format!("{line}\n{}", &line[..20]));
    assert_eq!(text_of(&cut_off), format!("{out}: 1 messages\n"), "{cut_off:?}");
    let nowhere = run(&["trace", "/nowhere/trace.jsonl"], "");
    assert!(
        nowhere.status.code() == Some(2) && text(&nowhere.stderr).contains("/nowhere/trace.jsonl"),
        "{nowhere:?}"
    );
}

#[test]
fn a_trace_that_cannot_be_written_is_told_and_no_failure() {
    let mut exec = command(&["exec", "--scripted", "hello"]);
    let said =
        exec.env("COPILOT_NATIVE_TRACE", "/nowhere/trace.jsonl").stdin(Stdio::null()).output().unwrap();
    assert!(
        said.status.success() && text(&said.stderr).contains("COPILOT_NATIVE_TRACE: /nowhere/trace.jsonl"),
        "{said:?}"
    );
}

#[test]
fn a_model_is_served_for_tests() {
    let script = r#"[{"text": "as scripted", "repeat": true}]"#;
    let mut model = command(&["model", "--script-json", script]).stdin(Stdio::piped()).spawn().unwrap();
    let mut told = String::new();
    BufReader::new(model.stdout.take().unwrap()).read_line(&mut told).unwrap();
    let url = told.trim_end().strip_prefix("listening on ").unwrap();
    let folder = TempDir::new().unwrap();
    let mut exec = command(&["exec", "--provider", url, "--model", "any", "hello"]);
    let said = exec.env("COPILOT_HOME", folder.path()).stdin(Stdio::null()).output().unwrap();
    assert_eq!((said.status.code(), &*text(&said.stdout)), (Some(0), "as scripted\n"), "{said:?}");
    drop(model.stdin.take());
    assert!(model.wait().unwrap().success());
    let refused = run(&["model", "--script-json", "{\"unknown\": 1}"], "");
    assert!(
        refused.status.code() == Some(2) && text(&refused.stderr).contains("--script-json"),
        "{refused:?}"
    );
}
