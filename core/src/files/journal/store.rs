//! A store of objects with patience: what fails for a moment is tried again.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::error::{Result, reasons};
use crate::files::objects::{Fault, Objects};

/// The first pause before trying again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

type Answer<'a, T> = Pin<Box<dyn Future<Output = std::result::Result<T, Fault>> + Send + 'a>>;

#[derive(Clone)]
pub(super) struct Store {
    objects: Arc<dyn Objects>,
    /// How long one call is tried.
    patience: Duration,
}

impl Store {
    pub(super) fn new(objects: Arc<dyn Objects>, patience: Duration) -> Self {
        Self { objects, patience }
    }

    pub(super) async fn create(&self, name: &str, content: &[u8]) -> Result<bool> {
        self.patiently("create", || self.objects.create(name, content)).await
    }

    pub(super) async fn put(&self, name: &str, content: &[u8]) -> Result<()> {
        self.patiently("write", || self.objects.put(name, content)).await
    }

    pub(super) async fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.patiently("read", || self.objects.get(name)).await
    }

    pub(super) async fn list(&self, directory: &str) -> Result<Vec<String>> {
        self.patiently("list", || self.objects.list(directory)).await
    }

    pub(super) async fn delete(&self, names: &[String]) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        self.patiently("delete", || self.objects.delete(names)).await
    }

    async fn patiently<'a, T>(&self, operation: &str, mut call: impl FnMut() -> Answer<'a, T>) -> Result<T> {
        let (deadline, mut pause) = (Instant::now() + self.patience, FIRST_PAUSE);
        loop {
            let slow = || Fault { is_temporary: true, message: "no answer in time".to_owned() };
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = timeout(left, call()).await.unwrap_or_else(|_| Err(slow()));
            match answer {
                Ok(answer) => return Ok(answer),
                Err(fault) if fault.is_temporary && Instant::now() + pause < deadline => {
                    tracing::debug!(operation, problem = %fault.message, "the store is asked again");
                }
                Err(fault) => {
                    return Err(reasons::files_store(self.objects.kind(), operation, &fault.message));
                }
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }
}
