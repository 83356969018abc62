//! The runtime's library inside this process: the same frames as over a pipe, pumped through a C interface.
//!
//! The library is loaded once per process and never unloaded, because its threads may outlive a connection. Its callback
//! only copies bytes into a queue. What the callback uses stays alive until the library says that the connection is closed.

use std::ffi::c_void;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind, Result};

/// How long the library gets between two attempts to close a connection.
const CLOSE_AGAIN: Duration = Duration::from_millis(100);

type Outbound = unsafe extern "C" fn(*mut c_void, *const u8, usize);
type HostStart = unsafe extern "C" fn(*const u8, usize, *const u8, usize) -> u32;
type HostShutdown = unsafe extern "C" fn(u32) -> bool;
type ConnectionOpen = unsafe extern "C" fn(
    u32,
    Outbound,
    *mut c_void,
    *const u8,
    usize,
    *const u8,
    usize,
    *const u8,
    usize,
) -> u32;
type ConnectionWrite = unsafe extern "C" fn(u32, *const u8, usize) -> bool;
type ConnectionClose = unsafe extern "C" fn(u32) -> bool;
type SetUiThreadHandler = unsafe extern "C" fn(u32, bool) -> bool;
type RunUiAction = unsafe extern "C" fn(u32, u32) -> bool;

/// The functions of the loaded library; valid for as long as the process lives.
#[derive(Clone, Copy)]
struct Functions {
    host_start: HostStart,
    host_shutdown: HostShutdown,
    open: ConnectionOpen,
    write: ConnectionWrite,
    close: ConnectionClose,
    /// Libraries from 1.0.102 on have both.
    ui: Option<(SetUiThreadHandler, RunUiAction)>,
}

static LOADED: Mutex<Option<(PathBuf, Functions)>> = Mutex::new(None);

/// What is told to the library when a server starts.
pub(crate) struct HostPlan {
    pub(crate) library: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// JSON text of an object; empty when there is nothing to say.
    pub(crate) environment: String,
    /// Whether the application runs actions on its main thread.
    pub(crate) ui_thread: bool,
}

/// A server inside this process with its one connection. The last clone that is dropped ends it.
#[derive(Clone)]
pub(crate) struct Hosted(Arc<Inner>);

struct Inner {
    functions: Functions,
    server: u32,
    /// The connection and what its callback uses; taken by whoever ends it.
    open: Mutex<Option<Open>>,
    ending: AtomicBool,
    ended: CancellationToken,
}

struct Open {
    connection: u32,
    outbox: Outbox,
}

/// The queue that the library's callback fills: a leaked box, freed once the library is done with it.
struct Outbox(*mut UnboundedSender<Bytes>);

// SAFETY: the pointer is only followed by the library's callback, through a shared reference to a sender, which is Sync;
// the box is freed by the one owner of this value.
unsafe impl Send for Outbox {}

/// Loads the library, starts a server and opens a connection. Blocks while the server starts.
pub(crate) fn host(plan: &HostPlan) -> Result<(Hosted, HostedReader, HostedWriter)> {
    let functions = load(&plan.library)?;
    let failed = |what: &str| {
        Error::new(ErrorKind::SpawnFailed, format!("the library {} {what}", plan.library.display()))
    };
    let arguments = serde_json::to_string(&plan.arguments).map_err(|error| failed(&error.to_string()))?;
    let (env, env_size) = match plan.environment.as_str() {
        "" => (std::ptr::null(), 0),
        text => (text.as_ptr(), text.len()),
    };
    // SAFETY: the signature is that of the runtime's contract; both texts live until the call returns.
    let server = unsafe { (functions.host_start)(arguments.as_ptr(), arguments.len(), env, env_size) };
    if server == 0 {
        return Err(failed("could not start a server"));
    }
    let (sender, receiver) = unbounded_channel();
    let outbox = Outbox(Box::into_raw(Box::new(sender)));
    let none = std::ptr::null();
    // SAFETY: the signature is that of the runtime's contract, whose three trailing pairs are always empty; the outbox
    // stays alive until the library has closed the connection.
    let connection =
        unsafe { (functions.open)(server, outbound, outbox.0.cast(), none, 0, none, 0, none, 0) };
    let hosted = Hosted(Arc::new(Inner {
        functions,
        server,
        open: Mutex::new((connection != 0).then_some(Open { connection, outbox: Outbox(outbox.0) })),
        ending: AtomicBool::new(false),
        ended: CancellationToken::new(),
    }));
    if connection == 0 {
        // SAFETY: no connection was made, so nobody else has the box.
        drop(unsafe { Box::from_raw(outbox.0) });
        return Err(failed("could not open a connection"));
    }
    if let (true, Some((announce, _))) = (plan.ui_thread, functions.ui) {
        // SAFETY: the signature is that of the runtime's contract; the id came from this library.
        unsafe { announce(connection, true) };
    }
    let writer = HostedWriter(hosted.clone());
    Ok((hosted, HostedReader { receiver, rest: Bytes::new() }, writer))
}

/// Called by threads of the library; the bytes are valid only during the call.
unsafe extern "C" fn outbound(outbox: *mut c_void, bytes: *const u8, size: usize) {
    if outbox.is_null() || bytes.is_null() || size == 0 {
        return;
    }
    // A panic (out of memory) must not cross into the library.
    drop(std::panic::catch_unwind(|| {
        // SAFETY: the library passes back the outbox it was given, and only until the connection is closed.
        let sender = unsafe { &*outbox.cast::<UnboundedSender<Bytes>>() };
        // SAFETY: the library's contract: `size` bytes are readable during the call.
        let copy = Bytes::copy_from_slice(unsafe { std::slice::from_raw_parts(bytes, size) });
        drop(sender.send(copy));
    }));
}

