//! Objects as files of a folder, which may be shared between machines.

use std::fs;
use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use uuid::Uuid;

use super::{Fault, Objects};
use crate::error::Result as EngineResult;
use crate::files::FolderFiles;

/// A file appears under its name as a whole, by a hard link or by being moved there.
#[derive(Clone, Debug)]
pub(in crate::files) struct FolderObjects {
    root: PathBuf,
}

impl FolderObjects {
    /// Makes the folder if it is not there.
    pub(in crate::files) fn new(root: &str) -> EngineResult<Self> {
        Ok(Self { root: FolderFiles::new(root)?.into_root() })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let root = self.root.clone();
        match tokio::task::spawn_blocking(move || work(&root)).await {
            Ok(done) => done
                .map_err(|error| Fault { is_temporary: may_pass(error.kind()), message: error.to_string() }),
            Err(error) => Err(Fault::lasting(error)),
        }
    }
}

fn may_pass(kind: Io) -> bool {
    matches!(
        kind,
        Io::Interrupted | Io::TimedOut | Io::ResourceBusy | Io::StaleNetworkFileHandle | Io::StorageFull
    )
}

/// Writes a file beside the place it is meant for.
fn write_beside(place: &Path, content: &[u8]) -> std::io::Result<PathBuf> {
    let folder = place.parent().unwrap_or(place);
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".{}", Uuid::new_v4().simple()));
    match fs::write(&beside, content) {
        Ok(()) => Ok(beside),
        Err(error) => {
            drop(fs::remove_file(&beside));
            Err(error)
        }
    }
}

fn missing_is(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == Io::NotFound { Ok(()) } else { Err(error) }
}

#[async_trait]
impl Objects for FolderObjects {
    fn kind(&self) -> &str {
        "folder"
    }

    async fn create(&self, name: &str, content: &[u8]) -> Result<bool, Fault> {
        let (name, content) = (name.to_owned(), content.to_owned());
        self.run(move |root| {
            let place = root.join(name);
            let beside = write_beside(&place, &content)?;
            let linked = fs::hard_link(&beside, &place);
            drop(fs::remove_file(&beside));
            match linked {
                Err(error) if error.kind() == Io::AlreadyExists => Ok(false),
                linked => linked.map(|()| true),
            }
        })
        .await
    }

    async fn put(&self, name: &str, content: &[u8]) -> Result<(), Fault> {
        let (name, content) = (name.to_owned(), content.to_owned());
        self.run(move |root| {
            let place = root.join(name);
            let beside = write_beside(&place, &content)?;
            fs::rename(&beside, &place).inspect_err(|_| drop(fs::remove_file(&beside)))
        })
        .await
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let name = name.to_owned();
        self.run(move |root| match fs::read(root.join(name)) {
            Err(error) => missing_is(error).map(|()| None),
            read => read.map(Some),
        })
        .await
    }

    async fn list(&self, directory: &str) -> Result<Vec<String>, Fault> {
        let directory = directory.to_owned();
        self.run(move |root| {
            let entries = match fs::read_dir(root.join(directory)) {
                Err(error) => return missing_is(error).map(|()| Vec::new()),
                Ok(entries) => entries,
            };
            let names =
                entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
            names.filter(|name| name.as_ref().is_ok_and(|name| !name.starts_with('.'))).collect()
        })
        .await
    }

    async fn delete(&self, names: &[String]) -> Result<(), Fault> {
        let names = names.to_owned();
        self.run(move |root| {
            names.iter().try_for_each(|name| fs::remove_file(root.join(name)).or_else(missing_is))
        })
        .await
    }
}
