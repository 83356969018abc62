//! Clients: making and freeing them, and driving their callbacks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use copilot_core::ConnectionState;
use copilot_core::host::Counters;
use copilot_core::{Error, ErrorKind, Result};
use libc::size_t;

use crate::boundary::{boundary, code_of};
use crate::client_object::Client;
use crate::code::copilot_code;
use crate::handle;
use crate::input::{Out, invalid, sized};
use crate::opaque::{copilot_client, copilot_error, copilot_string};
use crate::options::copilot_client_options;
use crate::pump::{Wait, Woken};
use crate::text_object::owned as owned_text;

/// State of a client's connection.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum copilot_state {
    /// Not started, or stopped.
    COPILOT_STATE_DISCONNECTED = 0,
    /// A start is under way.
    COPILOT_STATE_CONNECTING = 1,
    /// Ready for calls.
    COPILOT_STATE_CONNECTED = 2,
    /// The start failed or the connection was lost.
    COPILOT_STATE_ERROR = 3,
}

/// How many events went in and out. Set `size` before the call, or initialise with `COPILOT_COUNTERS_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct copilot_counters {
    /// `sizeof(copilot_counters)`.
    pub size: size_t,
    /// Events that came from the runtime.
    pub received: u64,
    /// Events handed over to be passed to callbacks.
    pub delivered: u64,
    /// Events that wait.
    pub queued_events: u64,
    /// Bytes of the events that wait.
    pub queued_bytes: u64,
}

/// Most deliveries that one `copilot_client_poll` runs, so that a fast runtime cannot keep it for ever.
const POLL_BUDGET: usize = 4096;

/// # Safety
/// `place` is NULL or a struct of the size its first field says.
pub(crate) unsafe fn write_counters(place: *mut copilot_counters, counters: Counters) -> Result<()> {
    // SAFETY: the first field is read only when the pointer is not null.
    if place.is_null() || unsafe { (*place).size } < size_of::<copilot_counters>() {
        return Err(invalid("counters is NULL or its size was not set"));
    }
    // SAFETY: the caller's struct is at least as large as ours; its size field stays as it is.
    unsafe {
        (*place).received = counters.received;
        (*place).delivered = counters.delivered;
        (*place).queued_events = counters.queued_events;
        (*place).queued_bytes = counters.queued_bytes;
    }
    Ok(())
}

/// Makes a client. Starts nothing yet: the runtime is started by `copilot_client_start`, or with the first session.
///
/// @param options NULL for the defaults. Its user data is destroyed also when this function fails.
/// @param[out] client the new client, which the caller frees with `copilot_client_free`; written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_new(
    options: *const copilot_client_options,
    client: *mut *mut copilot_client,
) -> *mut copilot_error {
    boundary!({
        // SAFETY: the header's contract of sized structs.
        let options = unsafe { sized(options) }?;
        let callbacks = options.callbacks();
        let out = Out::required(client, "client")?;
        let threaded = options.is_threaded()?;
        // SAFETY: the header's contract of text views.
        let json = unsafe { options.to_json() }?;
        let object = Client::new(&json, threaded, callbacks)?;
        // SAFETY: the place is writable by the contract.
        unsafe { out.set(handle::insert(object)) };
        Ok(())
    })
}

/// Frees a client. Sessions made by it keep it going: with the last of them (or at once, if there are none) the
/// runtime is killed, calls that are still running end with an error, and user data is destroyed. To end the runtime
/// politely call `copilot_client_stop` before.
///
/// When the last handle is freed outside of a callback, no callback of the client runs after this function returns.
/// NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_client_free(client: *mut copilot_client) -> copilot_code {
    boundary!(copilot_code::COPILOT_ERROR_INTERNAL, {
        code_of(handle::free::<Client>(client).map(|client| {
            if let Some(client) = client {
                client.release();
            }
        }))
    })
}

pub(crate) fn client_of(client: *const copilot_client) -> Result<Arc<Client>> {
    let client = handle::get::<Client>(client)?;
    client.driver.born.check()?;
    Ok(client)
}

/// Runs callbacks that are due on the calling thread, in `COPILOT_DRIVE_POLL`. Waits for the first one up to
/// `timeout_ms` (0: not at all, negative: without limit); returns after what was queued then was run, or when
/// `copilot_client_interrupt` was called.
///
/// @param[out] count how many deliveries were run; may be NULL.
/// @return `COPILOT_ERROR_INVALID_STATE` when the library has its own thread for callbacks,
///   `COPILOT_ERROR_WOULD_DEADLOCK` from inside a callback of the same client.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_poll(
    client: *mut copilot_client,
    timeout_ms: i64,
    count: *mut size_t,
) -> *mut copilot_error {
    boundary!({
        let client = client_of(client)?;
        let driver = &client.driver;
        poll_mode(&client)?;
        driver.signal.check_not_in_callback()?;
        let deadline =
            u64::try_from(timeout_ms).ok().map(|ms| Instant::now() + Duration::from_millis(ms.min(1 << 40)));
        let ran = match driver.signal.wait_turn(deadline, Wait::Poll, || false) {
            Woken::Turn => driver.run(POLL_BUDGET, &|| false),
            _ => 0,
        };
        if !count.is_null() {
            // SAFETY: not null, and writable by the contract.
            unsafe { count.write(ran) };
        }
        Ok(())
    })
}

