//! Objects in a file of SQLite, for one machine: the rows of one table.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Params, params};

use super::{Fault, Objects, split};
use crate::error::{Result as EngineResult, reasons};

/// How long a call waits for another process that writes.
const PATIENCE: Duration = Duration::from_secs(5);
const TABLE: &str = "CREATE TABLE IF NOT EXISTS copilot_session_files (directory TEXT NOT NULL, name TEXT NOT NULL, \
                     content BLOB NOT NULL, PRIMARY KEY (directory, name)) WITHOUT ROWID";

#[derive(Clone)]
pub(in crate::files) struct SqliteObjects {
    path: PathBuf,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl SqliteObjects {
    /// For `sqlite:` and a path, which is made when it is not there, with its table.
    pub(in crate::files) fn new(url: &str) -> EngineResult<Self> {
        let path = url.trim_start_matches("sqlite:");
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(reasons::files_store(
                "sqlite",
                "open",
                "the URL names no file: sqlite:/path/of/the/file",
            ));
        }
        Ok(Self { path: path.into(), connection: Arc::default() })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let here = self.clone();
        let work = move || {
            let mut held = here.connection.lock().unwrap_or_else(PoisonError::into_inner);
            let connection = match held.take() {
                Some(connection) => connection,
                None => connected(&here.path)?,
            };
            work(held.insert(connection))
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done.map_err(fault),
            Err(error) => Err(Fault::lasting(error)),
        }
    }

    async fn change(&self, sql: &'static str, values: impl Params + Send + 'static) -> Result<usize, Fault> {
        self.run(move |connection| connection.prepare(sql)?.execute(values)).await
    }
}

fn connected(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    // What is acknowledged is on the disk.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(TABLE)?;
    Ok(connection)
}

fn fault(error: rusqlite::Error) -> Fault {
    let is_temporary = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull)
    );
    Fault { is_temporary, message: error.to_string() }
}

#[async_trait]
impl Objects for SqliteObjects {
    fn kind(&self) -> &str {
        "sqlite"
    }

    async fn create(&self, name: &str, content: &[u8]) -> Result<bool, Fault> {
        let (directory, name) = split(name);
        let sql = "INSERT INTO copilot_session_files VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        Ok(self.change(sql, (directory.to_owned(), name.to_owned(), content.to_owned())).await? == 1)
    }

    async fn put(&self, name: &str, content: &[u8]) -> Result<(), Fault> {
        let (directory, name) = split(name);
        let sql = "INSERT INTO copilot_session_files VALUES (?1, ?2, ?3) \
                   ON CONFLICT (directory, name) DO UPDATE SET content = excluded.content";
        self.change(sql, (directory.to_owned(), name.to_owned(), content.to_owned())).await.map(drop)
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let (directory, name) = split(name);
        let (directory, name) = (directory.to_owned(), name.to_owned());
        let sql = "SELECT content FROM copilot_session_files WHERE directory = ?1 AND name = ?2";
        self.run(move |connection| {
            connection.prepare(sql)?.query_row(params![directory, name], |row| row.get(0)).optional()
        })
        .await
    }

    async fn list(&self, directory: &str) -> Result<Vec<String>, Fault> {
        let directory = directory.to_owned();
        let sql = "SELECT name FROM copilot_session_files WHERE directory = ?1";
        self.run(move |connection| {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([directory], |row| row.get(0))?.collect()
        })
        .await
    }

    async fn delete(&self, names: &[String]) -> Result<(), Fault> {
        let names = names.to_owned();
        let sql = "DELETE FROM copilot_session_files WHERE directory = ?1 AND name = ?2";
        self.run(move |connection| {
            let transaction = connection.unchecked_transaction()?;
            for (directory, name) in names.iter().map(|name| split(name)) {
                connection.prepare(sql)?.execute([directory, name])?;
            }
            transaction.commit()
        })
        .await
    }
}
