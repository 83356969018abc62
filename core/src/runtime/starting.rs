//! Where processes are started, and what a door has put around that.

use std::io;
use std::sync::OnceLock;

use tokio::process::{Child, Command};

/// Runs what it is given, once, on the same thread.
pub type Around = fn(&mut dyn FnMut());

static AROUND: OnceLock<Around> = OnceLock::new();

/// For doors whose threads block signals, which a process inherits from the thread that starts it: what they do around each start.
/// Counts for the whole process; a second call does nothing.
pub fn around_start(around: Around) {
    AROUND.get_or_init(|| around);
}

/// Starts a process.
pub(super) fn start(command: &mut Command) -> io::Result<Child> {
    let mut child = None;
    match AROUND.get() {
        Some(around) => around(&mut || child = Some(command.spawn())),
        None => child = Some(command.spawn()),
    }
    child.unwrap_or_else(|| Err(io::Error::other("the process was not started")))
}
