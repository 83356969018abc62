//! Questions of the engine to the user: an owned object that is answered once, now or later, from any thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use copilot_core::Result;
use copilot_core::host::{CallError, CallId, CallKind};
use libc::{c_void, size_t};

use crate::boundary::{boundary, code_of};
use crate::code::copilot_code;
use crate::error_object::closed_error;
use crate::handle::{self, Handled};
use crate::input::{copilot_str, invalid};
use crate::json::check_json;
use crate::opaque::{copilot_call, copilot_error, copilot_session};
use crate::sync::{Mutex, lock};
use crate::user_data::{UserData, copilot_destroy_fn};

/// What a question is about. Borrowed: valid only during the callback; copy what is needed later.
#[repr(C)]
pub struct copilot_call_info {
    /// `sizeof(copilot_call_info)` of the library.
    pub size: size_t,
    /// A `copilot_call_kind`.
    pub kind: u32,
    /// The session that asks, borrowed; NULL for client-wide questions.
    pub session: *mut copilot_session,
    /// The name of the tool, hook, section, command or provider; empty for other kinds.
    pub name: copilot_str,
    /// The arguments as JSON text. `docs/host.md` lists them by kind.
    pub args: copilot_str,
}

/// Answers a question. The callback owns `call` and must answer or free it, at once or later, from any thread.
/// `info` is borrowed for the duration of the callback. Runs where callbacks run, so it should return soon.
pub type copilot_call_fn = Option<
    unsafe extern "C" fn(user_data: *mut c_void, call: *mut copilot_call, info: *const copilot_call_info),
>;

/// Tells that the answer to a call is no longer wanted. Runs at most once, where callbacks run.
pub type copilot_cancel_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Who takes the answers.
pub(crate) trait Asker: Send + Sync {
    /// Takes the answer to a question: JSON text or an error.
    fn answer(&self, call: CallId, answer: std::result::Result<&str, CallError>) -> Result<()>;
    /// Nobody holds the question any more.
    fn forget_call(&self, call: CallId);
}

/// A question in the hands of the user.
pub(crate) struct Call {
    asker: Weak<dyn Asker>,
    id: CallId,
    cancelled: AtomicBool,
    answered: AtomicBool,
    on_cancel: Mutex<Vec<(copilot_cancel_fn, UserData)>>,
}

impl Call {
    pub(crate) fn new(asker: Weak<dyn Asker>, id: CallId) -> Self {
        Self {
            asker,
            id,
            cancelled: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            on_cancel: Mutex::default(),
        }
    }

    pub(crate) fn cancelled(&self) {
        let watchers = {
            let mut watchers = lock(&self.on_cancel);
            self.cancelled.store(true, Ordering::Release);
            std::mem::take(&mut *watchers)
        };
        for (function, user_data) in watchers {
            notify(function, &user_data);
        }
    }

    fn answer(&self, result: std::result::Result<&str, CallError>) -> Result<()> {
        self.answered.store(true, Ordering::Release);
        self.asker.upgrade().ok_or_else(closed_error)?.answer(self.id, result)
    }
}

impl Handled for Call {
    type Opaque = copilot_call;
    const TAG: usize = 4;
    const NAME: &'static str = "copilot_call";
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.answered.load(Ordering::Acquire) {
            let _ = self.answer(Err(CallError::new("The handler freed the call without an answer")));
        }
        if let Some(asker) = self.asker.upgrade() {
            asker.forget_call(self.id);
        }
    }
}

fn notify(function: copilot_cancel_fn, user_data: &UserData) {
    if let Some(function) = function {
        // SAFETY: the user gave the function together with this user data.
        unsafe { function(user_data.get()) }
    }
}

/// A function of the user that answers questions.
pub(crate) struct CallHandler {
    function: copilot_call_fn,
    user_data: UserData,
}

impl CallHandler {
    pub(crate) fn new(function: copilot_call_fn, user_data: UserData) -> Result<Arc<Self>> {
        let handler = Self { function, user_data };
        if handler.function.is_none() { Err(invalid("the callback is NULL")) } else { Ok(Arc::new(handler)) }
    }

    pub(crate) fn invoke(
        &self,
        call: Arc<Call>,
        session: *mut copilot_session,
        kind: CallKind,
        name: &str,
        args: &Bytes,
    ) {
        // SAFETY: the user gave the function together with this user data.
        unsafe { ask(self.function, self.user_data.get(), call, session, kind, name, args) }
    }
}

