//! How the generated calls put their arguments together, wait, and call back.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use copilot_core::Result;

use crate::driver::Driver;
use crate::input::copilot_str;
use crate::json::{check_json, object, quote};
use crate::op::{self, Done};
use crate::opaque::{copilot_op, copilot_string};
use crate::session_object::Session;
use crate::text_object as text;
use crate::wait::{WaitLimits, copilot_wait};

/// The arguments of an operation as a JSON object under way.
pub(crate) struct Args(String);

impl Args {
    pub(crate) fn of_client() -> Self {
        Self("{".to_owned())
    }

    pub(crate) fn of_session(session: &Session) -> Self {
        Self(format!("{{\"key\":{}", session.entry.key))
    }

    fn member(mut self, name: &str, json: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quote(name));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// Members that are the same in every call.
    pub(crate) fn fixed(mut self, members: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(members);
        self
    }

    /// # Safety
    /// The view must follow the header's contract of text views; so for the next four.
    pub(crate) unsafe fn text(self, name: &str, text: copilot_str) -> Result<Self> {
        // SAFETY: same contract.
        let text = unsafe { text.required(name) }?;
        Ok(self.member(name, &quote(text)))
    }

    /// # Safety
    /// See `text`.
    pub(crate) unsafe fn optional_text(self, name: &str, text: copilot_str) -> Result<Self> {
        // SAFETY: same contract.
        Ok(match unsafe { text.optional(name) }? {
            Some(text) => self.member(name, &quote(text)),
            None => self,
        })
    }

    /// # Safety
    /// See `text`.
    pub(crate) unsafe fn json(self, name: &str, json: copilot_str) -> Result<Self> {
        // SAFETY: same contract.
        let json = check_json(unsafe { json.required(name) }?, name)?;
        Ok(self.member(name, json))
    }

    /// # Safety
    /// See `text`.
    pub(crate) unsafe fn optional_json(self, name: &str, json: copilot_str) -> Result<Self> {
        // SAFETY: same contract.
        match unsafe { json.optional(name) }?.filter(|json| !json.is_empty()) {
            Some(json) => Ok(self.member(name, check_json(json, name)?)),
            None => Ok(self),
        }
    }

    /// # Safety
    /// See `text`; the bytes need not be a text.
    pub(crate) unsafe fn bytes(self, name: &str, data: copilot_str) -> Result<Self> {
        // SAFETY: same contract.
        let data = unsafe { data.bytes(name) }?.unwrap_or_default();
        Ok(self.member(name, &quote(&BASE64.encode(data))))
    }

    /// # Safety
    /// See `text`.
    pub(crate) unsafe fn options(self, options: copilot_str) -> Result<Self> {
        // SAFETY: same contract.
        let options = unsafe { options.optional("options") }?.unwrap_or_default();
        let members = object(options, "options")?;
        Ok(members.iter().fold(self, |args, (name, value)| args.member(name, &value.to_string())))
    }

    pub(crate) fn done(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// Runs an operation and waits for its end.
///
/// # Safety
/// The pointers must follow the header's contract.
pub(crate) unsafe fn block(
    driver: &Arc<Driver>,
    wait: *const copilot_wait,
    op: &str,
    args: &str,
    result: *mut *mut copilot_string,
) -> Result<()> {
    // SAFETY: same contract.
    let limits = unsafe { WaitLimits::new(wait) }?;
    let json = driver.block_on(&limits, op, args)?;
    // SAFETY: same contract.
    unsafe { text::offer(result, &json) };
    Ok(())
}

/// Begins an operation.
///
/// # Safety
/// The pointers must follow the header's contract.
pub(crate) unsafe fn spawn(
    driver: &Arc<Driver>,
    name: &str,
    args: &str,
    done: Done,
    place: *mut *mut copilot_op,
) -> Result<()> {
    let ticket = driver.submit(name, args, done.required()?.waiter())?;
    // SAFETY: same contract.
    unsafe { op::offer(place, driver, ticket) };
    Ok(())
}
