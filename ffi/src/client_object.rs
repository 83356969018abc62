//! The client behind its handle: who keeps it alive, and how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use copilot_core::host::HostClient;
use copilot_core::{Error, ErrorKind, Result};

use crate::driver::Driver;
use crate::handle::Handled;
use crate::opaque::copilot_client;
use crate::options::ClientCallbacks;
use crate::pump::Signal;
use crate::signals::BlockedSignals;
use crate::sync::{Mutex, lock};
use crate::wake::Descriptor;

/// Clients inherited by a fork. The parent still uses their runtimes, so nothing of them may be dropped in the child.
static INHERITED: Mutex<Vec<Inherited>> = Mutex::new(Vec::new());
type Inherited = (Arc<Driver>, Option<JoinHandle<()>>);

pub(crate) struct Client {
    pub(crate) driver: Arc<Driver>,
    /// Handles that keep the client going: its own, and one per session. So a client may be freed before its sessions.
    users: AtomicUsize,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Handled for Client {
    type Opaque = copilot_client;
    const TAG: usize = 1;
    const NAME: &'static str = "copilot_client";
}

impl Client {
    pub(crate) fn new(options_json: &str, threaded: bool, callbacks: ClientCallbacks) -> Result<Arc<Self>> {
        let _quiet = BlockedSignals::new();
        let descriptor = if threaded { None } else { Some(Descriptor::new()?) };
        let signal = Arc::new(Signal::new(descriptor));
        let waker = Arc::clone(&signal);
        let host = HostClient::new(options_json, Arc::new(move || waker.raise()))?;
        let driver = Arc::new(Driver::new(host, signal, threaded, callbacks));
        let client = Arc::new(Self {
            driver: Arc::clone(&driver),
            users: AtomicUsize::new(1),
            thread: Mutex::default(),
        });
        if threaded {
            let handle = spawn(move || driver.run_thread())?;
            *lock(&client.thread) = Some(handle);
        }
        Ok(client)
    }

    /// One more handle keeps the client going; false when it has ended already.
    pub(crate) fn retain(&self) -> bool {
        let more = |users: usize| (users != 0).then_some(users + 1);
        self.users.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    /// A handle is gone; with the last one the runtime is killed and every callback has returned for good.
    pub(crate) fn release(&self) {
        if self.users.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shut_down();
        }
    }

    fn shut_down(&self) {
        let thread = lock(&self.thread).take();
        if !self.driver.born.is_here() {
            lock(&INHERITED).push((Arc::clone(&self.driver), thread));
            return;
        }
        self.driver.close();
        match thread {
            // From a callback: the thread ends by itself after it.
            Some(thread) if thread.thread().id() == thread::current().id() => {}
            Some(thread) => drop(thread.join()),
            None => {
                // A callback may still run on the thread that polls.
                self.driver.signal.wait_for_pumper();
                self.driver.finish();
            }
        }
    }
}

/// Starts the callback thread.
fn spawn(body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new().name("copilot-callback".into()).spawn(body).map_err(|error| {
        Error::new(ErrorKind::Internal, format!("The thread for callbacks could not be started: {error}"))
    })
}
