//! Files in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use super::path::key;
use super::{DirEntry, FileInfo, SessionFiles, failed, not_found, text};
use crate::error::Result;

/// Files that live as long as the last clone of this value. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(Arc<Mutex<BTreeMap<String, Node>>>);

#[derive(Clone, Debug)]
struct Node {
    /// None for a directory.
    content: Option<Vec<u8>>,
    born: SystemTime,
    changed: SystemTime,
}

type Tree<'a> = MutexGuard<'a, BTreeMap<String, Node>>;

impl Node {
    fn new(content: Option<Vec<u8>>) -> Self {
        let now = SystemTime::now();
        Self { content, born: now, changed: now }
    }
}

impl MemoryFiles {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn tree(&self) -> Tree<'_> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, path: &str, bytes: &[u8], append: bool) -> Result<()> {
        let key = key(path)?;
        let mut tree = self.tree();
        make_parents(&mut tree, &key)?;
        match tree.entry(key).or_insert_with(|| Node::new(Some(Vec::new()))) {
            Node { content: Some(content), changed, .. } => {
                if !append {
                    content.clear();
                }
                content.extend_from_slice(bytes);
                *changed = SystemTime::now();
                Ok(())
            }
            Node { content: None, .. } => Err(failed(format!("EISDIR: {path} is a directory"))),
        }
    }
}

fn make_parents(tree: &mut Tree<'_>, key: &str) -> Result<()> {
    for (end, _) in key.match_indices('/') {
        let node = tree.entry(key[..end].to_owned()).or_insert_with(|| Node::new(None));
        if node.content.is_some() {
            return Err(failed(format!("ENOTDIR: /{} is a file", &key[..end])));
        }
    }
    Ok(())
}

/// What lies below a directory.
fn below(tree: &Tree<'_>, key: &str) -> Vec<String> {
    let prefix = if key.is_empty() { String::new() } else { format!("{key}/") };
    tree.range(prefix.clone()..)
        .map_while(|(name, _)| name.starts_with(&prefix).then(|| name.clone()))
        .collect()
}

#[async_trait]
impl SessionFiles for MemoryFiles {
    async fn read_file(&self, path: &str) -> Result<String> {
        text(path, self.read_bytes(path).await?)
    }

    async fn write_bytes(&self, path: &str, content: &[u8]) -> Result<()> {
        self.put(path, content, false)
    }

    async fn read_bytes(&self, path: &str) -> Result<Vec<u8>> {
        match self.tree().get(&key(path)?) {
            Some(Node { content: Some(content), .. }) => Ok(content.clone()),
            Some(_) => Err(failed(format!("EISDIR: {path} is a directory"))),
            None => Err(not_found(path)),
        }
    }

    async fn write_file(&self, path: &str, content: &str) -> Result<()> {
        self.put(path, content.as_bytes(), false)
    }

    async fn append_file(&self, path: &str, content: &str) -> Result<()> {
        self.put(path, content.as_bytes(), true)
    }

    async fn stat(&self, path: &str) -> Result<FileInfo> {
        let key = key(path)?;
        let tree = self.tree();
        let root = Node::new(None);
        let node = if key.is_empty() { Some(&root) } else { tree.get(&key) };
        let node = node.ok_or_else(|| not_found(path))?;
        Ok(FileInfo {
            is_directory: node.content.is_none(),
            size: node.content.as_ref().map_or(0, |content| content.len() as u64),
            mtime: node.changed,
            birthtime: node.born,
        })
    }

    async fn mkdir(&self, path: &str, recursive: bool) -> Result<()> {
        let key = key(path)?;
        let mut tree = self.tree();
        if key.is_empty() || tree.get(&key).is_some_and(|node| node.content.is_none()) {
            return if recursive { Ok(()) } else { Err(failed(format!("EEXIST: {path} exists"))) };
        }
        if tree.contains_key(&key) {
            return Err(failed(format!("EEXIST: {path} is a file")));
        }
        match key.rsplit_once('/') {
            Some((parent, _)) if !recursive && !tree.contains_key(parent) => return Err(not_found(parent)),
            _ => make_parents(&mut tree, &key)?,
        }
        tree.insert(key, Node::new(None));
        Ok(())
    }

    async fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        let key = key(path)?;
        let tree = self.tree();
        match tree.get(&key) {
            Some(Node { content: Some(_), .. }) => return Err(failed(format!("ENOTDIR: {path} is a file"))),
            None if !key.is_empty() => return Err(not_found(path)),
            _ => {}
        }
        let start = if key.is_empty() { 0 } else { key.len() + 1 };
        let entries = below(&tree, &key).into_iter().filter(|name| !name[start..].contains('/'));
        Ok(entries
            .map(|name| DirEntry {
                is_directory: tree.get(&name).is_some_and(|node| node.content.is_none()),
                name: name[start..].to_owned(),
            })
            .collect())
    }

    async fn rm(&self, path: &str, recursive: bool, force: bool) -> Result<()> {
        let key = key(path)?;
        let mut tree = self.tree();
        match tree.get(&key) {
            None if force => return Ok(()),
            None => return Err(not_found(path)),
            Some(Node { content: None, .. }) if !recursive => {
                return Err(failed(format!("EISDIR: {path} is a directory")));
            }
            Some(_) => {}
        }
        for name in below(&tree, &key) {
            tree.remove(&name);
        }
        tree.remove(&key);
        Ok(())
    }

    async fn rename(&self, src: &str, dest: &str) -> Result<()> {
        let (from, to) = (key(src)?, key(dest)?);
        let mut tree = self.tree();
        if !tree.contains_key(&from) {
            return Err(not_found(src));
        }
        if from == to {
            return Ok(());
        }
        if to.starts_with(&format!("{from}/")) {
            return Err(failed(format!("EINVAL: {dest} lies inside {src}")));
        }
        if tree.get(&to).is_some_and(|node| node.content.is_none()) {
            return Err(failed(format!("EEXIST: {dest} is a directory")));
        }
        make_parents(&mut tree, &to)?;
        for name in below(&tree, &from).into_iter().chain([from.clone()]) {
            if let Some(node) = tree.remove(&name) {
                tree.insert(format!("{to}{}", &name[from.len()..]), node);
            }
        }
        Ok(())
    }
}
