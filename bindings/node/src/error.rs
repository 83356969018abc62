//! The engine's errors in JavaScript: one JSON object, turned into an `Error` class by `js/errors.ts`.

use copilot_core::Error;
use serde_json::json;

/// Appends the error as a JSON object; `data` is JSON text already and is taken over as it is.
pub(crate) fn write_json(out: &mut String, error: &Error) {
    let head = json!({ "kind": error.kind().name(), "message": error.message(), "code": error.rpc_code() });
    let head = head.to_string();
    out.push_str(head.strip_suffix('}').unwrap_or(&head));
    if let Some(data) = error.data() {
        out.push_str(",\"data\":");
        out.push_str(data);
    }
    if let Some(reason) = error.reason() {
        out.push_str(",\"reason\":");
        out.push_str(&reason.json());
    }
    out.push('}');
}

/// An error thrown at once by the call itself; the message is the JSON object of [`write_json`].
pub(crate) fn to_napi(error: &Error) -> napi::Error {
    let mut text = String::new();
    write_json(&mut text, error);
    napi::Error::new(napi::Status::GenericFailure, text)
}
