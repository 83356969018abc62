//! Collects generated files, then writes them or compares them with what is there.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

#[derive(Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
    /// Parts of hand-written files, by file and name.
    parts: BTreeMap<(String, String), String>,
}

impl Tree {
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        let path = path.into();
        let known = self.files.insert(path.clone(), text.into());
        assert!(known.is_none(), "{path} is written twice");
    }

    /// A part of a hand-written file, between `<!-- begin NAME -->` and `<!-- end NAME -->`.
    pub fn part(&mut self, path: &str, name: &str, text: impl Into<String>) {
        let known = self.parts.insert((path.to_owned(), name.to_owned()), text.into());
        assert!(known.is_none(), "{name} of {path} is written twice");
    }

    /// Puts the parts into the files below `root`, which are whole from then on.
    pub fn place_parts(&mut self, root: &Path) -> Result<(), String> {
        for ((path, name), text) in std::mem::take(&mut self.parts) {
            let whole = match self.files.remove(&path) {
                Some(whole) => whole,
                None => fs::read_to_string(root.join(&path)).map_err(|e| format!("{path}: {e}"))?,
            };
            let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
            let missing = || format!("{path}: there is no part {name}");
            let (before, rest) = whole.split_once(&begin).ok_or_else(missing)?;
            let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
            self.files.insert(path, format!("{before}{begin}{text}{end}{after}"));
        }
        Ok(())
    }

    /// Lays out the Rust files as `cargo fmt` would, so that the formatting check covers them too.
    pub fn format_rust(&mut self, root: &Path) -> Result<(), String> {
        for (path, text) in &mut self.files {
            if path.ends_with(".rs") {
                *text = rustfmt(root, text).map_err(|e| format!("rustfmt {path}: {e}"))?;
            }
        }
        Ok(())
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
        let parts: Vec<String> = lines
            .iter()
            .map(|(top, (files, lines))| format!("{top}: {files} files, {lines} lines"))
            .collect();
        parts.join("; ")
    }
}

fn rustfmt(root: &Path, text: &str) -> Result<String, String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let mut input = child.stdin.take().ok_or("no input")?;
    // Written from a thread of its own: rustfmt may answer before it has read everything.
    let owned = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(owned.as_bytes()));
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    writer.join().map_err(|_| "writer panicked")?.map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(format!("exit {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|e| e.to_string())
}
