//! The scripted model, asked over a plain socket.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

use copilot_testkit::{
    ScriptedModel,
    model::{ModelReply, ModelScript},
};
use serde_json::{Value, json};

/// Asks and returns the answer up to its end, which closing our half of the connection brings about.
fn ask(base_url: &str, method: &str, path: &str, body: &Value) -> String {
    let address = base_url.trim_start_matches("http://").trim_end_matches("/v1");
    let mut stream = TcpStream::connect(address).unwrap();
    let body = body.to_string();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut text = String::new();
    drop(stream.read_to_string(&mut text));
    text
}

fn user(text: &str, stream: bool) -> Value {
    let tools = json!([{"type": "function", "function": {"name": "get_weather"}}]);
    json!({"model": "m", "stream": stream, "messages": [{"role": "user", "content": text}], "tools": tools})
}

fn complete(model: &ScriptedModel, body: &Value) -> String {
    ask(&model.base_url(), "POST", "/v1/chat/completions", body)
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn script_is_matched_in_order_and_used_up() {
    let replies = [ModelReply::text(["A", "B"]).when_contains("one"), ModelReply::text(["C"])];
    let model = ScriptedModel::start(ModelScript::new(replies)).unwrap();
    let first = complete(&model, &user("<x>\n\nnumber two", false));
    assert_eq!(body(&first)["choices"][0]["message"]["content"], "C");
    let second = complete(&model, &user("number one", true));
    assert!(second.contains(r#""content":"A""#) && second.contains(r#""content":"B""#), "{second}");
    assert!(second.contains(r#""total_tokens":15"#) && second.contains("data: [DONE]"), "{second}");
    let third = complete(&model, &user("number one", false));
    assert_eq!(body(&third)["choices"][0]["message"]["content"], "You said: number one");
    assert_eq!(model.requests().len(), 3);
    let recorded = ask(&model.base_url(), "GET", "/_requests", &Value::Null);
    assert_eq!(body(&recorded).as_array().unwrap().len(), 3);
    model.reset();
    let again = complete(&model, &user("number one", false));
    assert_eq!(body(&again)["choices"][0]["message"]["content"], "AB");
}

#[test]
fn faults() {
    let script = json!([{"error": {"status": 429, "body": {"error": {"message": "slow down"}}}}, {"text": "x", "drop": true}]);
    let model = ScriptedModel::start(ModelScript::from_value(script).unwrap()).unwrap();
    assert!(complete(&model, &user("a", true)).starts_with("HTTP/1.1 429"));
    let cut = complete(&model, &user("a", true));
    assert!(cut.contains("data: ") && !cut.contains("[DONE]"), "{cut}");
    assert!(ModelScript::parse(r#"[{"txet": "typo"}]"#).is_err());
}

#[test]
fn program_announces_itself_and_ends_with_its_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_copilot-scripted-model"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    let answer = ask(&url, "POST", "/v1/chat/completions", &user("weather?", false));
    let call = &body(&answer)["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(call["arguments"], r#"{"city":"Paris"}"#);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
