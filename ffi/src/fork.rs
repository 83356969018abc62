//! A forked child has the memory of its parent but none of its threads. Calls on inherited clients are refused, and
//! nothing that is dropped there may touch the parent's runtime.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use copilot_core::{Error, ErrorKind, Result};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static INSTALL: Once = Once::new();

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// The process an object was made in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Birthplace(u32);

impl Birthplace {
    pub(crate) fn here() -> Self {
        #[cfg(unix)]
        INSTALL.call_once(|| {
            // SAFETY: the handler only adds to an atomic, which is allowed between fork and exec. Failure (out of
            // memory) would only mean that forks go unnoticed here; the engine checks for itself as well.
            let _ = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        });
        Self(GENERATION.load(Ordering::Relaxed))
    }

    /// Is this still the process the object was made in?
    pub(crate) fn is_here(self) -> bool {
        self.0 == GENERATION.load(Ordering::Relaxed)
    }

    pub(crate) fn check(self) -> Result<()> {
        if self.is_here() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forked,
            "The client was made before fork() in another process; make a new client in this one",
        ))
    }
}
