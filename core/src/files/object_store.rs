//! Files in any store that OpenDAL reaches: object stores, databases, remote folders.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use opendal::{EntryMode, ErrorKind as Kind, Metadata, Operator};

use super::path::key;
use super::segments::{SUFFIX, Segments, Stat};
use super::{DirEntry, FileInfo, SessionFiles, failed, not_found, scheme, text};
use crate::error::{Error, Result, reasons};

/// Files in the store of an [`opendal::Operator`], which brings address, credentials and retries. Object stores know no
/// directories: one is there as long as something is in it, or when [`mkdir`](SessionFiles::mkdir) left a marker.
///
/// Where the store cannot append, what is added to a file is kept beside it, in objects below `<file>.~log/`: an addition
/// costs what it adds, however long the file is.
#[derive(Clone, Debug)]
pub struct ObjectStoreFiles {
    store: Operator,
    /// None where the store can append.
    logs: Option<Arc<Segments>>,
}

impl ObjectStoreFiles {
    /// Keeps files below the operator's root.
    #[must_use]
    pub fn new(operator: Operator) -> Self {
        let can_append = operator.info().full_capability().write_can_append;
        let logs = (!can_append).then(|| Arc::new(Segments::new(operator.clone())));
        Self { store: operator, logs }
    }

    /// What a path is, and its name in the store.
    async fn metadata(&self, path: &str) -> Result<(String, FileInfo)> {
        let key = key(path)?;
        if key.is_empty() {
            return Ok(("/".to_owned(), DIRECTORY));
        }
        let own = match self.store.stat(&key).await {
            Ok(found) if found.mode() == EntryMode::FILE => Some(found),
            Err(error) if error.kind() != Kind::NotFound => return Err(problem(path, &error)),
            _ => None,
        };
        let log = match &self.logs {
            Some(logs) => logs.stat(&key).await.map_err(|error| problem(path, &error))?,
            None => None,
        };
        if own.is_some() || log.is_some() {
            return Ok((key, file_info(own.as_ref(), log.as_ref())));
        }
        let directory = format!("{key}/");
        let inside =
            self.store.list_with(&directory).limit(1).await.map_err(|error| problem(path, &error))?;
        if inside.is_empty() {
            return Err(not_found(path));
        }
        Ok((directory, DIRECTORY))
    }

    async fn write(&self, path: &str, content: Vec<u8>) -> Result<()> {
        let key = key(path)?;
        let written = match &self.logs {
            Some(logs) => logs.replace(&key, content).await,
            None => self.store.write(&key, content).await.map(drop),
        };
        written.map_err(|error| problem(path, &error))
    }
}

/// The store that a URL names; `options` are those of OpenDAL's service.
pub(super) fn operator(url: &str, options: &BTreeMap<String, String>) -> Result<Operator> {
    opendal::init_default_registry();
    #[cfg(feature = "stores")]
    // Fails when there is one already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let options = options.iter().map(|(name, value)| (name.clone(), value.clone()));
    Operator::from_uri((url, options)).map_err(|error| match error.kind() {
        Kind::Unsupported => reasons::files_no_store(scheme(url)),
        _ => reasons::files_store(scheme(url), "open", error.message()),
    })
}

const DIRECTORY: FileInfo = FileInfo {
    is_directory: true,
    size: 0,
    mtime: SystemTime::UNIX_EPOCH,
    birthtime: SystemTime::UNIX_EPOCH,
};

