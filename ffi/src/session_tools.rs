//! Tools of a session that exists already, with the functions that run them.

use std::sync::Arc;

use copilot_core::Result;
use libc::c_void;
use serde_json::json;

use crate::boundary::boundary;
use crate::config::SessionConfig;
use crate::handle;
use crate::op::{self, Done, copilot_done_fn};
use crate::opaque::{copilot_error, copilot_op, copilot_session, copilot_session_config};
use crate::session::session_of;
use crate::session_object::Session;
use crate::user_data::{UserData, copilot_destroy_fn};
use crate::wait::{WaitLimits, copilot_wait};

const OP: &str = "session.setTools";

/// The arguments of the operation, and what serves the tools once the runtime has them.
fn begin(
    session: &Arc<Session>,
    config: *mut copilot_session_config,
) -> Result<(String, impl FnOnce() + Send + use<>)> {
    let config = handle::get::<SessionConfig>(config)?;
    let (tools, handlers) = config.tools()?;
    let names: Vec<_> = handlers.keys().collect();
    let args = json!({"key": session.entry.key, "tools": tools, "handlers": names}).to_string();
    let entry = Arc::clone(&session.entry);
    Ok((args, move || entry.set_tools(handlers)))
}

/// Replaces all tools of the host in this session by those of a configuration, with the functions that run them: those added
/// by `copilot_session_config_tool`, and the member `tools` of its JSON. All else in the configuration is left aside. From the
/// runtime's answer on calls go to the new functions; user data of the old ones is let go.
///
/// After an error the old tools stay, but for a wait that ended before the runtime answered: then neither set is sure to be
/// served, and the call has to be made again.
///
/// @param config tools and their functions, still the caller's.
/// @param wait limits, or NULL for none.
/// @since runtime newer than 1.0.102
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_serve_tools(
    session: *mut copilot_session,
    config: *mut copilot_session_config,
    wait: *const copilot_wait,
) -> *mut copilot_error {
    boundary!({
        let session = session_of(session)?;
        // SAFETY: the header's contract of sized structs.
        let limits = unsafe { WaitLimits::new(wait) }?;
        session.driver().signal.check_not_in_callback()?;
        let (args, serve) = begin(&session, config)?;
        session.driver().block_on_then(&limits, OP, &args, |result| {
            if result.is_ok() {
                serve();
            }
        })?;
        Ok(())
    })
}

/// As `copilot_session_serve_tools`, without waiting. See `copilot_client_start_async` for the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_serve_tools_async(
    session: *mut copilot_session,
    config: *mut copilot_session_config,
    done: copilot_done_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
    op: *mut *mut copilot_op,
) -> *mut copilot_error {
    let done = Done::new(done, UserData::new(user_data, destroy));
    boundary!({
        let done = done.required()?;
        let session = session_of(session)?;
        let (args, serve) = begin(&session, config)?;
        let waiter = Box::new(move |result: Result<_>| {
            if result.is_ok() {
                serve();
            }
            done.call(result);
        });
        let ticket = session.driver().submit(OP, &args, waiter)?;
        // SAFETY: the header's contract of output places.
        unsafe { op::offer(op, session.driver(), ticket) };
        Ok(())
    })
}
