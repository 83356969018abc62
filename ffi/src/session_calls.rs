//! What a session can be asked to do. Each function exists twice: `f` waits, `f_async` calls back.

use std::sync::Arc;

use copilot_core::Result;
use libc::c_void;

use crate::boundary::boundary;
use crate::client_calls::call_args;
use crate::input::copilot_str;
use crate::json::{object, quote};
use crate::op::{self, Done, copilot_done_fn};
use crate::opaque::{copilot_error, copilot_op, copilot_session, copilot_string};
use crate::session::session_of;
use crate::session_object::Session;
use crate::text_object as text;
use crate::user_data::{UserData, copilot_destroy_fn};
use crate::wait::{WaitLimits, copilot_wait};

/// # Safety
/// The pointers must follow the header's contract.
unsafe fn block(
    session: &Arc<Session>,
    limits: &WaitLimits,
    op: &str,
    args: &str,
    result: *mut *mut copilot_string,
) -> Result<()> {
    let json = session.driver().block_on(limits, op, args)?;
    // SAFETY: same contract.
    unsafe { text::offer(result, &json) };
    Ok(())
}

/// # Safety
/// The pointers must follow the header's contract.
unsafe fn spawn(
    session: &Arc<Session>,
    name: &str,
    args: &str,
    done: Done,
    place: *mut *mut copilot_op,
) -> Result<()> {
    let ticket = session.driver().submit(name, args, done.required()?.waiter())?;
    // SAFETY: same contract.
    unsafe { op::offer(place, session.driver(), ticket) };
    Ok(())
}

fn key_args(session: &Session) -> String {
    format!("{{\"key\":{}}}", session.entry.key)
}

/// The arguments of `session.send` and `session.sendAndWait`.
///
/// # Safety
/// The views must follow the header's contract of text views.
unsafe fn send_args(
    session: &Session,
    prompt: copilot_str,
    options: copilot_str,
    limit: Option<std::time::Duration>,
) -> Result<String> {
    // SAFETY: same contract.
    let (prompt, options) = unsafe { (prompt.or_empty("prompt")?, options.optional("options")?) };
    let mut args = format!("{{\"key\":{},\"prompt\":{}", session.entry.key, quote(prompt));
    if let Some(limit) = limit {
        args.push_str(&format!(",\"timeoutMs\":{}", limit.as_millis()));
    }
    for (name, value) in object(options.unwrap_or_default(), "options")? {
        args.push_str(&format!(",{}:{value}", quote(&name)));
    }
    args.push('}');
    Ok(args)
}

/// Sends a message. Returns as soon as the runtime took it; the answer comes as events.
///
/// @param options a JSON object, for example `{"attachments":[…],"mode":"immediate"}`; absent for none.
/// @param[out] result JSON text, which the caller frees with `copilot_string_free`: `{"messageId"}`; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_send(
    session: *mut copilot_session,
    prompt: copilot_str,
    options: copilot_str,
    wait: *const copilot_wait,
    result: *mut *mut copilot_string,
) -> *mut copilot_error {
    boundary!({
        let session = session_of(session)?;
        // SAFETY: same contract.
        let (limits, args) = unsafe { (WaitLimits::new(wait)?, send_args(&session, prompt, options, None)?) };
        // SAFETY: same contract.
        unsafe { block(&session, &limits, "session.send", &args, result) }
    })
}

/// As `copilot_session_send`, without waiting. See `copilot_client_start_async` for the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_send_async(
    session: *mut copilot_session,
    prompt: copilot_str,
    options: copilot_str,
    done: copilot_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = Done::new(done, UserData::new(user_data, destroy));
    boundary!({
        let session = session_of(session)?;
        // SAFETY: same contract.
        let args = unsafe { send_args(&session, prompt, options, None) }?;
        // SAFETY: same contract.
        unsafe { spawn(&session, "session.send", &args, done, op) }
    })
}

