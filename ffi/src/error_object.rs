//! An error as C holds it.

use std::sync::Arc;

use copilot_core::{Error, ErrorKind};

use crate::handle::{self, Handled};
use crate::opaque::copilot_error;
use crate::text_object::Text;

/// An error with its texts ready to be read by C.
pub(crate) struct ErrorObject {
    pub(crate) kind: ErrorKind,
    pub(crate) name: Text,
    pub(crate) message: Text,
    pub(crate) rpc_code: Option<i64>,
    pub(crate) data: Option<Text>,
    pub(crate) reason: Option<Text>,
}

/// Hands an error to C.
pub(crate) fn owned(error: Error) -> *mut copilot_error {
    handle::insert(Arc::new(ErrorObject {
        kind: error.kind(),
        name: Text::from(error.kind().name()),
        // A NUL inside would hide the rest of the text from C.
        message: Text::from(error.message().replace('\0', "\u{fffd}")),
        rpc_code: error.rpc_code(),
        data: error.data().map(Text::from),
        reason: error.reason().map(|reason| Text::from(reason.json())),
    }))
}

/// For operations and questions of a client that is gone.
pub(crate) fn closed_error() -> Error {
    Error::new(ErrorKind::SessionClosed, "The client was freed")
}

impl Handled for ErrorObject {
    type Opaque = copilot_error;
    const TAG: usize = 7;
    const NAME: &'static str = "copilot_error";
}
