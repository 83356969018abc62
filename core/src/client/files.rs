//! Whose files a client's sessions have, and the ownership of those in a store with leases.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::{Result, reasons};
use crate::files::{Lease, Leases, ServeFiles, is_owned_only};
use crate::router::Router;
use crate::runtime::options::SessionFsOptions;
use crate::session::{SessionCore, leave};

/// How long the runtime may take to leave a session that was lost.
const LEAVING: Duration = Duration::from_secs(10);

/// Serves the files of sessions that bring no handler of their own.
pub(super) enum ClientFiles {
    None,
    /// A store that all sessions share.
    Shared(Arc<ServeFiles>),
    /// A store in which each session has one owner.
    Leased(Arc<Leases>),
}

impl ClientFiles {
    pub(super) fn new(options: Option<&SessionFsOptions>) -> Result<Self> {
        let Some((store, lease)) = options.and_then(|files| Some((files.store.as_ref()?, &files.lease)))
        else {
            return Ok(Self::None);
        };
        let lease = lease.clone().or_else(|| is_owned_only(store).then(Default::default));
        Ok(match &lease {
            Some(lease) => Self::Leased(Arc::new(Leases::new(store, lease)?)),
            None => Self::Shared(ServeFiles::shared(store)?),
        })
    }

    pub(super) fn leases(&self) -> Option<&Arc<Leases>> {
        if let Self::Leased(leases) = self { Some(leases) } else { None }
    }

    /// For a session, with what was opened for it.
    pub(super) fn serve(&self, lease: Option<&Lease>) -> Result<Arc<ServeFiles>> {
        match (self, lease) {
            (_, Some(lease)) => Ok(lease.serve()),
            (Self::Shared(files), None) => Ok(Arc::clone(files)),
            (_, None) => Err(reasons::files_no_handler()),
        }
    }

    /// Waits until no session is owned any more, and says whether it came to that.
    pub(super) async fn settle(&self, within: Duration) -> bool {
        match self {
            Self::Leased(leases) => tokio::time::timeout(within, leases.settle()).await.is_ok(),
            _ => true,
        }
    }
}

/// Keeps a session's files until it is closed, and closes the session when they are lost.
pub(super) fn keep(core: &Arc<SessionCore>, router: &Arc<Router>, lease: Lease) {
    let (core, router, released) = (Arc::clone(core), Arc::clone(router), CancellationToken::new());
    core.release_when(released.clone());
    tokio::spawn(async move {
        let done = released.drop_guard();
        tokio::select! {
            biased;
            () = core.closing() => {}
            error = lease.lost() => {
                router.remove(&*core);
                core.lose_files(&error);
                // The runtime cannot write any more; it need not go on either.
                let left = tokio::time::timeout(LEAVING, leave(core.connection(), &core.id())).await;
                tracing::debug!(session = &*core.id(), ?left, "a session whose files were lost was left");
            }
        }
        lease.end().await;
        drop(done);
    });
}
