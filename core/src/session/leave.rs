//! How this client leaves a session.

use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{json, method};
use crate::rpc::{Connection, METHOD_NOT_FOUND};

/// Leaves a session, which can be resumed: detaches from it where the runtime is newer than 1.0.85, else destroys it. A
/// runtime that does not know how to detach is asked once; a session whose detaching is refused without a reason, as
/// 1.0.85 does when the host serves its files, is destroyed.
pub(crate) async fn leave(connection: &Connection, id: &str) -> Result<()> {
    #[derive(Deserialize)]
    struct Detached {
        #[serde(default)]
        success: bool,
        error: Option<String>,
    }
    let params = format!(r#"{{"sessionId":{}}}"#, json::quote(id));
    if connection.knows_detach() {
        match connection.call(method::SESSION_DETACH, &params).await {
            Err(error) if error.rpc_code() == Some(METHOD_NOT_FOUND) => connection.forget_detach(),
            Err(error) => return Err(error),
            Ok(answer) => {
                let detached: Detached = json::parse_answer("session.detach", &answer)?;
                if detached.success {
                    return Ok(());
                }
                if let Some(why) = detached.error {
                    let text = format!("Failed to detach session {id}: {why}");
                    return Err(Error::new(ErrorKind::InvalidState, text));
                }
            }
        }
    }
    connection.call(method::SESSION_DESTROY, &params).await.map(drop)
}
