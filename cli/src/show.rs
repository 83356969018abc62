//! Events for people.

use std::io::{self, IsTerminal as _, Write};

use copilot_core::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the model calls of a turn used.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub model_calls: u64,
}

impl Usage {
    /// Adds what an event reports, if it does.
    pub(crate) fn add(&mut self, event: &Event) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            #[serde(default)]
            input_tokens: Option<u64>,
            #[serde(default)]
            output_tokens: Option<u64>,
        }
        if event.event_type() != "assistant.usage" {
            return;
        }
        self.model_calls += 1;
        if let Ok(data) = event.data::<Data>() {
            self.input_tokens += data.input_tokens.unwrap_or(0);
            self.output_tokens += data.output_tokens.unwrap_or(0);
        }
    }
}

/// Writes a conversation as it happens.
pub(crate) struct Screen {
    out: Box<dyn Write + Send>,
    has_colours: bool,
    /// The end of the line is still to come.
    is_in_line: bool,
    /// The answer came in pieces, so its whole is not shown again.
    was_streamed: bool,
    usage: Usage,
}

impl Screen {
    /// The terminal. `NO_COLOR` turns colours off.
    pub(crate) fn new() -> Self {
        let has_colours =
            io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Self::onto(Box::new(io::stdout()), has_colours)
    }

    fn onto(out: Box<dyn Write + Send>, has_colours: bool) -> Self {
        Self { out, has_colours, is_in_line: false, was_streamed: false, usage: Usage::default() }
    }

    /// Shows what happened.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub(crate) fn event(&mut self, event: &Event) -> io::Result<()> {
        self.usage.add(event);
        let data = || event.data::<Value>().unwrap_or_default();
        match event.event_type() {
            "assistant.message_delta" => {
                self.was_streamed = true;
                let data = data();
                self.text(data["deltaContent"].as_str().unwrap_or_default())
            }
            "assistant.message" => {
                let data = data();
                let whole = data["content"].as_str().unwrap_or_default();
                let rest = if std::mem::take(&mut self.was_streamed) { "" } else { whole };
                self.text(rest)?;
                self.end_line()
            }
            "tool.execution_start" => {
                let data = data();
                let name = data["toolName"].as_str().unwrap_or_default();
                self.aside(&format!("tool {name} {}", shortened(&data["arguments"].to_string())))
            }
            "tool.execution_complete" => {
                let data = data();
                if data["success"] == Value::Bool(true) {
                    return Ok(());
                }
                let why = data["error"]["message"].as_str().unwrap_or("it does not say why");
                self.aside(&format!("tool failed: {}", shortened(why)))
            }
            "session.error" => {
                let data = data();
                self.aside(&format!("error: {}", data["message"].as_str().unwrap_or_default()))
            }
            _ => Ok(()),
        }
    }

    /// Ends a turn with what it used.
    ///
    /// # Errors
    /// As for [`event`](Self::event).
    pub(crate) fn end_turn(&mut self) -> io::Result<()> {
        let Usage { input_tokens, output_tokens, model_calls } = std::mem::take(&mut self.usage);
        self.was_streamed = false;
        if model_calls == 0 {
            return self.end_line();
        }
        let calls = if model_calls == 1 { "call" } else { "calls" };
        self.aside(&format!(
            "{input_tokens} tokens in, {output_tokens} out, {model_calls} {calls} of the model"
        ))
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.is_in_line = !text.ends_with('\n');
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn end_line(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_in_line) { writeln!(self.out) } else { Ok(()) }
    }

    /// A line that is not the agent's.
    pub(crate) fn aside(&mut self, text: &str) -> io::Result<()> {
        self.end_line()?;
        match self.has_colours {
            true => writeln!(self.out, "\x1b[2m[{text}]\x1b[0m"),
            false => writeln!(self.out, "[{text}]"),
        }
    }
}

/// The beginning of a long text, in one line.
fn shortened(text: &str) -> String {
    const MOST: usize = 200;
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(events: &[(&str, Value)]) -> String {
        let paper = Paper::default();
        let mut screen = Screen::onto(Box::new(paper.clone()), false);
        for (event_type, data) in events {
            let event = serde_json::json!({"id": "1", "timestamp": "2026-01-01T00:00:00Z", "parentId": null,
                "type": event_type, "data": data});
            screen.event(&Event::from_json(event.to_string().into_bytes().into()).unwrap()).unwrap();
        }
        screen.end_turn().unwrap();
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_came_in_pieces_is_not_shown_again() {
        let text = shown(&[
            ("assistant.message_delta", serde_json::json!({"deltaContent": "one "})),
            ("assistant.message_delta", serde_json::json!({"deltaContent": "two"})),
            ("assistant.message", serde_json::json!({"content": "one two"})),
            ("assistant.usage", serde_json::json!({"inputTokens": 7, "outputTokens": 2})),
        ]);
        assert_eq!(text, "one two\n[7 tokens in, 2 out, 1 call of the model]\n");
    }

    #[test]
    fn tools_stand_in_lines_of_their_own() {
        let text = shown(&[
            ("assistant.message_delta", serde_json::json!({"deltaContent": "let me look"})),
            ("tool.execution_start", serde_json::json!({"toolName": "view", "arguments": {"path": "/a"}})),
            (
                "tool.execution_complete",
                serde_json::json!({"success": false, "error": {"message": "gone\nfor good"}}),
            ),
            ("assistant.message", serde_json::json!({"content": "it is gone\n"})),
        ]);
        assert_eq!(text, "let me look\n[tool view {\"path\":\"/a\"}]\n[tool failed: gone for good]\n");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened(&"ä".repeat(300)).chars().count(), 201);
    }
}
