//! The file system of a session, served by the host.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::CallContext;
use crate::error::Result;

/// Serves file operations. Calls may overlap.
#[async_trait]
pub trait SessionFsHandler: Send + Sync {
    /// Runs one operation. `method` is the wire name without `sessionFs.`, `params` are those of the wire without
    /// `sessionId`; `recursive` and `force` are always there for `mkdir` and `rm`. The answer is the plain value:
    ///
    /// | method | value |
    /// |---|---|
    /// | `readFile` | a text |
    /// | `writeFile`, `appendFile`, `mkdir`, `rm`, `rename` | ignored |
    /// | `exists`, `sqliteExists` | a bool |
    /// | `stat` | `{isFile, isDirectory, size, mtime, birthtime}` |
    /// | `readdir` | a list of names |
    /// | `readdirWithTypes` | a list of `{name, type}` |
    /// | `sqliteQuery` | `{columns, rows, rowsAffected, lastInsertRowid?}` or null |
    /// | `sqliteTransaction` | a list of query results |
    ///
    /// An error whose data is `{"code": "ENOENT"}` says that the file does not exist; `{"errorClass": …}` classifies a
    /// failed transaction; kind [`Unsupported`](crate::ErrorKind::Unsupported) says that there is no such operation.
    async fn call(&self, context: &CallContext, method: &str, params: Map<String, Value>) -> Result<Value>;
}
