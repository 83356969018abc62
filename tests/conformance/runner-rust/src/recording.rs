//! What the fake runtime wrote down.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// The recording file of a case.
#[derive(Debug)]
pub(crate) struct Recording(pub(crate) PathBuf);

impl Recording {
    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        // The last line may still be on its way.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Frames of the SDK that name a method: requests and notifications.
    pub(crate) fn received(&self) -> Vec<Value> {
        let sent = |line: Value| (line["dir"] == "in").then(|| line["frame"].clone());
        self.lines().into_iter().filter_map(sent).filter(|frame| frame["method"].is_string()).collect()
    }

    /// The process of the fake runtime; the last one when it was started again.
    pub(crate) fn pid(&self) -> Option<u32> {
        let lines = self.lines();
        let start = lines.iter().rev().find(|line| line["dir"] == "start")?;
        start["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok())
    }

    /// What the fake runtime waited for in vain.
    pub(crate) fn failures(&self) -> Vec<String> {
        let failed = |line: Value| (line["dir"] == "failure").then(|| line["text"].to_string());
        self.lines().into_iter().filter_map(failed).collect()
    }
}
