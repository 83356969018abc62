//! Threads of the library leave signals to the host's own threads. For SIGPIPE it decides whether the host lives: a C
//! program has its default action, so that a write to a runtime that has just died would end the host. Threads inherit the mask of
//! the thread that starts them; children of the runtime get a clean one from the standard library.

/// Blocks all signals on this thread until it is dropped.
pub(crate) struct BlockedSignals {
    #[cfg(unix)]
    before: libc::sigset_t,
}

impl BlockedSignals {
    #[cfg(unix)]
    pub(crate) fn new() -> Self {
        // SAFETY: both sets are plain data that the calls below fill in.
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = unsafe { std::mem::zeroed() };
        // SAFETY: valid pointers to local sets; only this thread's mask changes.
        unsafe {
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        }
        Self { before }
    }

    #[cfg(not(unix))]
    pub(crate) fn new() -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: a set that was filled in by `new`.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }
}
