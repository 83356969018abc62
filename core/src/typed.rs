//! The typed namespaces over a client and a session: `client.rpc().models().list(…)`.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

use crate::client::Client;
use crate::error::Error;
use crate::protocol::generated::{RpcCaller, ServerRpc, SessionRpc};
use crate::session::Session;

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send + 'a>>;

impl RpcCaller for Client {
    fn call(&self, method: &'static str, params: String) -> Answer<'_> {
        Box::pin(async move { Self::call(self, method, &params).await })
    }
}

/// The namespaces add `sessionId` themselves.
impl RpcCaller for Session {
    fn call(&self, method: &'static str, params: String) -> Answer<'_> {
        Box::pin(async move {
            self.core().begin_use()?;
            self.core().connection().call(method, &params).await
        })
    }
}

impl Client {
    /// All methods of the runtime that concern no session, typed. Not part of the stable surface: they follow the
    /// runtime's schema.
    ///
    /// ```no_run
    /// # async fn tools(client: copilot_core::Client) -> copilot_core::Result<()> {
    /// use copilot_core::generated::api::ToolsListRequest;
    ///
    /// let mut request = ToolsListRequest::new();
    /// request.model = Some("gpt-5".into());
    /// for tool in client.rpc().tools().list(&request).await?.tools {
    ///     println!("{}: {}", tool.name, tool.description);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn rpc(&self) -> ServerRpc<'_> {
        ServerRpc::new(self)
    }
}

impl Session {
    /// All methods of this session, typed; `sessionId` is filled in. They follow the runtime's schema.
    ///
    /// ```no_run
    /// # async fn plan(session: copilot_core::Session) -> copilot_core::Result<()> {
    /// use copilot_core::generated::api::ModeSetRequest;
    /// use copilot_core::generated::events::SessionMode;
    ///
    /// session.rpc().mode().set(&ModeSetRequest::new(SessionMode::Plan)).await?;
    /// let usage = session.rpc().usage().get_metrics().await?;
    /// println!("{usage:?}");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn rpc(&self) -> SessionRpc<'_> {
        SessionRpc::new(self, self.core().id_str())
    }
}
