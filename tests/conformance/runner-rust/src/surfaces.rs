//! What a surface does not offer, and why.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// Surface, missing feature, reason.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Surfaces(BTreeMap<String, BTreeMap<String, String>>);

impl Surfaces {
    /// Reads `surfaces.json`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Why a surface cannot run a case that needs these features; none when it can.
    #[must_use]
    pub fn reason(&self, surface: &str, features: &[String]) -> Option<&str> {
        let missing = self.0.get(surface)?;
        features.iter().find_map(|feature| missing.get(feature)).map(String::as_str)
    }
}
