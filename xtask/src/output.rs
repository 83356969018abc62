//! Collects generated files, then writes them or compares them with what is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[derive(Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        let path = path.into();
        let known = self.files.insert(path.clone(), text.into());
        assert!(known.is_none(), "{path} is written twice");
    }

    pub fn write(&self, root: &Path) -> Result<(), String> {
        for (path, text) in &self.files {
            let path = root.join(path);
            if fs::read_to_string(&path).is_ok_and(|old| old == *text) {
                continue;
            }
            if let Some(dir) = path.parent() {
                fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
            }
            fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        Ok(())
    }

    /// One line per file that is missing or differs, with the first differing line.
    pub fn differences(&self, root: &Path) -> Vec<String> {
        let mut out = Vec::new();
        for (path, text) in &self.files {
            match fs::read_to_string(root.join(path)) {
                Ok(old) if old == *text => {}
                Ok(old) => {
                    let line = old.lines().zip(text.lines()).take_while(|(a, b)| a == b).count() + 1;
                    out.push(format!("{path}: differs from line {line} on"));
                }
                Err(error) => out.push(format!("{path}: {error}")),
            }
        }
        out
    }

    pub fn summary(&self) -> String {
        let mut lines: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (path, text) in &self.files {
            let entry = lines.entry(path.split('/').next().unwrap_or(path)).or_default();
            entry.0 += 1;
            entry.1 += text.lines().count();
        }
        let parts: Vec<String> =
            lines.iter().map(|(top, (files, lines))| format!("{top}: {files} files, {lines} lines")).collect();
        parts.join("; ")
    }
}
