//! What a program does for the hosts that it starts.

use async_trait::async_trait;

use super::Client;
use crate::error::Result;
use crate::handlers::{
    AhpAuthenticationRequest, AhpHostExit, AhpIdentity, AhpSessionReleased, AhpSessionRequest,
};

/// Serves one host; given to [`Client::start_ahp_host`].
#[async_trait]
pub trait AhpHostHandler: Send + Sync {
    /// Creates or resumes the session with what the request holds, and answers with its id. Its object has to be open on
    /// `client` when this returns. The future is dropped when the runtime takes the question back.
    ///
    /// # Errors
    /// Any error is told to the client that asked.
    async fn session(&self, client: &Client, request: AhpSessionRequest) -> Result<String>;

    /// Whose token is it? `None` turns the client away. Asked in mode `custom` only; the future is dropped when the client
    /// no longer waits.
    async fn authenticate(&self, _request: AhpAuthenticationRequest) -> Result<Option<AhpIdentity>> {
        Ok(None)
    }

    /// A session is no longer used. Told once per session handed over.
    async fn released(&self, _released: AhpSessionReleased) {}

    /// The host has ended. Told once, also when the connection to the runtime ends first.
    async fn exited(&self, _exit: AhpHostExit) {}
}