/// Hands a question to a function of the user.
///
/// # Safety
/// `function` was given by the user together with `user_data`.
pub(crate) unsafe fn ask(
    function: copilot_call_fn,
    user_data: *mut c_void,
    call: Arc<Call>,
    session: *mut copilot_session,
    kind: CallKind,
    name: &str,
    args: &Bytes,
) {
    let Some(function) = function else { return };
    let info = copilot_call_info {
        size: size_of::<copilot_call_info>(),
        kind: kind.number(),
        session,
        name: copilot_str::of(name),
        args: copilot_str { data: args.as_ptr().cast(), len: args.len() },
    };
    let call = handle::insert(call);
    // SAFETY: the contract of this function; `info` outlives the call.
    unsafe { function(user_data, call, &raw const info) }
}

/// Answers a call with JSON text and frees it. With an error (bad handle, bad JSON) the call is not freed and can be
/// answered again; `COPILOT_ERROR_INVALID_STATE` and later codes mean that nobody waits any longer. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_call_reply(
    call: *mut copilot_call,
    json: copilot_str,
) -> *mut copilot_error {
    boundary!({
        handle::get::<Call>(call)?;
        // SAFETY: the header's contract of text views.
        let json = check_json(unsafe { json.required("json") }?, "json")?;
        handle::take::<Call>(call)?.answer(Ok(json))
    })
}

/// Answers a call with a plain text, which is encoded as a JSON string, and frees it. Otherwise as `copilot_call_reply`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_call_reply_text(
    call: *mut copilot_call,
    text: copilot_str,
) -> *mut copilot_error {
    boundary!({
        handle::get::<Call>(call)?;
        // SAFETY: the header's contract of text views.
        let json = crate::json::quote(unsafe { text.or_empty("text") }?);
        handle::take::<Call>(call)?.answer(Ok(&json))
    })
}

/// Answers a call with an error that has a text, and frees it. Otherwise as `copilot_call_reply`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_call_fail(
    call: *mut copilot_call,
    message: copilot_str,
) -> *mut copilot_error {
    // SAFETY: same contract.
    unsafe { copilot_call_fail_with(call, message, 0, copilot_str::ABSENT) }
}

/// As `copilot_call_fail`, with a JSON-RPC error code (0 for none) and details as JSON text (absent for none).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_call_fail_with(
    call: *mut copilot_call,
    message: copilot_str,
    code: i64,
    data: copilot_str,
) -> *mut copilot_error {
    boundary!({
        handle::get::<Call>(call)?;
        // SAFETY: the header's contract of text views.
        let message = unsafe { message.or_empty("message") }?.to_owned();
        // SAFETY: the header's contract of text views.
        let data = match unsafe { data.optional("data") }? {
            Some(data) => Some(check_json(data, "data")?.to_owned()),
            None => None,
        };
        let error = CallError { message, code: (code != 0).then_some(code), data };
        handle::take::<Call>(call)?.answer(Err(error))
    })
}

/// Is the answer no longer wanted? Any thread. False for a handle that is NULL, freed or foreign.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_call_is_cancelled(call: *const copilot_call) -> bool {
    boundary!(false, { handle::get::<Call>(call).is_ok_and(|call| call.cancelled.load(Ordering::Acquire)) })
}

/// Asks to be told when the answer is no longer wanted. `on_cancel` runs at once if that is so already.
///
/// @param destroy frees `user_data`, exactly once: after `on_cancel`, or when the call was answered, also when this function
///   returns an error; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_call_on_cancel(
    call: *mut copilot_call,
    on_cancel: copilot_cancel_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
) -> *mut copilot_error {
    let user_data = UserData::new(user_data, destroy);
    boundary!({
        let call = handle::get::<Call>(call)?;
        if on_cancel.is_none() {
            return Err(invalid("on_cancel is NULL"));
        }
        let mut watchers = lock(&call.on_cancel);
        if call.cancelled.load(Ordering::Acquire) {
            drop(watchers);
            notify(on_cancel, &user_data);
        } else {
            watchers.push((on_cancel, user_data));
        }
        Ok(())
    })
}

/// Frees a call; one that was not answered is answered with an error. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_call_free(call: *mut copilot_call) -> copilot_code {
    boundary!(copilot_code::COPILOT_ERROR_INTERNAL, { code_of(handle::free::<Call>(call).map(drop)) })
}
