//! Every message of this process as a line of JSON in a file, where `COPILOT_NATIVE_TRACE` names one. `copilot-native trace`
//! makes a page of it. Several processes may write into one file.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// Names the file. Read once, with the first message.
const VARIABLE: &str = "COPILOT_NATIVE_TRACE";

/// The file of this process; none when nobody wants one.
pub(super) struct WireFile(File);

/// A message on its way.
pub(super) struct Sight<'a> {
    /// Counts the clients of this process.
    pub client: u64,
    /// `out` or `in`, as seen from the host.
    pub direction: &'static str,
    /// As it travels, with its secrets.
    pub bytes: usize,
    /// JSON without its secrets, or what is to be said of a body that is none.
    pub shown: &'a str,
    pub is_json: bool,
}

impl WireFile {
    #[inline]
    pub(super) fn get() -> Option<&'static Self> {
        static FILE: OnceLock<Option<WireFile>> = OnceLock::new();
        FILE.get_or_init(Self::open).as_ref()
    }

    #[cold]
    fn open() -> Option<Self> {
        let path = std::env::var_os(VARIABLE).filter(|path| !path.is_empty())?;
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        // What is said in conversations is in it: for its owner alone.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(file) => Some(Self(file)),
            Err(error) => {
                // Whoever set the variable sits in front of the program, and has no subscriber for logs yet.
                eprintln!("copilot-native: {VARIABLE}: {}: {error}", path.display());
                None
            }
        }
    }

    /// Writes one line at once, so that lines of several processes do not mix, and none is lost when one is killed.
    pub(super) fn note(&self, sight: &Sight<'_>) {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        // A full disk costs lines of the trace, and must not end the conversation.
        drop((&self.0).write_all(sight.line(at).as_bytes()));
    }
}

impl Sight<'_> {
    fn line(&self, at: u128) -> String {
        let Self { client, direction, bytes, shown, is_json } = self;
        let (pid, member) = (std::process::id(), if *is_json { "message" } else { "unreadable" });
        let shown = if *is_json { (*shown).to_owned() } else { serde_json::Value::from(*shown).to_string() };
        let (ms, us) = (at / 1000, at % 1000);
        format!(
            "{{\"at\":{ms}.{us:03},\"pid\":{pid},\"client\":{client},\"direction\":\"{direction}\",\"bytes\":{bytes},\"{member}\":{shown}}}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_json() {
        let sight = Sight { client: 1, direction: "in", bytes: 9, shown: "{\"id\":1}", is_json: true };
        let line: serde_json::Value = serde_json::from_str(&sight.line(1_700_000_000_123_045)).unwrap();
        assert_eq!(
            (&line["at"], &line["message"]["id"]),
            (&serde_json::json!(1_700_000_000_123.045), &serde_json::json!(1))
        );
        let broken = Sight { shown: "3 bytes that are no \"JSON\"", is_json: false, ..sight };
        let line: serde_json::Value = serde_json::from_str(&broken.line(0)).unwrap();
        assert_eq!(line["unreadable"], "3 bytes that are no \"JSON\"");
    }
}
