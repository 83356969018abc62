//! The engine's thread for foreign hosts: one per process, because a hop between cores costs more than the parsing.

use std::sync::{Mutex, PoisonError, mpsc};

use tokio::runtime::{Builder, Handle};

use crate::error::{Error, ErrorKind, Result};
use crate::rpc::linger_on_this_thread;

struct Engine {
    pid: u32,
    handle: Handle,
}

static ENGINE: Mutex<Option<Engine>> = Mutex::new(None);

/// The engine's runtime; its thread is started with the first call in this process and lives as long as the process.
pub(super) fn handle() -> Result<Handle> {
    let mut engine = ENGINE.lock().unwrap_or_else(PoisonError::into_inner);
    let pid = std::process::id();
    if let Some(engine) = engine.as_ref().filter(|engine| engine.pid == pid) {
        return Ok(engine.handle.clone());
    }
    let handle = start()?;
    // The engine of a parent process has no thread here: forget it without touching its runtime.
    std::mem::forget(engine.replace(Engine { pid, handle: handle.clone() }));
    Ok(handle)
}

fn start() -> Result<Handle> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Internal, format!("cannot start the engine: {what}: {error}"))
    };
    let (sender, receiver) = mpsc::channel();
    let run = move || {
        linger_on_this_thread();
        let runtime = Builder::new_current_thread().enable_all().thread_name("copilot-worker").build();
        match runtime {
            Ok(runtime) => {
                drop(sender.send(Ok(runtime.handle().clone())));
                runtime.block_on(std::future::pending::<()>());
            }
            Err(error) => drop(sender.send(Err(error))),
        }
    };
    let thread = std::thread::Builder::new().name("copilot-engine".to_owned()).spawn(run);
    thread.map_err(|error| failed("thread", &error))?;
    match receiver.recv() {
        Ok(Ok(handle)) => Ok(handle),
        Ok(Err(error)) => Err(failed("runtime", &error)),
        Err(error) => Err(failed("thread ended", &error)),
    }
}
