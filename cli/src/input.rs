//! What the user types, for whoever asks next: the conversation, or a question in the middle of a turn.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::thread;

use tokio::sync::{Mutex, mpsc};

/// Lines of standard input.
pub(crate) struct Input {
    lines: Mutex<mpsc::UnboundedReceiver<String>>,
    /// Whether a person sits there.
    pub is_terminal: bool,
}

impl Input {
    /// Begins to read, on a thread of its own: a read cannot be given up, and must not keep the program from ending.
    pub(crate) fn new() -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        thread::spawn(move || {
            for line in io::stdin().lock().lines() {
                let Ok(line) = line else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { lines: Mutex::new(lines), is_terminal: io::stdin().is_terminal() }
    }

    /// The next line, without its end; none when there are no more.
    pub(crate) async fn line(&self) -> Option<String> {
        self.lines.lock().await.recv().await
    }

    /// Asks for a line. Where nobody sits the question is shown all the same.
    pub(crate) async fn ask(&self, question: &str) -> Option<String> {
        print!("{question} ");
        // A closed output is noticed where answers are written.
        drop(io::stdout().flush());
        let line = self.line().await;
        if !self.is_terminal {
            println!("{}", line.as_deref().unwrap_or("(nobody answers)"));
        }
        line
    }
}