fn load(path: &Path) -> Result<Functions> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((first, functions)) = loaded.as_ref() {
        if first == path {
            return Ok(*functions);
        }
        let text = format!(
            "this process already runs the library {}; it cannot load {} as well",
            first.display(),
            path.display()
        );
        return Err(Error::new(ErrorKind::InvalidState, text));
    }
    let failed = |error: libloading::Error| {
        let text = format!("cannot load the runtime's library {}: {error}", path.display());
        Error::new(ErrorKind::SpawnFailed, text)
    };
    let library = open_library(path).map_err(failed)?;
    // SAFETY: the names and signatures are those of the runtime's contract; the library is never unloaded, so that the
    // functions stay valid.
    let functions = unsafe {
        Functions {
            host_start: *library.get(b"copilot_runtime_host_start\0").map_err(failed)?,
            host_shutdown: *library.get(b"copilot_runtime_host_shutdown\0").map_err(failed)?,
            open: *library.get(b"copilot_runtime_connection_open\0").map_err(failed)?,
            write: *library.get(b"copilot_runtime_connection_write\0").map_err(failed)?,
            close: *library.get(b"copilot_runtime_connection_close\0").map_err(failed)?,
            ui: ui_functions(&library),
        }
    };
    std::mem::forget(library);
    *loaded = Some((path.to_owned(), functions));
    Ok(functions)
}

/// Older libraries have none.
fn ui_functions(library: &libloading::Library) -> Option<(SetUiThreadHandler, RunUiAction)> {
    // SAFETY: the names and signatures are those of the runtime's contract; the library is never unloaded.
    unsafe {
        let announce = library.get(b"copilot_runtime_connection_set_ui_thread_handler\0").ok()?;
        let run = library.get(b"copilot_runtime_connection_run_ui_action\0").ok()?;
        Some((*announce, *run))
    }
}

#[cfg(unix)]
fn open_library(path: &Path) -> std::result::Result<libloading::Library, libloading::Error> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: the file is the runtime that the user named or installed; its initialisers are part of running it.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(Into::into)
}

#[cfg(not(unix))]
fn open_library(path: &Path) -> std::result::Result<libloading::Library, libloading::Error> {
    // SAFETY: the file is the runtime that the user named or installed; its initialisers are part of running it.
    unsafe { libloading::Library::new(path) }
}

impl Hosted {
    /// Closes the connection and shuts the server down, on a thread of its own because both may block. Once is enough.
    pub(crate) fn dispose(&self) {
        self.0.dispose();
    }

    /// Runs an action of the library on this thread. False: it is over already, was run before, or this is not the thread
    /// that the library wants.
    pub(crate) fn run_ui_action(&self, action: u32) -> bool {
        let Some((_, run)) = self.0.functions.ui else { return false };
        let connection = {
            let open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(open) = open.as_ref() else { return false };
            open.connection
        };
        // Without the lock: the action may wait for what is written meanwhile. The library knows its ids, also closed ones.
        // SAFETY: the signature is that of the runtime's contract; the id came from this library.
        unsafe { run(connection, action) }
    }

    /// Disposes and waits for the end; false when it took longer.
    pub(crate) async fn end_within(&self, limit: Duration) -> bool {
        self.dispose();
        tokio::time::timeout(limit, self.0.ended.cancelled()).await.is_ok()
    }
}

impl Inner {
    fn dispose(&self) {
        if self.ending.swap(true, Ordering::AcqRel) {
            return;
        }
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (functions, server, ended) = (self.functions, self.server, self.ended.clone());
        let work = move || {
            if let Some(Open { connection, outbox }) = open {
                // SAFETY: the id came from this library.
                while !unsafe { (functions.close)(connection) } {
                    std::thread::sleep(CLOSE_AGAIN);
                }
                let Outbox(sender) = outbox;
                // SAFETY: the library has said that its callbacks are over; nobody else frees the box.
                drop(unsafe { Box::from_raw(sender) });
            }
            // SAFETY: the id came from this library.
            if !unsafe { (functions.host_shutdown)(server) } {
                tracing::debug!(target: "copilot::runtime", server, "the in-process server was already gone");
            }
            ended.cancel();
        };
        // Without a thread the server is left as it is: freeing what its callback uses would be worse.
        drop(std::thread::Builder::new().name("copilot-dispose".to_owned()).spawn(work));
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.dispose();
    }
}

/// What the runtime sends. Ends when the connection is closed.
pub(crate) struct HostedReader {
    receiver: UnboundedReceiver<Bytes>,
    rest: Bytes,
}

impl AsyncRead for HostedReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            match self.receiver.poll_recv(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Ready(Some(bytes)) => self.rest = bytes,
            }
        }
        let size = self.rest.len().min(out.remaining());
        out.put_slice(&self.rest[..size]);
        self.rest.advance(size);
        Poll::Ready(Ok(()))
    }
}

/// What is sent to the runtime: the library copies it before it returns.
pub(crate) struct HostedWriter(Hosted);

impl AsyncWrite for HostedWriter {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let inner = &self.0.0;
        // Held while writing, so that nobody closes the connection in between.
        let open = inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        let written = open.as_ref().is_some_and(|open| {
            // SAFETY: the id came from this library and is not closed; the bytes live until the call returns.
            unsafe { (inner.functions.write)(open.connection, bytes.as_ptr(), bytes.len()) }
        });
        if written {
            return Poll::Ready(Ok(bytes.len()));
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, "the in-process connection is closed")))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
