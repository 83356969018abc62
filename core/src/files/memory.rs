//! Files in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use super::tree::{Change, Tree};
use super::{DirEntry, FileInfo, SessionFiles, text};
use crate::error::Result;

/// Files that live as long as the last clone of this value. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(Arc<Mutex<Tree>>);

impl MemoryFiles {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: &Change) -> Result<()> {
        self.tree().apply(change, SystemTime::now())
    }
}

#[async_trait]
impl SessionFiles for MemoryFiles {
    async fn read_file(&self, path: &str) -> Result<String> {
        text(path, self.read_bytes(path).await?)
    }

    async fn write_bytes(&self, path: &str, content: &[u8]) -> Result<()> {
        self.change(&Change::Write { path: path.to_owned(), content: content.to_owned() })
    }

    async fn read_bytes(&self, path: &str) -> Result<Vec<u8>> {
        self.tree().read(path).map(<[u8]>::to_vec)
    }

    async fn write_file(&self, path: &str, content: &str) -> Result<()> {
        self.write_bytes(path, content.as_bytes()).await
    }

    async fn append_file(&self, path: &str, content: &str) -> Result<()> {
        self.change(&Change::Append { path: path.to_owned(), content: content.into() })
    }

    async fn stat(&self, path: &str) -> Result<FileInfo> {
        self.tree().stat(path)
    }

    async fn mkdir(&self, path: &str, recursive: bool) -> Result<()> {
        self.change(&Change::Mkdir { path: path.to_owned(), recursive })
    }

    async fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        self.tree().readdir(path)
    }

    async fn rm(&self, path: &str, recursive: bool, force: bool) -> Result<()> {
        self.change(&Change::Remove { path: path.to_owned(), recursive, force })
    }

    async fn rename(&self, src: &str, dest: &str) -> Result<()> {
        self.change(&Change::Rename { from: src.to_owned(), to: dest.to_owned() })
    }
}
