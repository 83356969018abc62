//! A session behind its handle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::client_object::Client;
use crate::driver::Driver;
use crate::handle::{self, Handled};
use crate::opaque::copilot_session;
use crate::session_entry::SessionEntry;

pub(crate) struct Session {
    pub(crate) client: Arc<Client>,
    pub(crate) entry: Arc<SessionEntry>,
    /// Ended on the runtime's side: freeing has nothing left to say.
    pub(crate) disconnected: AtomicBool,
}

impl Handled for Session {
    type Opaque = copilot_session;
    const TAG: usize = 2;
    const NAME: &'static str = "copilot_session";
}

impl Session {
    /// Makes the session's handle and tells the driver of it, before the runtime is asked: events and questions may come
    /// before the answer.
    pub(crate) fn open(client: &Arc<Client>, entry: SessionEntry) -> Arc<Self> {
        let entry = Arc::new(entry);
        let session = Arc::new(Self {
            client: Arc::clone(client),
            entry: Arc::clone(&entry),
            disconnected: AtomicBool::new(false),
        });
        let handle = handle::insert(Arc::clone(&session));
        entry.set_handle(handle);
        client.driver.add_session(entry);
        session
    }

    /// The runtime has refused: as if the session had never been.
    pub(crate) fn undo(&self) {
        drop(handle::take::<Self>(self.entry.handle()));
        self.client.driver.remove_session(self.entry.key);
    }

    pub(crate) fn driver(&self) -> &Arc<Driver> {
        &self.client.driver
    }

    /// Marks the session as ended on the runtime's side.
    pub(crate) fn ended(&self) {
        self.disconnected.store(true, Ordering::Release);
        self.driver().remove_session(self.entry.key);
    }
}
