//! Objects in Redis: a hash for each directory, so that one command lists it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, Cmd, ErrorKind as Kind, FromRedisValue, RedisError, RedisResult, ServerErrorKind as Told, cmd,
};
use tokio::sync::OnceCell;

use super::{Fault, Objects, by_directory, split};
use crate::error::{Result as EngineResult, reasons};
use crate::files::scheme;

pub(in crate::files) struct RedisObjects {
    client: Client,
    /// Made when it is first used: it needs the engine's threads.
    manager: OnceCell<ConnectionManager>,
    /// What the keys begin with.
    root: String,
}

impl RedisObjects {
    /// For `redis://` and `rediss://`; connects when it is first used. The option `root` is what all keys begin with.
    pub(in crate::files) fn new(url: &str, options: &BTreeMap<String, String>) -> EngineResult<Self> {
        let wrong = |error: RedisError| reasons::files_store(scheme(url), "open", &error.to_string());
        let client = Client::open(url).map_err(wrong)?;
        let root = options.get("root").map_or("copilot", String::as_str).trim_matches('/').to_owned();
        Ok(Self { client, manager: OnceCell::new(), root })
    }

    fn command(&self, name: &str, directory: &str) -> Cmd {
        let mut command = cmd(name);
        command.arg(format!("{}/{directory}", self.root));
        command
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Fault> {
        let answer = async {
            let mut manager = self.manager.get_or_try_init(|| self.connect()).await?.clone();
            command.query_async(&mut manager).await
        };
        answer
            .await
            .map_err(|error: RedisError| Fault { is_temporary: may_pass(&error), message: error.to_string() })
    }

    /// The caller has its own patience; a connection that was lost is made again at the next call.
    async fn connect(&self) -> RedisResult<ConnectionManager> {
        let config = ConnectionManagerConfig::new().set_number_of_retries(0).set_response_timeout(None);
        ConnectionManager::new_lazy_with_config(self.client.clone(), config)
    }
}

fn may_pass(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_connection_refusal()
        || matches!(error.code(), Some("OOM" | "MISCONF"))
        || matches!(
            error.kind(),
            Kind::Server(
                Told::BusyLoading | Told::ClusterDown | Told::MasterDown | Told::ReadOnly | Told::TryAgain
            )
        )
}

#[async_trait]
impl Objects for RedisObjects {
    fn kind(&self) -> &str {
        "redis"
    }

    async fn create(&self, name: &str, content: &[u8]) -> Result<bool, Fault> {
        let (directory, name) = split(name);
        self.ask(self.command("HSETNX", directory).arg(name).arg(content)).await
    }

    async fn put(&self, name: &str, content: &[u8]) -> Result<(), Fault> {
        let (directory, name) = split(name);
        self.ask::<u64>(self.command("HSET", directory).arg(name).arg(content)).await.map(drop)
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let (directory, name) = split(name);
        self.ask(self.command("HGET", directory).arg(name)).await
    }

    async fn list(&self, directory: &str) -> Result<Vec<String>, Fault> {
        self.ask(&self.command("HKEYS", directory)).await
    }

    async fn delete(&self, names: &[String]) -> Result<(), Fault> {
        for (directory, names) in by_directory(names) {
            self.ask::<u64>(self.command("HDEL", directory).arg(names)).await?;
        }
        Ok(())
    }
}
