//! Sessions: opening and freeing them, listeners, and what can be read without asking the runtime.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use copilot_core::{Error, ErrorKind, Result};
use libc::c_void;
use serde_json::Value;

use crate::boundary::{boundary, code_of};
use crate::client::{client_of, copilot_counters, write_counters};
use crate::client_object::Client;
use crate::code::copilot_code;
use crate::config::SessionConfig;
use crate::error_object::{closed_error, owned};
use crate::handle;
use crate::input::{Out, copilot_str, invalid};
use crate::json::quote;
use crate::op::{self};
use crate::opaque::{
    copilot_client, copilot_error, copilot_op, copilot_session, copilot_session_config, copilot_string,
};
use crate::session_entry::{EventHandler, SessionEntry, copilot_event_fn};
use crate::session_object::Session;
use crate::text_object::owned as owned_text;
use crate::user_data::{UserData, copilot_destroy_fn};
use crate::wait::{WaitLimits, copilot_wait};

/// Receives a new session, exactly once: `error` is NULL and `session` set, or the other way round. The callback owns
/// both. Runs where callbacks run.
pub type copilot_session_done_fn = Option<
    unsafe extern "C" fn(user_data: *mut c_void, error: *mut copilot_error, session: *mut copilot_session),
>;

/// Everything an opening needs, taken from C.
struct Opening {
    client: Arc<Client>,
    session: Arc<Session>,
    op: &'static str,
    args: String,
}

impl Opening {
    /// # Safety
    /// The pointers must follow the header's contract.
    unsafe fn new(
        client: *mut copilot_client,
        id: Option<copilot_str>,
        config: *mut copilot_session_config,
    ) -> Result<Self> {
        let client = client_of(client)?;
        let ready = match config {
            config if config.is_null() => SessionConfig::default().ready()?,
            config => handle::get::<SessionConfig>(config)?.ready()?,
        };
        let key = client.driver.next_key();
        let mut args = format!("{{\"key\":{key}");
        let op = match id {
            Some(id) => {
                // SAFETY: same contract.
                args.push_str(&format!(",\"sessionId\":{}", quote(unsafe { id.required("session_id") }?)));
                "session.resume"
            }
            None => "session.create",
        };
        args.push_str(&format!(",\"config\":{},\"handlers\":{}}}", ready.config, ready.served));
        let entry = SessionEntry::new(key, ready.listeners, ready.handlers, ready.ended);
        let session = Session::open(&client, entry);
        Ok(Self { client, session, op, args })
    }

    /// From now on the session keeps the client going. One that is only being opened does not: nobody could free it.
    fn settle(session: &Session, opened: Result<Bytes>) -> Result<*mut copilot_session> {
        let opened = opened.and_then(|_| if session.client.retain() { Ok(()) } else { Err(closed_error()) });
        match opened {
            Ok(()) => Ok(session.entry.handle()),
            Err(error) => {
                session.undo();
                Err(error)
            }
        }
    }

    /// # Safety
    /// The pointers must follow the header's contract.
    unsafe fn block(self, wait: *const copilot_wait, place: *mut *mut copilot_session) -> Result<()> {
        // SAFETY: same contract.
        let opened = unsafe { WaitLimits::new(wait) }
            .and_then(|limits| self.client.driver.block_on(&limits, self.op, &self.args));
        let handle = Self::settle(&self.session, opened)?;
        // SAFETY: the caller checked the place.
        unsafe { place.write(handle) };
        Ok(())
    }

    /// # Safety
    /// The pointers must follow the header's contract.
    unsafe fn spawn(self, done: SessionDone, place: *mut *mut copilot_op) -> Result<()> {
        let session = Arc::clone(&self.session);
        let waiter = Box::new(move |result| done.call(Self::settle(&session, result)));
        let ticket =
            self.client.driver.submit(self.op, &self.args, waiter).inspect_err(|_| self.session.undo())?;
        // SAFETY: same contract.
        unsafe { op::offer(place, &self.client.driver, ticket) };
        Ok(())
    }
}

struct SessionDone {
    function: copilot_session_done_fn,
    user_data: UserData,
}

impl SessionDone {
    fn required(self) -> Result<Self> {
        if self.function.is_none() { Err(invalid("done is NULL")) } else { Ok(self) }
    }

    fn call(self, result: Result<*mut copilot_session>) {
        let Some(function) = self.function else { return };
        let (error, session) = match result {
            Ok(session) => (std::ptr::null_mut(), session),
            Err(error) => (owned(error), std::ptr::null_mut()),
        };
        // SAFETY: the user gave the function together with this user data.
        unsafe { function(self.user_data.get(), error, session) }
    }
}

/// Creates a session; starts the client when needed.
///
/// @param config what the session is made from, still the caller's; NULL for the defaults.
/// @param wait limits, or NULL for none.
/// @param[out] session the new session, which the caller frees with `copilot_session_free`; written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_create_session(
    client: *mut copilot_client,
    config: *mut copilot_session_config,
    wait: *const copilot_wait,
    session: *mut *mut copilot_session,
) -> *mut copilot_error {
    boundary!({
        Out::required(session, "session")?;
        // SAFETY: same contract.
        unsafe { Opening::new(client, None, config)?.block(wait, session) }
    })
}

