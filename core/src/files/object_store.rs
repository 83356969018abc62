//! Files in any store that OpenDAL reaches: object stores, databases, remote folders.

use std::time::SystemTime;

use async_trait::async_trait;
use opendal::{EntryMode, ErrorKind as Kind, Metadata, Operator};

use super::path::key;
use super::{DirEntry, FileInfo, SessionFiles, failed, not_found, text};
use crate::error::{Error, Result};

/// Files in the store of an [`opendal::Operator`], which brings address, credentials and retries. Object stores know no
/// directories: one is there as long as something is in it, or when [`mkdir`](SessionFiles::mkdir) left a marker.
/// Appending reads and writes the whole file where the store cannot append.
#[derive(Clone, Debug)]
pub struct ObjectStoreFiles(Operator);

impl ObjectStoreFiles {
    /// Keeps files below the operator's root.
    #[must_use]
    pub fn new(operator: Operator) -> Self {
        Self(operator)
    }

    async fn metadata(&self, path: &str) -> Result<(String, Metadata)> {
        let key = key(path)?;
        if key.is_empty() {
            return Ok(("/".to_owned(), Metadata::new(EntryMode::DIR)));
        }
        match self.0.stat(&key).await {
            Ok(found) if found.mode() == EntryMode::FILE => return Ok((key, found)),
            Err(error) if error.kind() != Kind::NotFound => return Err(problem(path, &error)),
            _ => {}
        }
        let directory = format!("{key}/");
        let inside = self.0.list_with(&directory).limit(1).await.map_err(|error| problem(path, &error))?;
        if inside.is_empty() {
            return Err(not_found(path));
        }
        Ok((directory, Metadata::new(EntryMode::DIR)))
    }
}

fn problem(path: &str, error: &opendal::Error) -> Error {
    match error.kind() {
        Kind::NotFound => not_found(path),
        kind => failed(format!("{path}: {kind}: {}", error.message())),
    }
}

#[async_trait]
impl SessionFiles for ObjectStoreFiles {
    async fn read_file(&self, path: &str) -> Result<String> {
        text(path, self.read_bytes(path).await?)
    }

    async fn read_bytes(&self, path: &str) -> Result<Vec<u8>> {
        let bytes = self.0.read(&key(path)?).await.map_err(|error| problem(path, &error))?;
        Ok(bytes.to_vec())
    }

    async fn write_file(&self, path: &str, content: &str) -> Result<()> {
        self.write_bytes(path, content.as_bytes()).await
    }

    async fn write_bytes(&self, path: &str, content: &[u8]) -> Result<()> {
        let written = self.0.write(&key(path)?, content.to_owned()).await;
        written.map(drop).map_err(|error| problem(path, &error))
    }

    async fn append_file(&self, path: &str, content: &str) -> Result<()> {
        let key = key(path)?;
        if self.0.info().full_capability().write_can_append {
            let written = self.0.write_with(&key, content.to_owned()).append(true).await;
            return written.map(drop).map_err(|error| problem(path, &error));
        }
        let mut whole = match self.0.read(&key).await {
            Ok(bytes) => bytes.to_vec(),
            Err(error) if error.kind() == Kind::NotFound => Vec::new(),
            Err(error) => return Err(problem(path, &error)),
        };
        whole.extend_from_slice(content.as_bytes());
        self.0.write(&key, whole).await.map(drop).map_err(|error| problem(path, &error))
    }

    async fn stat(&self, path: &str) -> Result<FileInfo> {
        let (_, found) = self.metadata(path).await?;
        let mtime = found.last_modified().map_or(SystemTime::UNIX_EPOCH, SystemTime::from);
        let is_directory = found.mode() == EntryMode::DIR;
        let size = if is_directory { 0 } else { found.content_length() };
        Ok(FileInfo { is_directory, size, mtime, birthtime: mtime })
    }

    async fn mkdir(&self, path: &str, recursive: bool) -> Result<()> {
        match self.metadata(path).await {
            Ok((_, found)) if found.mode() == EntryMode::DIR && recursive => Ok(()),
            Ok(_) => Err(failed(format!("EEXIST: {path} exists"))),
            Err(_) if self.0.info().full_capability().create_dir => {
                let directory = format!("{}/", key(path)?);
                self.0.create_dir(&directory).await.map_err(|error| problem(path, &error))
            }
            // Without markers a directory is there with its first file.
            Err(_) => Ok(()),
        }
    }

    async fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        let (directory, found) = self.metadata(path).await?;
        if found.mode() != EntryMode::DIR {
            return Err(failed(format!("ENOTDIR: {path} is a file")));
        }
        let own = directory.trim_start_matches('/').to_owned();
        let listed = self.0.list(&directory).await.map_err(|error| problem(path, &error))?;
        let mut entries: Vec<_> = listed
            .iter()
            .filter(|entry| entry.path() != own && entry.path() != "/")
            .map(|entry| DirEntry {
                name: entry.name().trim_end_matches('/').to_owned(),
                is_directory: entry.metadata().mode() == EntryMode::DIR,
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    async fn rm(&self, path: &str, recursive: bool, force: bool) -> Result<()> {
        let (place, found) = match self.metadata(path).await {
            Ok(found) => found,
            Err(error) if force && error.data().is_some() => return Ok(()),
            Err(error) => return Err(error),
        };
        let removed = match found.mode() {
            EntryMode::DIR if !recursive => return Err(failed(format!("EISDIR: {path} is a directory"))),
            EntryMode::DIR => self.0.delete_with(&place).recursive(true).await,
            _ => self.0.delete(&place).await,
        };
        removed.map_err(|error| problem(path, &error))
    }

    async fn rename(&self, src: &str, dest: &str) -> Result<()> {
        let (from, found) = self.metadata(src).await?;
        if found.mode() == EntryMode::DIR {
            return Err(failed(format!("ENOSYS: object stores cannot move the directory {src}")));
        }
        let to = key(dest)?;
        let bytes = self.0.read(&from).await.map_err(|error| problem(src, &error))?;
        self.0.write(&to, bytes).await.map_err(|error| problem(dest, &error))?;
        self.0.delete(&from).await.map_err(|error| problem(src, &error))
    }
}
