//! The types that C holds by a handle and never looks into.

/// A connection to one runtime. Free it with `copilot_client_free`. All functions may be called from any thread.
pub struct copilot_client {
    _opaque: [u8; 0],
}

/// A conversation with the agent. Free it with `copilot_session_free`. All functions may be called from any thread.
pub struct copilot_session {
    _opaque: [u8; 0],
}

/// What a session is made from. May be used for several sessions, and be freed at any time after: sessions keep the
/// callbacks alive. Free it with `copilot_session_config_free`.
pub struct copilot_session_config {
    _opaque: [u8; 0],
}

/// A question that waits for an answer. Answering frees it: `copilot_call_reply`, `…_reply_text`, `…_fail`,
/// `…_fail_with`. Freeing it unanswered with `copilot_call_free` answers with an error.
pub struct copilot_call {
    _opaque: [u8; 0],
}

/// A running asynchronous operation. Free it with `copilot_op_free`, before or after its end; that does not cancel it.
pub struct copilot_op {
    _opaque: [u8; 0],
}

/// Ends blocking calls from another thread. Free it with `copilot_cancel_token_free`.
pub struct copilot_cancel_token {
    _opaque: [u8; 0],
}

/// An error owned by the caller. Free it with `copilot_error_free`. NULL means success.
pub struct copilot_error {
    _opaque: [u8; 0],
}

/// Text owned by the caller. Free it with `copilot_string_free`, never with `free`.
pub struct copilot_string {
    _opaque: [u8; 0],
}
