//! Results as JSON lines.

use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It held.
    Pass,
    /// It did not.
    Fail,
    /// The surface lacks what it needs.
    Skip,
}

/// One line of a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// `rust`, `python`, …
    pub surface: String,
    /// Name of the case; `@real` follows when it also runs against the fake runtime.
    pub case: String,
    /// How it ended.
    pub status: Status,
    /// Why it failed or was skipped.
    #[serde(default)]
    pub reason: String,
}

/// The report of this run: the file named by `CONFORMANCE_REPORT`, or nothing.
#[derive(Debug)]
pub struct Report(Option<Mutex<File>>);

impl Report {
    /// Starts a fresh file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn from_env() -> std::io::Result<Self> {
        let path = std::env::var_os("CONFORMANCE_REPORT").filter(|path| !path.is_empty());
        Ok(Self(path.map(File::create).transpose()?.map(Mutex::new)))
    }

    /// Adds a line.
    pub fn add(&self, case: &str, status: Status, reason: &str) {
        let Some(file) = &self.0 else { return };
        let line = Line {
            surface: crate::SURFACE.to_owned(),
            case: case.to_owned(),
            status,
            reason: reason.to_owned(),
        };
        let text = format!("{}\n", serde_json::to_string(&line).unwrap_or_default());
        let written = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(text.as_bytes());
        written.unwrap_or_else(|error| eprintln!("CONFORMANCE_REPORT: {error}"));
    }
}
