//! What a client can be asked to do. Each function exists twice: `f` waits, `f_async` calls back.

use bytes::Bytes;
use copilot_core::{Error, ErrorKind, Result};
use libc::c_void;
use serde_json::Value;

use crate::boundary::boundary;
use crate::client::client_of;
use crate::input::copilot_str;
use crate::json::{check_json, quote};
use crate::op::{self, Done, copilot_done_fn};
use crate::opaque::{copilot_client, copilot_error, copilot_op, copilot_string};
use crate::text_object as text;
use crate::user_data::{UserData, copilot_destroy_fn};
use crate::wait::{WaitLimits, copilot_wait};

/// The result of a stop: an error when some of its steps failed.
fn stopped(result: Result<Bytes>) -> Result<Bytes> {
    let result = result?;
    let errors = serde_json::from_slice::<Value>(&result).ok().and_then(|mut value| {
        let errors = value.get_mut("errors")?.take();
        errors.as_array().is_some_and(|list| !list.is_empty()).then_some(errors)
    });
    let Some(errors) = errors else { return Ok(result) };
    let first = errors[0]["message"].as_str().unwrap_or("no text").to_owned();
    Err(Error::new(ErrorKind::StopFailed, format!("The runtime was stopped, but: {first}"))
        .with_data(errors.to_string()))
}

fn unchanged(result: Result<Bytes>) -> Result<Bytes> {
    result
}

/// # Safety
/// The pointers must follow the header's contract.
unsafe fn block(
    client: *mut copilot_client,
    wait: *const copilot_wait,
    op: &str,
    shape: fn(Result<Bytes>) -> Result<Bytes>,
    result: *mut *mut copilot_string,
) -> Result<()> {
    let client = client_of(client)?;
    // SAFETY: same contract.
    let limits = unsafe { WaitLimits::new(wait) }?;
    let json = shape(client.driver.block_on(&limits, op, ""))?;
    // SAFETY: same contract.
    unsafe { text::offer(result, &json) };
    Ok(())
}

/// # Safety
/// The pointers must follow the header's contract.
unsafe fn spawn(
    client: *mut copilot_client,
    name: &str,
    args: &str,
    done: Done,
    shape: fn(Result<Bytes>) -> Result<Bytes>,
    place: *mut *mut copilot_op,
) -> Result<()> {
    let done = done.required()?;
    let client = client_of(client)?;
    let ticket = client.driver.submit(name, args, Box::new(move |result| done.call(shape(result))))?;
    // SAFETY: same contract.
    unsafe { op::offer(place, &client.driver, ticket) };
    Ok(())
}

/// Starts the runtime and agrees on a protocol version. A client that is started already is left as it is.
///
/// @param wait limits, or NULL for none.
/// @param[out] result JSON text, which the caller frees with `copilot_string_free`:
///   `{"version","protocolVersion","timings"}`; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_start(
    client: *mut copilot_client,
    wait: *const copilot_wait,
    result: *mut *mut copilot_string,
) -> *mut copilot_error {
    // SAFETY: same contract.
    boundary!({ unsafe { block(client, wait, "client.start", unchanged, result) } })
}

/// As `copilot_client_start`, without waiting.
///
/// @param done called exactly once, unless this function returns an error; it frees what it is given.
/// @param destroy frees `user_data`, also when this function returns an error; may be NULL.
/// @param[out] op for cancelling, which the caller frees with `copilot_op_free`; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_start_async(
    client: *mut copilot_client,
    done: copilot_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = Done::new(done, UserData::new(user_data, destroy));
    // SAFETY: same contract.
    boundary!({ unsafe { spawn(client, "client.start", "", done, unchanged, op) } })
}

/// Ends all sessions and the runtime, politely first. The runtime is gone afterwards, also on
/// `COPILOT_ERROR_STOP_FAILED`, whose data lists what went wrong. The client can be started again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_stop(
    client: *mut copilot_client,
    wait: *const copilot_wait,
) -> *mut copilot_error {
    // SAFETY: same contract.
    boundary!({ unsafe { block(client, wait, "client.stop", stopped, std::ptr::null_mut()) } })
}