/// As `copilot_client_create_session`, without waiting. See `copilot_client_start_async` for the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_create_session_async(
    client: *mut copilot_client,
    config: *mut copilot_session_config,
    done: copilot_session_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = SessionDone { function: done, user_data: UserData::new(user_data, destroy) };
    boundary!({
        let done = done.required()?;
        // SAFETY: same contract.
        unsafe { Opening::new(client, None, config)?.spawn(done, op) }
    })
}

/// Opens a session that exists already, by its id. Otherwise as `copilot_client_create_session`.
///
/// @param[out] session which the caller frees with `copilot_session_free`; written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_resume_session(
    client: *mut copilot_client,
    session_id: copilot_str,
    config: *mut copilot_session_config,
    wait: *const copilot_wait,
    session: *mut *mut copilot_session,
) -> *mut copilot_error {
    boundary!({
        Out::required(session, "session")?;
        // SAFETY: same contract.
        unsafe { Opening::new(client, Some(session_id), config)?.block(wait, session) }
    })
}

/// As `copilot_client_resume_session`, without waiting. See `copilot_client_start_async` for the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_resume_session_async(
    client: *mut copilot_client,
    session_id: copilot_str,
    config: *mut copilot_session_config,
    done: copilot_session_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = SessionDone { function: done, user_data: UserData::new(user_data, destroy) };
    boundary!({
        let done = done.required()?;
        // SAFETY: same contract.
        unsafe { Opening::new(client, Some(session_id), config)?.spawn(done, op) }
    })
}

/// Frees a session. No further callback of it starts, and the runtime is told to let go of it; its state stays on disk
/// and can be resumed. Call `copilot_session_disconnect` before to know when that is done. The last session of a freed
/// client ends the runtime. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_session_free(session: *mut copilot_session) -> copilot_code {
    boundary!(copilot_code::COPILOT_ERROR_INTERNAL, {
        code_of(handle::free::<Session>(session).map(|session| {
            let Some(session) = session else { return };
            if session.driver().born.is_here() {
                let key = session.entry.key;
                session.driver().remove_session(key);
                if !session.disconnected.load(Ordering::Acquire) {
                    session.driver().submit_and_forget("session.disconnect", &format!("{{\"key\":{key}}}"));
                }
            }
            session.client.release();
        }))
    })
}

pub(crate) fn session_of(session: *const copilot_session) -> Result<Arc<Session>> {
    let session = handle::get::<Session>(session)?;
    session.driver().born.check()?;
    Ok(session)
}

/// Adds a listener for events that come from now on; the first one of a session that nothing was asked of before also
/// gets the events since the session was made.
///
/// @param type_name only events of this type; absent for all.
/// @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
/// @param[out] listener a number for `copilot_session_off`; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_on(
    session: *mut copilot_session,
    type_name: copilot_str,
    on_event: copilot_event_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    listener: *mut u64,
) -> *mut copilot_error {
    let user_data = UserData::new(user_data, destroy);
    boundary!({
        let session = session_of(session)?;
        // SAFETY: the header's contract of text views.
        let only = unsafe { type_name.optional("type_name") }?.filter(|only| !only.is_empty());
        let (id, first) = session.entry.listen(only, EventHandler::new(on_event, user_data)?);
        if first {
            session.driver().host.set_events(session.entry.key, true);
        }
        if !listener.is_null() {
            // SAFETY: not null, and writable by the contract.
            unsafe { listener.write(id) };
        }
        Ok(())
    })
}

/// Removes a listener. Its user data is destroyed as soon as no call of it runs. Removing it again does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_session_off(session: *mut copilot_session, listener: u64) -> *mut copilot_error {
    boundary!({
        session_of(session)?.entry.unlisten(listener);
        Ok(())
    })
}

/// Writes what is known of a session.
///
/// @param[out] state JSON text, which the caller frees with `copilot_string_free`:
///   `{"sessionId","workspacePath","capabilities","openCanvases"}`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_state(
    session: *const copilot_session,
    state: *mut *mut copilot_string,
) -> *mut copilot_error {
    boundary!({
        let out = Out::required(state, "state")?;
        let json = state_of(session)?;
        // SAFETY: the place is writable by the contract.
        unsafe { out.set(owned_text(json)) };
        Ok(())
    })
}

/// Writes the id of a session.
///
/// @param[out] id the text, which the caller frees with `copilot_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_id(
    session: *const copilot_session,
    id: *mut *mut copilot_string,
) -> *mut copilot_error {
    boundary!({
        let out = Out::required(id, "id")?;
        let state: Value = serde_json::from_str(&state_of(session)?).unwrap_or_default();
        // SAFETY: the place is writable by the contract.
        unsafe { out.set(owned_text(state["sessionId"].as_str().unwrap_or_default())) };
        Ok(())
    })
}

fn state_of(session: *const copilot_session) -> Result<String> {
    let session = session_of(session)?;
    session
        .entry
        .state(&session.driver().host)
        .ok_or_else(|| Error::new(ErrorKind::SessionClosed, "The session was disconnected"))
}

/// Counts the events of a session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_counters(
    session: *const copilot_session,
    counters: *mut copilot_counters,
) -> *mut copilot_error {
    boundary!({
        let session = session_of(session)?;
        let counts = session
            .entry
            .counters(&session.driver().host)
            .ok_or_else(|| Error::new(ErrorKind::SessionClosed, "The session was disconnected"))?;
        // SAFETY: the header's contract of sized structs.
        unsafe { write_counters(counters, counts) }
    })
}
