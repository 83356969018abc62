//! Objects of a store: named bytes that are written as a whole, and listed by directory. What a journal needs of a store.

mod folder;
#[cfg(feature = "opendal")]
mod opendal;

use std::fmt;

use async_trait::async_trait;

pub(super) use folder::FolderObjects;

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