/// From a file's own object, and what was added to it.
fn file_info(own: Option<&Metadata>, log: Option<&Stat>) -> FileInfo {
    let own = own.filter(|_| log.is_none_or(|log| log.has_base));
    let changed = own.and_then(|own| own.last_modified()).map(SystemTime::from);
    let mtime = changed.max(log.and_then(|log| log.changed)).unwrap_or(SystemTime::UNIX_EPOCH);
    let size = own.map_or(0, Metadata::content_length) + log.map_or(0, |log| log.size);
    FileInfo { is_directory: false, size, mtime, birthtime: changed.unwrap_or(mtime) }
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
        let key = key(path)?;
        let read = match &self.logs {
            Some(logs) => logs.read(&key).await,
            None => self.store.read(&key).await.map(|bytes| bytes.to_vec()),
        };
        read.map_err(|error| problem(path, &error))
    }

    async fn write_file(&self, path: &str, content: &str) -> Result<()> {
        self.write_bytes(path, content.as_bytes()).await
    }

    async fn write_bytes(&self, path: &str, content: &[u8]) -> Result<()> {
        self.write(path, content.to_owned()).await
    }

    async fn append_file(&self, path: &str, content: &str) -> Result<()> {
        let key = key(path)?;
        let written = match &self.logs {
            Some(logs) => logs.append(&key, content.as_bytes()).await,
            None => self.store.write_with(&key, content.to_owned()).append(true).await.map(drop),
        };
        written.map_err(|error| problem(path, &error))
    }

    async fn stat(&self, path: &str) -> Result<FileInfo> {
        Ok(self.metadata(path).await?.1)
    }

    async fn mkdir(&self, path: &str, recursive: bool) -> Result<()> {
        match self.metadata(path).await {
            Ok((_, found)) if found.is_directory && recursive => Ok(()),
            Ok(_) => Err(failed(format!("EEXIST: {path} exists"))),
            Err(_) if self.store.info().full_capability().create_dir => {
                let directory = format!("{}/", key(path)?);
                self.store.create_dir(&directory).await.map_err(|error| problem(path, &error))
            }
            // Without markers a directory is there with its first file.
            Err(_) => Ok(()),
        }
    }

    async fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        let (directory, found) = self.metadata(path).await?;
        if !found.is_directory {
            return Err(failed(format!("ENOTDIR: {path} is a file")));
        }
        let own = directory.trim_start_matches('/').to_owned();
        let listed = self.store.list(&directory).await.map_err(|error| problem(path, &error))?;
        let mut entries: Vec<_> = listed
            .iter()
            .filter(|entry| entry.path() != own && entry.path() != "/")
            .map(|entry| match entry.name().strip_suffix(SUFFIX) {
                Some(file) if self.logs.is_some() => DirEntry { name: file.to_owned(), is_directory: false },
                _ => DirEntry {
                    name: entry.name().trim_end_matches('/').to_owned(),
                    is_directory: entry.metadata().mode() == EntryMode::DIR,
                },
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup();
        Ok(entries)
    }

    async fn rm(&self, path: &str, recursive: bool, force: bool) -> Result<()> {
        let (place, found) = match self.metadata(path).await {
            Ok(found) => found,
            Err(error) if force && error.data().is_some() => return Ok(()),
            Err(error) => return Err(error),
        };
        if found.is_directory && !recursive {
            return Err(failed(format!("EISDIR: {path} is a directory")));
        }
        let removed = match &self.logs {
            _ if found.is_directory => self.store.delete_with(&place).recursive(true).await,
            Some(logs) => logs.remove(&place).await,
            None => self.store.delete(&place).await,
        };
        if let Some(logs) = self.logs.as_ref().filter(|_| found.is_directory) {
            logs.forget(&place).await;
        }
        removed.map_err(|error| problem(path, &error))
    }

    async fn rename(&self, src: &str, dest: &str) -> Result<()> {
        let (from, found) = self.metadata(src).await?;
        if found.is_directory {
            return Err(failed(format!("ENOSYS: object stores cannot move the directory {src}")));
        }
        if from == key(dest)? {
            return Ok(());
        }
        let bytes = self.read_bytes(src).await?;
        self.write(dest, bytes).await?;
        let removed = match &self.logs {
            Some(logs) => logs.remove(&from).await,
            None => self.store.delete(&from).await,
        };
        removed.map_err(|error| problem(src, &error))
    }
}