/// Sends a message and waits until the agent has finished with it. A time limit or a cancelled token ends only the
/// wait, not the work: see `copilot_session_abort`.
///
/// @param options as for `copilot_session_send`, and: `timeoutMs`, `inactivityTimeoutMs` (the longest time without any
///   event of the session), `until` (`"idle"`, or `"foreground"`: work left running in the background does not count),
///   `responseSchema` (a JSON Schema that the answer must follow) with `responseRetries` (how often the agent is told
///   what was wrong and asked again; 2 unless given; then `COPILOT_ERROR_SCHEMA_MISMATCH`).
/// @param[out] result JSON text, which the caller frees with `copilot_string_free`: the last `assistant.message` event, or
///   `null`; with a `responseSchema` `{"value","tries","event"}`; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_send_and_wait(
    session: *mut copilot_session,
    prompt: copilot_str,
    options: copilot_str,
    wait: *const copilot_wait,
    result: *mut *mut copilot_string,
) -> *mut copilot_error {
    boundary!({
        let session = session_of(session)?;
        // SAFETY: same contract.
        let limits = unsafe { WaitLimits::new(wait) }?.kept_by_engine();
        // SAFETY: same contract.
        let args = unsafe { send_args(&session, prompt, options, limits.limit) }?;
        // SAFETY: same contract.
        unsafe { block(&session, &limits, "session.sendAndWait", &args, result) }
    })
}

/// As `copilot_session_send_and_wait`, without waiting. A time limit goes into `options` as `timeoutMs`. See
/// `copilot_client_start_async` for the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_send_and_wait_async(
    session: *mut copilot_session,
    prompt: copilot_str,
    options: copilot_str,
    done: copilot_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = Done::new(done, UserData::new(user_data, destroy));
    boundary!({
        let session = session_of(session)?;
        // SAFETY: same contract.
        let args = unsafe { send_args(&session, prompt, options, None) }?;
        // SAFETY: same contract.
        unsafe { spawn(&session, "session.sendAndWait", &args, done, op) }
    })
}

/// Lets go of the session: waits end with `COPILOT_ERROR_SESSION_CLOSED`, handlers are cancelled, and the session's
/// callbacks and their user data are let go. Its state stays on disk. The handle must still be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_disconnect(
    session: *mut copilot_session,
    wait: *const copilot_wait,
) -> *mut copilot_error {
    boundary!({
        let session = session_of(session)?;
        // SAFETY: same contract.
        let limits = unsafe { WaitLimits::new(wait) }?;
        // SAFETY: same contract.
        unsafe { block(&session, &limits, "session.disconnect", &key_args(&session), std::ptr::null_mut()) }?;
        session.ended();
        Ok(())
    })
}

/// As `copilot_session_disconnect`, without waiting. See `copilot_client_start_async` for the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_disconnect_async(
    session: *mut copilot_session,
    done: copilot_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = Done::new(done, UserData::new(user_data, destroy));
    boundary!({
        let done = done.required()?;
        let session = session_of(session)?;
        let ending = Arc::clone(&session);
        let waiter = Box::new(move |result: Result<_>| {
            if result.is_ok() {
                ending.ended();
            }
            done.call(result);
        });
        let ticket = session.driver().submit("session.disconnect", &key_args(&session), waiter)?;
        // SAFETY: same contract.
        unsafe { op::offer(op, session.driver(), ticket) };
        Ok(())
    })
}

/// Calls any method of the runtime for this session; its id is added to the parameters. `copilot_protocol.h` names the
/// methods.
///
/// @param params a JSON object; absent for none.
/// @param[out] result the runtime's result as JSON text, which the caller frees with `copilot_string_free`; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_invoke(
    session: *mut copilot_session,
    method: copilot_str,
    params: copilot_str,
    wait: *const copilot_wait,
    result: *mut *mut copilot_string,
) -> *mut copilot_error {
    boundary!({
        let session = session_of(session)?;
        // SAFETY: same contract.
        let limits = unsafe { WaitLimits::new(wait) }?.kept_by_engine();
        // SAFETY: same contract.
        let args = unsafe { call_args(Some(session.entry.key), method, params, limits.limit) }?;
        // SAFETY: same contract.
        unsafe { block(&session, &limits, "session.call", &args, result) }
    })
}

/// As `copilot_session_invoke`, without waiting. See `copilot_client_start_async` for the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_invoke_async(
    session: *mut copilot_session,
    method: copilot_str,
    params: copilot_str,
    done: copilot_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = Done::new(done, UserData::new(user_data, destroy));
    boundary!({
        let session = session_of(session)?;
        // SAFETY: same contract.
        let args = unsafe { call_args(Some(session.entry.key), method, params, None) }?;
        // SAFETY: same contract.
        unsafe { spawn(&session, "session.call", &args, done, op) }
    })
}
