//! How the byte streams of a runtime end, and why.

use super::child::ChildProcess;
use crate::error::{Error, reasons};

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum Loss {
    /// The peer closed its side, perhaps inside a frame.
    End,
    /// Reading or writing failed.
    Io(std::io::Error),
    /// The peer sent something that is not the protocol.
    Protocol(Error),
}

/// Says why a connection ended, with the child's exit code and stderr when there is a child.
pub(crate) async fn diagnose(child: Option<ChildProcess>, loss: Loss) -> Error {
    match (loss, child) {
        (Loss::Protocol(error), _) => error,
        (_, Some(child)) => child.exit_error().await,
        (Loss::Io(error), None) => reasons::runtime_exited(&format!("unexpectedly: {error}")),
        (Loss::End, None) => reasons::runtime_exited("unexpectedly: the runtime closed the connection"),
    }
}
