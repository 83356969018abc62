//! Ready stores for session files: in memory, in a folder, in anything OpenDAL reaches. With one of them a session that
//! was begun on one machine goes on on another.

#[cfg(feature = "sqlite")]
mod database;
mod folder;
mod journal;
mod memory;
#[cfg(feature = "opendal")]
mod object_store;
mod objects;
mod path;
#[cfg(feature = "opendal")]
mod segments;
mod tree;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, MutexGuard};

pub use folder::FolderFiles;
pub(crate) use journal::{Lease, Leases};
pub use memory::MemoryFiles;
#[cfg(feature = "opendal")]
pub use object_store::ObjectStoreFiles;
pub(crate) use objects::is_owned_only;

#[cfg(not(feature = "opendal"))]
use crate::error::reasons;
use crate::error::{Error, ErrorKind, Result};
use crate::handlers::{CallContext, SessionFsHandler};
use crate::protocol::time::iso8601;
use crate::runtime::options::SessionFsStore;
use path::key;

/// What is known of a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Whether it is a directory; everything else counts as a file.
    pub is_directory: bool,
    /// Bytes; 0 for directories.
    pub size: u64,
    /// Last change.
    pub mtime: SystemTime,
    /// Creation, or the last change where a store does not know.
    pub birthtime: SystemTime,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The name, without a path.
    pub name: String,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// A store of files, typed. Paths are those of the runtime, `/` between their parts. Calls may overlap. A file that
/// is not there is reported by [`not_found`], so that the runtime can tell it from other failures.
#[async_trait]
pub trait SessionFiles: Send + Sync {
    /// The whole text of a file.
    async fn read_file(&self, path: &str) -> Result<String>;
    /// Replaces a file, or makes it together with the directories above it.
    async fn write_file(&self, path: &str, content: &str) -> Result<()>;
    /// The whole content of a file that may be no text. A store of texts need not have it.
    async fn read_bytes(&self, path: &str) -> Result<Vec<u8>> {
        self.read_file(path).await.map(String::into_bytes)
    }
    /// As [`write_file`](Self::write_file), for content that may be no text. A store of texts need not have it.
    async fn write_bytes(&self, path: &str, content: &[u8]) -> Result<()> {
        match std::str::from_utf8(content) {
            Ok(text) => self.write_file(path, text).await,
            Err(_) => Err(failed(format!("{path}: this store keeps only text"))),
        }
    }
    /// Adds to the end of a file, or makes it together with the directories above it.
    async fn append_file(&self, path: &str, content: &str) -> Result<()>;
    /// What is known of a path.
    async fn stat(&self, path: &str) -> Result<FileInfo>;
    /// Makes a directory; `recursive` makes those above it and does not mind one that is there.
    async fn mkdir(&self, path: &str, recursive: bool) -> Result<()>;
    /// The entries of a directory, sorted by name.
    async fn readdir(&self, path: &str) -> Result<Vec<DirEntry>>;
    /// Removes a file, or with `recursive` a directory; `force` does not mind a missing one.
    async fn rm(&self, path: &str, recursive: bool, force: bool) -> Result<()>;
    /// Moves a file or directory; a file at the destination is replaced.
    async fn rename(&self, src: &str, dest: &str) -> Result<()>;
}

/// The error for a path where nothing is.
#[must_use]
pub fn not_found(path: &str) -> Error {
    Error::new(ErrorKind::HandlerFailed, format!("ENOENT: no such file or directory: {path}"))
        .with_data(r#"{"code":"ENOENT"}"#.to_owned())
}

fn failed(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::HandlerFailed, what.into())
}

/// A file's content as text.
fn text(path: &str, content: Vec<u8>) -> Result<String> {
    String::from_utf8(content).map_err(|_| failed(format!("{path} is no UTF-8 text")))
}

/// Serves a session's file operations from a store, and with the feature `sqlite` its database, which is a file of the
/// session; without the feature that is refused as unsupported, which the runtime accepts. Changes of one file are made one
/// after the other, in the order in which they were asked for: appending is more than one step in some stores.
pub struct ServeFiles {
    files: Arc<dyn SessionFiles>,
    /// None where the store itself keeps changes in order.
    changing: Option<Turnstiles>,
    /// Whether each session has a directory of its own, called like the session.
    by_session: bool,
    /// Lets one through to each database, also where the store keeps the changes of files in order.
    #[cfg(feature = "sqlite")]
    databases: Turnstiles,
}

impl ServeFiles {
    /// For [`Handlers::session_fs`](crate::handlers::Handlers::session_fs) of one session: all of the store is its own.
    pub fn new(files: impl SessionFiles + 'static) -> Arc<Self> {
        Self::over(Arc::new(files), false)
    }

    /// For any number of sessions: each has a directory of its own in the store.
    pub fn by_session(files: impl SessionFiles + 'static) -> Arc<Self> {
        Self::over(Arc::new(files), true)
    }

    fn over(files: Arc<dyn SessionFiles>, by_session: bool) -> Arc<Self> {
        Arc::new(Self::with(files, Some(Turnstiles::default()), by_session))
    }

    /// For one session, over files that take changes in the order in which they are asked for.
    fn in_order(files: Arc<dyn SessionFiles>) -> Arc<Self> {
        Arc::new(Self::with(files, None, false))
    }

