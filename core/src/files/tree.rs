//! Files and directories in memory, and what can be done to them.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::path::key;
use super::{DirEntry, FileInfo, failed, not_found};
use crate::error::Result;

/// Files by their paths, without a leading slash.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree(BTreeMap<String, Node>);

#[derive(Clone, Debug)]
struct Node {
    /// None for a directory.
    content: Option<Vec<u8>>,
    born: SystemTime,
    changed: SystemTime,
}

impl Node {
    fn new(content: Option<Vec<u8>>, at: SystemTime) -> Self {
        Self { content, born: at, changed: at }
    }

    fn is_directory(&self) -> bool {
        self.content.is_none()
    }
}

/// A change of files. Paths are those of the runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Adds to the end of a file, or makes it together with the directories above it.
    Append { path: String, content: Vec<u8> },
    /// Replaces a file, or makes it together with the directories above it.
    Write { path: String, content: Vec<u8> },
    /// Makes a directory; `recursive` makes those above it and does not mind one that is there.
    Mkdir { path: String, recursive: bool },
    /// Removes a file, or with `recursive` a directory; `force` does not mind a missing one.
    Remove { path: String, recursive: bool, force: bool },
    /// Moves a file or directory; a file at the destination is replaced.
    Rename { from: String, to: String },
}

impl Tree {
    /// Makes a change, or leaves everything as it was.
    pub(super) fn apply(&mut self, change: &Change, at: SystemTime) -> Result<()> {
        match change {
            Change::Append { path, content } => self.put(path, content, true, at),
            Change::Write { path, content } => self.put(path, content, false, at),
            Change::Mkdir { path, recursive } => self.mkdir(path, *recursive, at),
            Change::Remove { path, recursive, force } => self.remove(path, *recursive, *force),
            Change::Rename { from, to } => self.rename(from, to, at),
        }
    }

    /// The changes that make the same tree from nothing, each with its time.
    pub(super) fn as_changes(&self) -> impl Iterator<Item = (Change, SystemTime)> {
        self.0.iter().map(|(path, node)| {
            let path = path.clone();
            let change = match &node.content {
                Some(content) => Change::Write { path, content: content.clone() },
                None => Change::Mkdir { path, recursive: true },
            };
            (change, node.changed)
        })
    }

    /// Bytes of all files together.
    pub(super) fn size(&self) -> usize {
        self.0.values().filter_map(|node| node.content.as_ref()).map(Vec::len).sum()
    }

    pub(super) fn read(&self, path: &str) -> Result<&[u8]> {
        match self.0.get(&key(path)?) {
            Some(Node { content: Some(content), .. }) => Ok(content),
            Some(_) => Err(failed(format!("EISDIR: {path} is a directory"))),
            None => Err(not_found(path)),
        }
    }

    pub(super) fn stat(&self, path: &str) -> Result<FileInfo> {
        let key = key(path)?;
        let root = Node::new(None, SystemTime::now());
        let node = if key.is_empty() { Some(&root) } else { self.0.get(&key) };
        let node = node.ok_or_else(|| not_found(path))?;
        Ok(FileInfo {
            is_directory: node.is_directory(),
            size: node.content.as_ref().map_or(0, |content| content.len() as u64),
            mtime: node.changed,
            birthtime: node.born,
        })
    }

    pub(super) fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        let key = key(path)?;
        match self.0.get(&key) {
            Some(node) if !node.is_directory() => return Err(failed(format!("ENOTDIR: {path} is a file"))),
            None if !key.is_empty() => return Err(not_found(path)),
            _ => {}
        }
        let start = if key.is_empty() { 0 } else { key.len() + 1 };
        let inside = self.below(&key).filter(|(name, _)| !name[start..].contains('/'));
        Ok(inside
            .map(|(name, node)| DirEntry {
                is_directory: node.is_directory(),
                name: name[start..].to_owned(),
            })
            .collect())
    }

    /// What lies below a directory.
    fn below(&self, key: &str) -> impl Iterator<Item = (&String, &Node)> {
        let prefix = if key.is_empty() { String::new() } else { format!("{key}/") };
        self.0.range(prefix.clone()..).take_while(move |(name, _)| name.starts_with(&prefix))
    }

    fn names_from(&self, key: &str) -> Vec<String> {
        let below = self.below(key).map(|(name, _)| name.clone());
        below.chain(self.0.contains_key(key).then(|| key.to_owned())).collect()
    }

    fn put(&mut self, path: &str, bytes: &[u8], append: bool, at: SystemTime) -> Result<()> {
        let key = key(path)?;
        if key.is_empty() || self.0.get(&key).is_some_and(Node::is_directory) {
            return Err(failed(format!("EISDIR: {path} is a directory")));
        }
        self.make_parents(&key, at)?;
        let node = self.0.entry(key).or_insert_with(|| Node::new(Some(Vec::new()), at));
        let content = node.content.get_or_insert_default();
        if !append {
            content.clear();
        }
        content.extend_from_slice(bytes);
        node.changed = at;
        Ok(())
    }

    fn make_parents(&mut self, key: &str, at: SystemTime) -> Result<()> {
        let parents = || key.match_indices('/').map(|(end, _)| &key[..end]);
        if let Some(file) = parents().find(|path| self.0.get(*path).is_some_and(|node| !node.is_directory()))
        {
            return Err(failed(format!("ENOTDIR: /{file} is a file")));
        }
        for path in parents() {
            self.0.entry(path.to_owned()).or_insert_with(|| Node::new(None, at));
        }
        Ok(())
    }

    fn mkdir(&mut self, path: &str, recursive: bool, at: SystemTime) -> Result<()> {
        let key = key(path)?;
        match self.0.get(&key) {
            Some(node) if !node.is_directory() => return Err(failed(format!("EEXIST: {path} is a file"))),
            None if !key.is_empty() => {}
            _ if recursive => return Ok(()),
            _ => return Err(failed(format!("EEXIST: {path} exists"))),
        }
        match key.rsplit_once('/') {
            Some((parent, _)) if !recursive && !self.0.contains_key(parent) => return Err(not_found(parent)),
            _ => self.make_parents(&key, at)?,
        }
        self.0.insert(key, Node::new(None, at));
        Ok(())
    }

    fn remove(&mut self, path: &str, recursive: bool, force: bool) -> Result<()> {
        let key = key(path)?;
        match self.0.get(&key) {
            None if force => return Ok(()),
            None => return Err(not_found(path)),
            Some(node) if node.is_directory() && !recursive => {
                return Err(failed(format!("EISDIR: {path} is a directory")));
            }
            Some(_) => {}
        }
        for name in self.names_from(&key) {
            self.0.remove(&name);
        }
        Ok(())
    }

    fn rename(&mut self, src: &str, dest: &str, at: SystemTime) -> Result<()> {
        let (from, to) = (key(src)?, key(dest)?);
        if !self.0.contains_key(&from) {
            return Err(not_found(src));
        }
        if from == to {
            return Ok(());
        }
        if to.starts_with(&format!("{from}/")) {
            return Err(failed(format!("EINVAL: {dest} lies inside {src}")));
        }
        if to.is_empty() || self.0.get(&to).is_some_and(Node::is_directory) {
            return Err(failed(format!("EEXIST: {dest} is a directory")));
        }
        self.make_parents(&to, at)?;
        for name in self.names_from(&from) {
            if let Some(node) = self.0.remove(&name) {
                self.0.insert(format!("{to}{}", &name[from.len()..]), node);
            }
        }
        Ok(())
    }
}