/// As `copilot_client_stop`, without waiting. See `copilot_client_start_async` for the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_stop_async(
    client: *mut copilot_client,
    done: copilot_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = Done::new(done, UserData::new(user_data, destroy));
    // SAFETY: same contract.
    boundary!({ unsafe { spawn(client, "client.stop", "", done, stopped, op) } })
}

/// Kills the runtime without asking it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_force_stop(
    client: *mut copilot_client,
    wait: *const copilot_wait,
) -> *mut copilot_error {
    // SAFETY: same contract.
    boundary!({ unsafe { block(client, wait, "client.forceStop", unchanged, std::ptr::null_mut()) } })
}

/// As `copilot_client_force_stop`, without waiting. See `copilot_client_start_async` for the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_force_stop_async(
    client: *mut copilot_client,
    done: copilot_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = Done::new(done, UserData::new(user_data, destroy));
    // SAFETY: same contract.
    boundary!({ unsafe { spawn(client, "client.forceStop", "", done, unchanged, op) } })
}

/// The arguments of `client.call` and `session.call`.
///
/// # Safety
/// The views must follow the header's contract of text views.
pub(crate) unsafe fn call_args(
    key: Option<u32>,
    method: copilot_str,
    params: copilot_str,
    limit: Option<std::time::Duration>,
) -> Result<String> {
    // SAFETY: same contract.
    let (method, params) = unsafe { (method.required("method")?, params.optional("params")?) };
    let mut args = match key {
        Some(key) => format!("{{\"key\":{key},\"method\":{}", quote(method)),
        None => format!("{{\"method\":{}", quote(method)),
    };
    if let Some(params) = params.filter(|params| !params.is_empty()) {
        args.push_str(",\"params\":");
        args.push_str(check_json(params, "params")?);
    }
    if let Some(limit) = limit {
        args.push_str(&format!(",\"timeoutMs\":{}", limit.as_millis()));
    }
    args.push('}');
    Ok(args)
}

/// Calls any method of the runtime; `copilot_protocol.h` names them.
///
/// @param params a JSON object; absent for none.
/// @param[out] result the runtime's result as JSON text, which the caller frees with `copilot_string_free`; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_invoke(
    client: *mut copilot_client,
    method: copilot_str,
    params: copilot_str,
    wait: *const copilot_wait,
    result: *mut *mut copilot_string,
) -> *mut copilot_error {
    boundary!({
        let client = client_of(client)?;
        // SAFETY: same contract.
        let limits = unsafe { WaitLimits::new(wait) }?.kept_by_engine();
        // SAFETY: same contract.
        let args = unsafe { call_args(None, method, params, limits.limit) }?;
        let json = client.driver.block_on(&limits, "client.call", &args)?;
        // SAFETY: same contract.
        unsafe { text::offer(result, &json) };
        Ok(())
    })
}

/// As `copilot_client_invoke`, without waiting. See `copilot_client_start_async` for the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_invoke_async(
    client: *mut copilot_client,
    method: copilot_str,
    params: copilot_str,
    done: copilot_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = Done::new(done, UserData::new(user_data, destroy));
    boundary!({
        // SAFETY: same contract.
        let args = unsafe { call_args(None, method, params, None) }?;
        // SAFETY: same contract.
        unsafe { spawn(client, "client.call", &args, done, unchanged, op) }
    })
}

/// Sends a notification to the runtime. Does not wait; a client that is not connected sends nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_client_notify(
    client: *mut copilot_client,
    method: copilot_str,
    params: copilot_str,
) -> *mut copilot_error {
    boundary!({
        let client = client_of(client)?;
        // SAFETY: same contract.
        let args = unsafe { call_args(None, method, params, None) }?;
        client.driver.submit_and_forget("client.notify", &args);
        Ok(())
    })
}
