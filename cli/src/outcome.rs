//! How a command ended, as scripts see it.

use std::io::{self, Write as _};

use copilot_core::{Error, ErrorKind};

/// The agent's answer is there.
pub(crate) const ANSWERED: i32 = 0;
/// The user pressed Ctrl-C: 128 and the number of the signal.
pub(crate) const INTERRUPTED: i32 = 130;
/// An option or a file is not as it should be.
pub(crate) const WRONG_USE: i32 = 2;

/// The exit code that says what went wrong.
pub(crate) fn exit_code(error: &Error) -> i32 {
    match error.kind() {
        ErrorKind::InvalidArgument | ErrorKind::InvalidType => WRONG_USE,
        ErrorKind::SessionError | ErrorKind::Rpc => 3,
        ErrorKind::Timeout => 4,
        ErrorKind::RuntimeNotFound
        | ErrorKind::SpawnFailed
        | ErrorKind::StartTimeout
        | ErrorKind::ConnectFailed
        | ErrorKind::ProtocolMismatch => 5,
        ErrorKind::SchemaMismatch => 6,
        ErrorKind::ProcessExited => 7,
        ErrorKind::Cancelled => INTERRUPTED,
        _ => 1,
    }
}

/// Tells people what went wrong, and gives the exit code.
pub(crate) fn failed(error: &Error) -> i32 {
    eprintln!("copilot-native: {}", error.message());
    if exit_code(error) == 5 {
        eprintln!("copilot-native doctor says what is installed");
    }
    exit_code(error)
}

/// Prints what was asked for. Nobody reads it when the output is closed.
pub(crate) fn said(text: &str) -> i32 {
    drop(io::stdout().write_all(text.as_bytes()));
    ANSWERED
}
