//! Operations on the answers to model requests.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::delivery::Ticket;
use super::shared::Shared;
use crate::error::{Error, ErrorKind, Result};
use crate::handlers::LlmResponse;
use crate::protocol::json as text;

/// The arguments of all operations on an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece {
    request_id: String,
    #[serde(default)]
    status: u16,
    status_text: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    text: Option<String>,
    base64: Option<String>,
    #[serde(default)]
    message: String,
    code: Option<String>,
}

/// A step of an answer.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Start,
    Write,
    End,
    Fail,
}

/// Takes a step; completes when the runtime took it.
pub(super) fn respond(shared: &Arc<Shared>, ticket: Ticket, step: Step, args: &str) -> Result<()> {
    let piece: Piece = text::parse_as("arguments", args.as_bytes())?;
    let not_served = || Error::new(ErrorKind::InvalidState, "the client was made without a request handler");
    let response = shared.llm.as_ref().ok_or_else(not_served)?.find(&piece.request_id)?;
    shared.spawn(ticket, async move {
        match step {
            Step::Start => response.start(piece.status, piece.status_text.as_deref(), piece.headers).await?,
            Step::End => response.end().await?,
            Step::Fail => response.fail(&piece.message, piece.code.as_deref()).await?,
            Step::Write => write(&*response, &piece).await?,
        }
        Ok(Bytes::from_static(b"{}"))
    });
    Ok(())
}

async fn write(response: &dyn LlmResponse, piece: &Piece) -> Result<()> {
    if let Some(text) = &piece.text {
        return response.write_text(text).await;
    }
    let encoded = piece.base64.as_deref().unwrap_or_default();
    let bytes = BASE64
        .decode(encoded)
        .map_err(|error| Error::new(ErrorKind::InvalidArgument, format!("base64: {error}")))?;
    response.write_bytes(&bytes).await
}
