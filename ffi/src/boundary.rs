//! What every exported function goes through. A panic that crossed into C would end the host's process, so it becomes
//! an error with code `INTERNAL` here.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use copilot_core::{Error, ErrorKind, Result};

use crate::code::copilot_code;
use crate::error_object::owned;
use crate::opaque::copilot_error;

/// Wraps the body of an exported function. `boundary!({ … })` is for functions that return an error object and takes
/// a body of type `Result<()>`; `boundary!(fallback, { … })` is for the few that return a plain value.
macro_rules! boundary {
    ($body:block) => {
        $crate::boundary::fallible(|| $body)
    };
    ($fallback:expr, $body:block) => {
        $crate::boundary::total($fallback, || $body)
    };
}
pub(crate) use boundary;

pub(crate) fn fallible(body: impl FnOnce() -> Result<()>) -> *mut copilot_error {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => ptr::null_mut(),
        Ok(Err(error)) => owned(error),
        Err(panic) => owned(Error::new(ErrorKind::Internal, text_of(&*panic))),
    }
}

pub(crate) fn total<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// For `…_free`: the code of what went wrong, as there is nobody to own an error object.
pub(crate) fn code_of(result: Result<()>) -> copilot_code {
    match result {
        Ok(()) => copilot_code::COPILOT_OK,
        Err(error) => copilot_code::from(error.kind()),
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    format!("A defect inside libcopilot: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_object() {
        let error = boundary!({ panic!("on purpose") });
        assert_eq!(crate::error::copilot_error_code(error), copilot_code::COPILOT_ERROR_INTERNAL);
        assert_eq!(crate::error::copilot_error_free(error), copilot_code::COPILOT_OK);
        assert_eq!(boundary!(7, { panic!("on purpose") }), 7);
    }
}