/// Makes a `copilot_client_poll` that waits return, or the next one not wait. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_client_interrupt(client: *mut copilot_client) -> *mut copilot_error {
    boundary!({
        let client = client_of(client)?;
        poll_mode(&client)?;
        client.driver.signal.interrupt();
        Ok(())
    })
}

/// A file descriptor that is readable while callbacks wait to be run by `copilot_client_poll`, for select, poll, epoll,
/// kqueue and the loops built on them. Do not read, write or close it; it is valid until the client ends.
///
/// @return `COPILOT_ERROR_INVALID_STATE` when the library has its own thread for callbacks,
///   `COPILOT_ERROR_UNSUPPORTED` on platforms without such descriptors.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_fd(client: *mut copilot_client, fd: *mut i64) -> *mut copilot_error {
    boundary!({
        let client = client_of(client)?;
        let out = Out::required(fd, "fd")?;
        poll_mode(&client)?;
        match client.driver.signal.descriptor().map(crate::wake::Descriptor::number) {
            Some(number) if number >= 0 => {
                // SAFETY: the place is writable by the contract.
                unsafe { out.set(number) };
                Ok(())
            }
            _ => Err(Error::new(ErrorKind::Unsupported, "There are no such descriptors on this platform")),
        }
    })
}

fn poll_mode(client: &Client) -> Result<()> {
    if client.driver.threaded {
        return Err(Error::new(
            ErrorKind::InvalidState,
            "The client runs callbacks on its own thread; make it with COPILOT_DRIVE_POLL",
        ));
    }
    Ok(())
}

/// Writes the state of the connection, a `copilot_state`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_state(
    client: *const copilot_client,
    state: *mut copilot_state,
) -> *mut copilot_error {
    boundary!({
        let client = client_of(client)?;
        let out = Out::required(state, "state")?;
        let state = match client.driver.host.state() {
            ConnectionState::Disconnected => copilot_state::COPILOT_STATE_DISCONNECTED,
            ConnectionState::Connecting => copilot_state::COPILOT_STATE_CONNECTING,
            ConnectionState::Connected => copilot_state::COPILOT_STATE_CONNECTED,
            ConnectionState::Error => copilot_state::COPILOT_STATE_ERROR,
        };
        // SAFETY: the place is writable by the contract.
        unsafe { out.set(state) };
        Ok(())
    })
}

/// Writes the TCP port of the runtime, 0 when it has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_runtime_port(
    client: *const copilot_client,
    port: *mut u32,
) -> *mut copilot_error {
    boundary!({
        let client = client_of(client)?;
        let out = Out::required(port, "port")?;
        // SAFETY: the place is writable by the contract.
        unsafe { out.set(client.driver.host.runtime_port().unwrap_or(0).into()) };
        Ok(())
    })
}

/// Runs an action of the runtime's library on the calling thread, which must be the application's main thread. To be called
/// once for each call of kind `COPILOT_CALL_UI_THREAD`, with its `actionId`, and before that call is answered. Blocks for as
/// long as the action takes.
///
/// @return `COPILOT_ERROR_INVALID_STATE` when the action is over already, or this is not the thread that the library wants.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_client_run_ui_action(
    client: *mut copilot_client,
    action: u32,
) -> *mut copilot_error {
    boundary!({ client_of(client)?.driver.host.run_ui_action(action) })
}

/// Counts the events of all sessions of a client.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_counters(
    client: *const copilot_client,
    counters: *mut copilot_counters,
) -> *mut copilot_error {
    boundary!({
        let client = client_of(client)?;
        // SAFETY: the header's contract of sized structs.
        unsafe { write_counters(counters, client.driver.host.client_counters()) }
    })
}

/// Writes what can be seen of a client, at any time and from any thread, without waiting. It is the state, the phases of the
/// last start in milliseconds, and counters of what went over the wire since the client was made:
/// `{"state","runtimeVersion","protocolVersion","runtimePid","runtimePort","start":{"outcome","phase","timings"},`
/// `"openSessions","pendingCalls","counters":{…}}`. It holds no content and no secrets.
///
/// @param[out] result JSON text, which the caller frees with `copilot_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_diagnostics(
    client: *const copilot_client,
    result: *mut *mut copilot_string,
) -> *mut copilot_error {
    boundary!({
        let out = Out::required(result, "result")?;
        let json = client_of(client)?.driver.host.diagnostics();
        // SAFETY: the place is writable by the contract.
        unsafe { out.set(owned_text(json)) };
        Ok(())
    })
}
