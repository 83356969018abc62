//! Files in a folder of this machine.

use std::fs;
use std::io::{ErrorKind as Io, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;
use uuid::Uuid;

use super::path::parts;
use super::{DirEntry, FileInfo, SessionFiles, failed, not_found, text};
use crate::error::{Error, ErrorKind, Result};

/// Files below one folder. No path leads out of it, neither by `..` nor through a symbolic link. A file is replaced as a
/// whole: a reader, or a crash, never sees half of it.
#[derive(Clone, Debug)]
pub struct FolderFiles {
    root: PathBuf,
}

impl FolderFiles {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// `InvalidArgument` when the folder cannot be made.
    pub fn new(root: impl AsRef<Path>) -> Result<Self> {
        let root = root.as_ref();
        fs::create_dir_all(root).and_then(|()| root.canonicalize()).map(|root| Self { root }).map_err(
            |error| {
                let text = format!("cannot keep session files in {}: {error}", root.display());
                Error::new(ErrorKind::InvalidArgument, text)
            },
        )
    }

    /// Where the files are, without symbolic links.
    pub(super) fn into_root(self) -> PathBuf {
        self.root
    }

    /// The place of a path. Every part that exists must lie inside the folder when links are followed.
    fn place(&self, path: &str) -> Result<PathBuf> {
        let mut place = self.root.clone();
        for part in parts(path)? {
            place.push(part);
            match place.symlink_metadata() {
                Ok(found) if found.is_symlink() => {
                    place = place.canonicalize().map_err(|error| problem(path, &error))?;
                    if !place.starts_with(&self.root) {
                        return Err(failed(format!("EACCES: {path} leads out of the store")));
                    }
                }
                _ => {}
            }
        }
        Ok(place)
    }

    /// Runs file operations where they may block.
    async fn run<T: Send + 'static>(
        &self,
        path: &str,
        work: impl FnOnce(&Self, &str) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (files, path) = (self.clone(), path.to_owned());
        let running = tokio::task::spawn_blocking(move || work(&files, &path));
        running.await.unwrap_or_else(|error| Err(failed(format!("the file operation ended early: {error}"))))
    }
}

fn problem(path: &str, error: &std::io::Error) -> Error {
    match error.kind() {
        Io::NotFound => not_found(path),
        _ => failed(format!("{path}: {error}")),
    }
}

fn make_parent(place: &Path) -> std::io::Result<()> {
    place.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Writes beside the file and moves it into its place.
fn replace(place: &Path, content: &[u8]) -> std::io::Result<()> {
    make_parent(place)?;
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let beside = place.with_file_name(format!(".{name}.{}", Uuid::new_v4().simple()));
    let outcome = fs::write(&beside, content).and_then(|()| fs::rename(&beside, place));
    if outcome.is_err() {
        drop(fs::remove_file(&beside));
    }
    outcome
}

#[async_trait]
impl SessionFiles for FolderFiles {
    async fn read_file(&self, path: &str) -> Result<String> {
        text(path, self.read_bytes(path).await?)
    }

    async fn read_bytes(&self, path: &str) -> Result<Vec<u8>> {
        self.run(path, |files, path| fs::read(files.place(path)?).map_err(|error| problem(path, &error)))
            .await
    }

    async fn write_file(&self, path: &str, content: &str) -> Result<()> {
        self.write_bytes(path, content.as_bytes()).await
    }

    async fn write_bytes(&self, path: &str, content: &[u8]) -> Result<()> {
        let content = content.to_owned();
        self.run(path, move |files, path| {
            replace(&files.place(path)?, &content).map_err(|error| problem(path, &error))
        })
        .await
    }

    async fn append_file(&self, path: &str, content: &str) -> Result<()> {
        let content = content.to_owned();
        self.run(path, move |files, path| {
            let place = files.place(path)?;
            make_parent(&place)
                .and_then(|()| fs::OpenOptions::new().create(true).append(true).open(&place))
                .and_then(|mut file| file.write_all(content.as_bytes()))
                .map_err(|error| problem(path, &error))
        })
        .await
    }

    async fn stat(&self, path: &str) -> Result<FileInfo> {
        self.run(path, |files, path| {
            let found = fs::metadata(files.place(path)?).map_err(|error| problem(path, &error))?;
            let mtime = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            Ok(FileInfo {
                is_directory: found.is_dir(),
                size: if found.is_dir() { 0 } else { found.len() },
                mtime,
                birthtime: found.created().unwrap_or(mtime),
            })
        })
        .await
    }

    async fn mkdir(&self, path: &str, recursive: bool) -> Result<()> {
        self.run(path, move |files, path| {
            let place = files.place(path)?;
            let made = if recursive { fs::create_dir_all(place) } else { fs::create_dir(place) };
            made.map_err(|error| problem(path, &error))
        })
        .await
    }

    async fn readdir(&self, path: &str) -> Result<Vec<DirEntry>> {
        self.run(path, |files, path| {
            let mut entries = Vec::new();
            for entry in fs::read_dir(files.place(path)?).map_err(|error| problem(path, &error))? {
                let entry = entry.map_err(|error| problem(path, &error))?;
                let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
                entries
                    .push(DirEntry { name: entry.file_name().to_string_lossy().into_owned(), is_directory });
            }
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(entries)
        })
        .await
    }

    async fn rm(&self, path: &str, recursive: bool, force: bool) -> Result<()> {
        self.run(path, move |files, path| {
            let place = files.place(path)?;
            if place == files.root {
                return Err(failed("EACCES: the root of the store stays"));
            }
            let removed = match fs::symlink_metadata(&place) {
                Ok(found) if found.is_dir() && recursive => fs::remove_dir_all(&place),
                Ok(found) if found.is_dir() => {
                    return Err(failed(format!("EISDIR: {path} is a directory")));
                }
                Ok(_) => fs::remove_file(&place),
                Err(error) => Err(error),
            };
            match removed {
                Err(error) if force && error.kind() == Io::NotFound => Ok(()),
                outcome => outcome.map_err(|error| problem(path, &error)),
            }
        })
        .await
    }

    async fn rename(&self, src: &str, dest: &str) -> Result<()> {
        let dest = dest.to_owned();
        self.run(src, move |files, src| {
            let (from, to) = (files.place(src)?, files.place(&dest)?);
            if !from.exists() {
                return Err(not_found(src));
            }
            make_parent(&to).and_then(|()| fs::rename(from, to)).map_err(|error| problem(src, &error))
        })
        .await
    }
}
