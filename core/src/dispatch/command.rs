//! `command.execute`: only sent to the client that registered commands, so an unknown name is answered too.

use std::sync::Arc;

use serde_json::Map;

use super::{guarded, member, reply};
use crate::handlers::CommandContext;
use crate::protocol::event::Event;
use crate::protocol::method;
use crate::session::{Lasts, SessionCore, WorkId};

pub(super) fn execute(core: &Arc<SessionCore>, event: &Event) {
    let command = match event.data::<CommandContext>() {
        Ok(command) if !command.request_id.is_empty() && !command.command_name.is_empty() => command,
        Ok(_) => return,
        Err(error) => return tracing::warn!(%error, "command ignored"),
    };
    let handler = core.handlers().commands.get(&command.command_name).cloned();
    let (owner, request_id) = (Arc::clone(core), command.request_id.clone());
    tracing::Span::current().record("request_id", &request_id).record("command", &command.command_name);
    core.spawn_once(Lasts::Session, WorkId::Request(request_id.clone()), |context| async move {
        let members = match handler {
            None => member("error", format!("Unknown command: {}", command.command_name)),
            Some(handler) => match guarded(handler.run(&context, command)).await {
                Ok(()) => Map::new(),
                Err(error) => member("error", error.message()),
            },
        };
        reply(&owner, method::SESSION_COMMAND_REPLY, &request_id, members).await;
    });
}
