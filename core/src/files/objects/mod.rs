//! Objects of a store: named bytes that are written as a whole, and listed by directory. What a journal needs of a store.

mod folder;
#[cfg(feature = "opendal")]
mod opendal;
#[cfg(feature = "stores")]
mod postgres;
#[cfg(feature = "stores")]
mod redis;
#[cfg(feature = "stores")]
mod sqlite;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::scheme;
use crate::error::{Result as EngineResult, reasons};
use crate::runtime::options::SessionFsStore;

use folder::FolderObjects;

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Whether the same call may work in a moment.
    pub is_temporary: bool,
    /// What the store said.
    pub message: String,
}

impl Fault {
    pub(super) fn lasting(message: impl fmt::Display) -> Self {
        Self { is_temporary: false, message: message.to_string() }
    }
}

/// A store of objects. Names have `/` between their parts; none begins or ends with one.
#[async_trait]
pub(super) trait Objects: Send + Sync {
    /// What errors call the store: its kind, without addresses and credentials.
    fn kind(&self) -> &str;
    /// Why there cannot be one owner here: the store cannot refuse to write an object that is there. None where it can.
    fn cannot_refuse(&self) -> Option<String> {
        None
    }
    /// Writes an object unless there is one of this name, and says whether it did.
    async fn create(&self, name: &str, content: &[u8]) -> Result<bool, Fault>;
    /// Writes an object, or replaces it.
    async fn put(&self, name: &str, content: &[u8]) -> Result<(), Fault>;
    /// An object's content; none when there is none.
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault>;
    /// The objects directly inside a directory, without its name, in any order. Empty when there is no such directory.
    async fn list(&self, directory: &str) -> Result<Vec<String>, Fault>;
    /// Removes objects; those that are not there do not matter.
    async fn delete(&self, names: &[String]) -> Result<(), Fault>;
}

/// The store that a client's options name.
pub(super) fn open(store: &SessionFsStore) -> EngineResult<Arc<dyn Objects>> {
    let objects: Arc<dyn Objects> = match store {
        SessionFsStore::Memory => {
            return Err(reasons::files_no_lease("memory", "nobody but this client sees it"));
        }
        SessionFsStore::Folder { path } => Arc::new(FolderObjects::new(path)?),
        SessionFsStore::Url { url, options } => by_url(url, options)?,
    };
    match objects.cannot_refuse() {
        Some(why) => Err(reasons::files_no_lease(objects.kind(), &why)),
        None => Ok(objects),
    }
}

/// Who reaches the store of a URL.
enum Service {
    Redis,
    Postgres,
    Sqlite,
    Opendal,
}

impl Service {
    fn of(url: &str) -> Self {
        match scheme(url) {
            "redis" | "rediss" => Self::Redis,
            "postgres" | "postgresql" => Self::Postgres,
            "sqlite" => Self::Sqlite,
            _ => Self::Opendal,
        }
    }
}

/// Whether the sessions of a store have one owner at a time, also when nobody asks for it: databases hold journals alone.
pub(crate) fn is_owned_only(store: &SessionFsStore) -> bool {
    matches!(store, SessionFsStore::Url { url, .. } if !matches!(Service::of(url), Service::Opendal))
}

fn by_url(url: &str, options: &BTreeMap<String, String>) -> EngineResult<Arc<dyn Objects>> {
    match Service::of(url) {
        #[cfg(feature = "stores")]
        Service::Redis => Ok(Arc::new(redis::RedisObjects::new(url, options)?)),
        #[cfg(feature = "stores")]
        Service::Postgres => Ok(Arc::new(postgres::PostgresObjects::new(url, options)?)),
        #[cfg(feature = "stores")]
        Service::Sqlite => Ok(Arc::new(sqlite::SqliteObjects::new(url)?)),
        #[cfg(feature = "opendal")]
        _ => Ok(Arc::new(super::object_store::operator(url, options)?)),
        #[cfg(not(feature = "opendal"))]
        _ => {
            let _ = options;
            Err(reasons::files_no_store(scheme(url)))
        }
    }
}

/// The directory of a name, and what it is called there.
#[cfg(feature = "stores")]
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

#[cfg(feature = "stores")]
fn by_directory(names: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut grouped = BTreeMap::<_, Vec<_>>::new();
    for (directory, name) in names.iter().map(|name| split(name)) {
        grouped.entry(directory).or_default().push(name);
    }
    grouped
}
