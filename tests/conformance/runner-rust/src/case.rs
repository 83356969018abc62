//! A case, as its file says.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// One behaviour that every surface must show.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The file's stem.
    pub name: String,
    /// What must hold.
    pub doc: String,
    /// What the surface must offer.
    #[serde(default)]
    pub features: Vec<String>,
    /// Who plays the runtime.
    pub runtime: Vec<Peer>,
    /// When it is run.
    pub levels: Vec<String>,
    /// Script of the fake runtime.
    #[serde(default)]
    pub fake: Option<Value>,
    /// Script of the scripted model.
    #[serde(default)]
    pub model: Option<Value>,
    /// Whether the recording may hold failures.
    #[serde(default)]
    pub allow_failures: bool,
    /// What is done.
    pub steps: Vec<Value>,
}

/// Who plays the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Peer {
    /// The fake runtime of the test kit.
    Fake,
    /// The real runtime, with a scripted model behind it.
    Real,
}

impl Case {
    /// Reads every case of a folder, in the order of their names.
    ///
    /// # Errors
    /// With the file's name, when one cannot be read.
    pub fn all(folder: &Path) -> Result<Vec<Self>, String> {
        let shown = |error: &dyn std::fmt::Display, path: &Path| format!("{}: {error}", path.display());
        let entries = fs::read_dir(folder).map_err(|error| shown(&error, folder))?;
        let mut cases = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path).map_err(|error| shown(&error, &path))?;
                cases.push(serde_json::from_str::<Self>(&text).map_err(|error| shown(&error, &path))?);
            }
        }
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(cases)
    }

    /// The name of the case run against a peer; the peer shows only when there is a choice.
    #[must_use]
    pub fn title(&self, peer: Peer) -> String {
        match peer {
            Peer::Real if self.runtime.len() > 1 => format!("{}@real", self.name),
            _ => self.name.clone(),
        }
    }
}
