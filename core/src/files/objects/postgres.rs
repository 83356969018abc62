//! Objects in PostgreSQL: the rows of one table.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Mutex;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Fault, Objects, by_directory, split};
use crate::error::{Result as EngineResult, reasons};
use crate::files::scheme;

/// The table, unless the program names one.
const TABLE: &str = "copilot_session_files";

pub(in crate::files) struct PostgresObjects {
    config: Config,
    table: String,
    client: Mutex<Option<Arc<Client>>>,
}

impl PostgresObjects {
    /// For `postgresql://` and `postgres://`; connects when it is first used, and makes the table when it is not there. The
    /// option `table` names it.
    pub(in crate::files) fn new(url: &str, options: &BTreeMap<String, String>) -> EngineResult<Self> {
        let wrong = |problem: &str| reasons::files_store(scheme(url), "open", problem);
        let config: Config = url.parse().map_err(|error: Error| wrong(&error.to_string()))?;
        let table = options.get("table").map_or(TABLE, String::as_str);
        if table.is_empty() || !table.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(wrong("the option table must be letters, digits and _"));
        }
        Ok(Self { config, table: table.to_owned(), client: Mutex::default() })
    }

    async fn client(&self) -> Result<Arc<Client>, Fault> {
        let mut held = self.client.lock().await;
        if let Some(client) = held.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let (client, connection) = self.config.connect(tls()?).await.map_err(fault)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection to PostgreSQL was lost");
            }
        });
        let made = client
            .batch_execute(&format!(
                "CREATE TABLE IF NOT EXISTS {} (directory text NOT NULL, name text NOT NULL, content bytea NOT NULL, \
                 PRIMARY KEY (directory, name))",
                self.table
            ))
            .await;
        match made {
            // Somebody else is making it at this moment.
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {}
            made => made.map_err(fault)?,
        }
        Ok(Arc::clone(held.insert(Arc::new(client))))
    }

    async fn change(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Fault> {
        let sql = sql.replace("FILES", &self.table);
        self.client().await?.execute(&sql, values).await.map_err(fault)
    }

    async fn rows(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Fault> {
        let sql = sql.replace("FILES", &self.table);
        self.client().await?.query(&sql, values).await.map_err(fault)
    }
}

/// For servers that offer TLS, with the certificates that this machine trusts.
fn tls() -> Result<MakeRustlsConnect, Fault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Fault::lasting)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn fault(error: Error) -> Fault {
    let Some(told) = error.as_db_error() else {
        // Not of the server: the connection was lost or cannot be made.
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        return Fault { is_temporary: true, message: format!("{error}{cause}") };
    };
    // Connections, conflicts, resources and a server that is going down or coming up.
    let is_temporary = ["08", "40", "53", "57"].contains(&told.code().code().get(..2).unwrap_or_default());
    Fault { is_temporary, message: told.message().to_owned() }
}

#[async_trait]
impl Objects for PostgresObjects {
    fn kind(&self) -> &str {
        "postgresql"
    }

    async fn create(&self, name: &str, content: &[u8]) -> Result<bool, Fault> {
        let (directory, name) = split(name);
        let sql = "INSERT INTO FILES VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        Ok(self.change(sql, &[&directory, &name, &content]).await? == 1)
    }

    async fn put(&self, name: &str, content: &[u8]) -> Result<(), Fault> {
        let (directory, name) = split(name);
        let sql = "INSERT INTO FILES VALUES ($1, $2, $3) \
                   ON CONFLICT (directory, name) DO UPDATE SET content = excluded.content";
        self.change(sql, &[&directory, &name, &content]).await.map(drop)
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let (directory, name) = split(name);
        let sql = "SELECT content FROM FILES WHERE directory = $1 AND name = $2";
        let rows = self.rows(sql, &[&directory, &name]).await?;
        rows.first().map(|row| row.try_get(0).map_err(fault)).transpose()
    }

    async fn list(&self, directory: &str) -> Result<Vec<String>, Fault> {
        let rows = self.rows("SELECT name FROM FILES WHERE directory = $1", &[&directory]).await?;
        rows.iter().map(|row| row.try_get(0).map_err(fault)).collect()
    }

    async fn delete(&self, names: &[String]) -> Result<(), Fault> {
        for (directory, names) in by_directory(names) {
            let sql = "DELETE FROM FILES WHERE directory = $1 AND name = ANY ($2)";
            self.change(sql, &[&directory, &names]).await?;
        }
        Ok(())
    }
}
