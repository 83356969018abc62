//! Objects of any store that OpenDAL reaches.

use async_trait::async_trait;
use opendal::{ErrorKind as Kind, Operator};

use super::{Fault, Objects};

impl From<&opendal::Error> for Fault {
    fn from(error: &opendal::Error) -> Self {
        let is_temporary = error.is_temporary() || error.kind() == Kind::RateLimited;
        Self { is_temporary, message: format!("{}: {}", error.kind(), error.message()) }
    }
}

fn fault(error: opendal::Error) -> Fault {
    Fault::from(&error)
}

#[async_trait]
impl Objects for Operator {
    fn kind(&self) -> &str {
        self.info().scheme()
    }

    fn cannot_refuse(&self) -> Option<String> {
        let can = self.info().full_capability();
        if !can.write_with_if_not_exists {
            return Some("it replaces an object that is there, and cannot be told not to".to_owned());
        }
        (!can.list).then(|| "it cannot list its objects".to_owned())
    }

    async fn create(&self, name: &str, content: &[u8]) -> Result<bool, Fault> {
        match self.write_with(name, content.to_owned()).if_not_exists(true).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), Kind::ConditionNotMatch | Kind::AlreadyExists) => Ok(false),
            Err(error) => Err(fault(error)),
        }
    }

    async fn put(&self, name: &str, content: &[u8]) -> Result<(), Fault> {
        self.write(name, content.to_owned()).await.map(drop).map_err(fault)
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        match self.read(name).await {
            Ok(content) => Ok(Some(content.to_vec())),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(fault(error)),
        }
    }

    async fn list(&self, directory: &str) -> Result<Vec<String>, Fault> {
        let found = match Operator::list(self, &format!("{directory}/")).await {
            Err(error) if error.kind() == Kind::NotFound => Vec::new(),
            found => found.map_err(fault)?,
        };
        let names =
            found.iter().map(|entry| entry.name()).filter(|name| !name.is_empty() && !name.ends_with('/'));
        Ok(names.map(str::to_owned).collect())
    }

    async fn delete(&self, names: &[String]) -> Result<(), Fault> {
        match self.delete_iter(names.iter().map(String::as_str)).await.map_err(fault) {
            // Not every server that speaks like S3 or Google knows how to delete many at once.
            Err(error) if names.len() > 1 && !error.is_temporary => {
                for name in names {
                    Operator::delete(self, name).await.map_err(fault)?;
                }
                Ok(())
            }
            done => done,
        }
    }
}
