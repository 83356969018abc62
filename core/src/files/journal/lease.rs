//! The sessions that one client owns in a store.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Mutex as AsyncMutex, watch};

use super::opening::open;
use super::owner::OwnedFiles;
use super::store::Store;
use super::terms::Terms;
use crate::error::{Error, Result};
use crate::files::objects;
use crate::files::{ServeFiles, directory_name};
use crate::runtime::options::{LeaseOptions, SessionFsStore};

/// How long an owner that says nothing is waited for, unless the program says.
const TTL: Duration = Duration::from_secs(30);

/// The files of one session, while this client owns them. Whoever opens or ends them waits for whoever is at it.
type Slot = Arc<AsyncMutex<Option<Arc<OwnedFiles>>>>;

/// Opens sessions in a store, each for one owner at a time; several objects of one session in a client share it.
pub(crate) struct Leases {
    terms: Terms,
    slots: Mutex<HashMap<String, Slot>>,
    /// How many were opened and not ended yet.
    count: watch::Sender<usize>,
}

impl Leases {
    /// For the store and the lease that a client's options ask for.
    pub(crate) fn new(store: &SessionFsStore, options: &LeaseOptions) -> Result<Self> {
        let objects = objects::open(store)?;
        let ttl = options.ttl_ms.map_or(TTL, Duration::from_millis);
        let terms = Terms {
            store: Store::new(objects, ttl),
            owner: options.owner.clone().unwrap_or_else(this_process),
            ttl,
            wait: Duration::from_millis(options.wait_ms.unwrap_or(0)),
            clock: Arc::new(SystemTime::now),
        };
        Ok(Self { terms, slots: Mutex::default(), count: watch::Sender::new(0) })
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Becomes the owner of a session, or shares what this client owns already.
    pub(crate) async fn open(self: &Arc<Self>, session: &str) -> Result<Lease> {
        let slot = Arc::clone(self.slots().entry(session.to_owned()).or_default());
        let mut held = slot.lock().await;
        let files = match held.as_ref().filter(|files| !files.is_over()) {
            Some(files) => {
                files.users.fetch_add(1, Ordering::AcqRel);
                Arc::clone(files)
            }
            None => {
                let opened = open(&directory_name(session), &self.terms).await?;
                Arc::clone(held.insert(Arc::new(OwnedFiles::start(opened, self.terms.clone()))))
            }
        };
        self.count.send_modify(|count| *count += 1);
        Ok(Lease { leases: Arc::clone(self), session: session.to_owned(), files, is_ended: false })
    }

    /// Waits until everything that was opened is ended.
    pub(crate) async fn settle(&self) {
        // Fails when the sender is gone, and it is here.
        drop(self.count.subscribe().wait_for(|count| *count == 0).await);
    }

    async fn end(&self, session: &str, files: &Arc<OwnedFiles>) {
        let slot = self.slots().get(session).cloned().unwrap_or_default();
        let mut held = slot.lock().await;
        if files.leave() {
            if held.as_ref().is_some_and(|held| Arc::ptr_eq(held, files)) {
                *held = None;
            }
            files.close().await;
        }
        let is_free = held.is_none();
        drop(held);
        let mut slots = self.slots();
        // Of this slot know the map and this function alone.
        if is_free && Arc::strong_count(&slot) <= 2 {
            slots.remove(session);
        }
        drop(slots);
        self.count.send_modify(|count| *count -= 1);
    }
}

/// The machine's name and the process id.
fn this_process() -> String {
    let machine = machine().unwrap_or_else(|| "unknown".to_owned());
    format!("{machine}:{}", std::process::id())
}

#[cfg(unix)]
fn machine() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

#[cfg(not(unix))]
fn machine() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

/// A session that this client owns. Dropping it ends it in the background.
pub(crate) struct Lease {
    leases: Arc<Leases>,
    session: String,
    files: Arc<OwnedFiles>,
    is_ended: bool,
}

impl Lease {
    #[cfg(test)]
    pub(super) fn files(&self) -> &OwnedFiles {
        &self.files
    }

    /// Serves the session's files.
    pub(crate) fn serve(&self) -> Arc<ServeFiles> {
        ServeFiles::in_order(Arc::clone(&self.files) as _)
    }

    /// Waits until the session is lost, and says why. Never ends for one that was ended by its owner.
    pub(crate) async fn lost(&self) -> Error {
        match self.files.lost().await {
            Some(error) => error,
            None => std::future::pending().await,
        }
    }

    /// Writes what is left and gives the session up, unless another session object still uses it.
    pub(crate) async fn end(mut self) {
        self.is_ended = true;
        self.leases.end(&self.session, &self.files).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_ended
            && let Ok(engine) = tokio::runtime::Handle::try_current()
        {
            let (leases, files) = (Arc::clone(&self.leases), Arc::clone(&self.files));
            let session = std::mem::take(&mut self.session);
            engine.spawn(async move { leases.end(&session, &files).await });
        }
    }
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