    fn with(files: Arc<dyn SessionFiles>, changing: Option<Turnstiles>, by_session: bool) -> Self {
        Self {
            files,
            changing,
            by_session,
            #[cfg(feature = "sqlite")]
            databases: Turnstiles::default(),
        }
    }

    /// The store that the client's options ask for.
    pub(crate) fn shared(store: &SessionFsStore) -> Result<Arc<Self>> {
        Ok(match store {
            SessionFsStore::Memory => Self::by_session(MemoryFiles::new()),
            SessionFsStore::Folder { path } => Self::by_session(FolderFiles::new(path)?),
            #[cfg(feature = "opendal")]
            SessionFsStore::Url { url, options } => {
                Self::by_session(ObjectStoreFiles::new(object_store::operator(url, options)?))
            }
            #[cfg(not(feature = "opendal"))]
            SessionFsStore::Url { url, .. } => return Err(reasons::files_no_store(scheme(url))),
        })
    }

    async fn pass(&self, paths: &[&str]) -> Vec<MutexGuard<'_, ()>> {
        match &self.changing {
            Some(changing) => changing.pass(paths).await,
            None => Vec::new(),
        }
    }

    fn path(&self, session: &str, path: &str) -> Result<String> {
        let path = key(path)?;
        Ok(if self.by_session { format!("{}/{path}", directory_name(session)) } else { path })
    }
}

/// What a URL begins with: the kind of store, for errors. The rest may hold credentials.
fn scheme(url: &str) -> &str {
    url.split(':').next().unwrap_or_default()
}

/// Lets one change of a file through at a time. Files share them by chance: a few are enough for any number of files.
#[derive(Default)]
struct Turnstiles([Mutex<()>; 16]);

impl Turnstiles {
    /// Always in the same order, so that nobody waits for each other.
    async fn pass(&self, paths: &[&str]) -> Vec<MutexGuard<'_, ()>> {
        let places: BTreeSet<_> = paths.iter().map(|path| self.place(path)).collect();
        let mut passed = Vec::with_capacity(places.len());
        for place in places {
            passed.push(self.0[place].lock().await);
        }
        passed
    }

    fn place(&self, path: &str) -> usize {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        usize::from(hasher.finish().to_le_bytes()[0]) % self.0.len()
    }
}

/// A session's id as a file name: letters, digits, `-`, `_` and inner `.` stay, other bytes become `%` and two digits.
fn directory_name(session: &str) -> String {
    let mut name = String::with_capacity(session.len());
    for (at, byte) in session.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(byte.into()),
            b'.' if at > 0 => name.push('.'),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name
}

#[async_trait]
impl SessionFsHandler for ServeFiles {
    async fn call(&self, context: &CallContext, method: &str, params: Map<String, Value>) -> Result<Value> {
        let files = &self.files;
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default();
        let flag = |name: &str| params.get(name).and_then(Value::as_bool).unwrap_or_default();
        let at = |path: &str| self.path(&context.session_id, path);
        let place = |name: &str| at(text(name));
        let path = &place("path")?;
        let _alone = match method {
            "writeFile" | "writeFileBytes" | "appendFile" | "rm" => self.pass(&[path]).await,
            "rename" => self.pass(&[&place("src")?, &place("dest")?]).await,
            _ => Vec::new(),
        };
        match method {
            "readFile" => files.read_file(path).await.map(Value::from),
            "readFileBytes" => Ok(STANDARD.encode(files.read_bytes(path).await?).into()),
            "writeFileBytes" => {
                let content = STANDARD.decode(text("content"));
                let content = content.map_err(|_| failed("the content is not base64"))?;
                files.write_bytes(path, &content).await.map(Value::from)
            }
            "writeFile" => files.write_file(path, text("content")).await.map(Value::from),
            "appendFile" => files.append_file(path, text("content")).await.map(Value::from),
            "exists" => Ok(files.stat(path).await.is_ok().into()),
            "stat" => files.stat(path).await.map(|info| {
                json!({
                    "isFile": !info.is_directory,
                    "isDirectory": info.is_directory,
                    "size": info.size,
                    "mtime": iso8601(info.mtime),
                    "birthtime": iso8601(info.birthtime),
                })
            }),
            "mkdir" => files.mkdir(path, flag("recursive")).await.map(Value::from),
            "readdir" => Ok(files.readdir(path).await?.into_iter().map(|entry| entry.name).collect()),
            "readdirWithTypes" => Ok(files.readdir(path).await?.into_iter().map(typed).collect()),
            "rm" => files.rm(path, flag("recursive"), flag("force")).await.map(Value::from),
            "rename" => files.rename(&place("src")?, &place("dest")?).await.map(Value::from),
            #[cfg(feature = "sqlite")]
            "sqliteExists" | "sqliteQuery" | "sqliteTransaction" => {
                let path = at(database::FILE)?;
                let _alone = self.databases.pass(&[&path]).await;
                database::serve(files.as_ref(), &path, method, params).await
            }
            #[cfg(not(feature = "sqlite"))]
            "sqliteExists" => Ok(false.into()),
            _ => Err(Error::new(ErrorKind::Unsupported, format!("this store of files has no {method}"))),
        }
    }
}

fn typed(entry: DirEntry) -> Value {
    json!({"name": entry.name, "type": if entry.is_directory { "directory" } else { "file" }})
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
