//! Threads of the library leave signals to the host's own threads. For SIGPIPE it decides whether the host lives: a C
//! program has its default action, so that a write to a runtime that has just died would end the host. Threads inherit the mask of
//! the thread that starts them, and so do processes: a runtime with every signal blocked would not end by SIGTERM, nor would the commands
//! that it runs. Each is therefore started under the mask of the program's own thread.

#[cfg(unix)]
use crate::sync::{Mutex, lock};

/// The mask of the thread of the program that made a client last.
#[cfg(unix)]
static MAKER: Mutex<Option<libc::sigset_t>> = Mutex::new(None);

/// Blocks all signals on this thread until it is dropped.
pub(crate) struct BlockedSignals {
    #[cfg(unix)]
    before: libc::sigset_t,
}

impl BlockedSignals {
    #[cfg(unix)]
    pub(crate) fn new() -> Self {
        let quiet = Self::all();
        if !blocks_all(&quiet.before) {
            *lock(&MAKER) = Some(quiet.before);
        }
        copilot_core::host::around_start(|start| {
            let maker = *lock(&MAKER);
            let _unblocked = maker.map(Self::like);
            start();
        });
        quiet
    }

    #[cfg(unix)]
    fn all() -> Self {
        // SAFETY: both sets are plain data that the calls below fill in.
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = unsafe { std::mem::zeroed() };
        // SAFETY: valid pointers to local sets; only this thread's mask changes.
        unsafe {
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        }
        Self { before }
    }

    /// Gives this thread the mask of the maker until it is dropped: what that one lets through, the program is prepared for.
    #[cfg(unix)]
    fn like(maker: libc::sigset_t) -> Self {
        forget_broken_pipes();
        // SAFETY: plain data that the call below fills in.
        let mut before: libc::sigset_t = unsafe { std::mem::zeroed() };
        // SAFETY: valid pointers to local sets, `maker` filled in by `all`; only this thread's mask changes.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const maker, &raw mut before) };
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
        // SAFETY: a set that was filled in by `all` or `like`.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }
}

/// A write of this thread to a runtime that had died has left a SIGPIPE waiting, which would end the program once it is let through.
#[cfg(target_os = "linux")]
fn forget_broken_pipes() {
    // SAFETY: plain data that the calls below fill in.
    let mut pipe: libc::sigset_t = unsafe { std::mem::zeroed() };
    let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: valid pointers to local data; NULL: nothing is to be told of the signal.
    unsafe {
        libc::sigemptyset(&raw mut pipe);
        libc::sigaddset(&raw mut pipe, libc::SIGPIPE);
        while libc::sigtimedwait(&raw const pipe, std::ptr::null_mut(), &raw const at_once) == libc::SIGPIPE {
        }
    }
}

/// As on Linux, where there is a wait that does not wait.
#[cfg(all(unix, not(target_os = "linux")))]
fn forget_broken_pipes() {
    // SAFETY: both sets are plain data that the calls below fill in.
    let (mut pipe, mut pending): (libc::sigset_t, libc::sigset_t) = unsafe { std::mem::zeroed() };
    let mut number = 0;
    // SAFETY: valid pointers to local data. SIGPIPE is blocked on this thread, to which alone it is sent, so `sigwait` finds it at once.
    unsafe {
        libc::sigemptyset(&raw mut pipe);
        libc::sigaddset(&raw mut pipe, libc::SIGPIPE);
        while libc::sigpending(&raw mut pending) == 0
            && libc::sigismember(&raw const pending, libc::SIGPIPE) == 1
        {
            if libc::sigwait(&raw const pipe, &raw mut number) != 0 {
                return;
            }
        }
    }
}

/// Whether a mask is that of a thread of the library, from whose callbacks clients can be made too.
#[cfg(unix)]
fn blocks_all(mask: &libc::sigset_t) -> bool {
    let usual = [
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGPIPE,
        libc::SIGALRM,
        libc::SIGTERM,
        libc::SIGCHLD,
        libc::SIGUSR1,
    ];
    // SAFETY: a set that was filled in, and numbers of signals.
    usual.iter().all(|&signal| unsafe { libc::sigismember(std::ptr::from_ref(mask), signal) } == 1)
}
