//! The options as keywords of Python, and the names of what travels.

use std::fmt::Write as _;

use super::{Call, Row, SOURCE, Tables};
use crate::tables::MADE;

const IMPORTS: &str = r#"from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from os import PathLike
    from typing import Literal

    from .._base import ListModels
    from .._connection import CloudSessionOptions, RuntimeConnection
    from .._factories import Factory
    from .._github import *
    from .._mode import CopilotClientMode, ToolSet
    from .._model_info import *
    from .._models import *
    from .._permissions import PermissionHandlerFn
    from ..canvas import CanvasDeclaration, CanvasHandler, CanvasProviderIdentity, ExtensionInfo
    from ..client import DiagnosticsConfiguration, LogLevel
    from ..copilot_request_handler import CopilotRequestHandler
    from ..installation_confirmation import InstallationConfirmationHandler
    from ..session import *
    from ..session import CopilotSession, TResponse
    from ..tools import Tool
    from .rpc import (
        ExtensionLaunchProviderHandler,
        GitHubTelemetryNotification,
        OpenCanvasInstance,
        RemoteSessionMode,
        SandboxConfig,
    )
    from .session_events import SessionEvent
"#;

const EXTRA: &str = "extra: Mapping[str, Any] | None = None";
const EXTRA_DOC: &str = "Members this version does not know, in wire spelling; they win over the others.";

pub fn module(tables: &Tables) -> String {
    let mut out = format!(
        "\"\"\"Options of clients, sessions, messages and tools. {MADE} {SOURCE}\"\"\"\n\n{IMPORTS}\n\n"
    );
    client(&mut out, tables);
    session(&mut out, tables);
    out.push_str("\n# Keywords of what travels, with their names on the wire.\n");
    for (name, rows) in [
        ("SESSION", &tables.session),
        ("CLIENT", &tables.client),
        ("MESSAGE", &tables.message),
        ("TOOL", &tables.tool),
    ] {
        let _ = writeln!(out, "{name}: dict[str, str] = {{");
        for row in rows.iter().filter(|row| row.rust.is_some() && row.python.is_some()) {
            let _ = writeln!(out, "    \"{}\": \"{}\",", row.python_name(), row.name);
        }
        out.push_str("}\n");
    }
    out
}

fn client(out: &mut String, tables: &Tables) {
    out.push_str(
        "class ClientOptions:\n    \"\"\"The methods of a client whose keywords are options.\"\"\"\n\n    if TYPE_CHECKING:\n\n        \
         def _begin(self, options: dict[str, Any]) -> None: ...\n\n        \
         async def _open(self, op: str, options: dict[str, Any]) -> CopilotSession: ...\n\n",
    );
    let every = |_: &Row| true;
    signature(out, "def __init__", &[], &tables.client, every, None, "None");
    document(out, "Makes a client; nothing is started yet.", &tables.client, every, None);
    let _ = writeln!(out, "{TAKE}        self._begin(options)\n");
    for (name, op, call, leading, doc) in [
        (
            "create_session",
            "session.create",
            Call::Create,
            None,
            "Opens a new session; starts the client when needed.",
        ),
        (
            "resume_session",
            "session.resume",
            Call::Resume,
            Some("session_id: str"),
            "Opens a session that exists already; starts the client when needed.",
        ),
    ] {
        let taken = |row: &Row| row.taken_by(call);
        let leading: Vec<_> = leading.into_iter().collect();
        signature(
            out,
            &format!("async def {name}"),
            &leading,
            &tables.session,
            taken,
            Some(EXTRA),
            "CopilotSession",
        );
        document(out, doc, &tables.session, taken, Some(EXTRA_DOC));
        let _ = writeln!(out, "{TAKE}        return await self._open(\"{op}\", options)\n");
    }
}

/// A method of a session whose keywords are options of a message.
struct Sending {
    name: &'static str,
    leading: &'static [&'static str],
    /// Keywords that are no options of the message, a line each.
    after: &'static str,
    returns: &'static str,
    /// The method that takes everything.
    body: &'static str,
    doc: &'static str,
    takes_format: bool,
}

const SENDING: &[Sending] = &[
    Sending {
        name: "send",
        leading: &["prompt: str"],
        after: "",
        returns: "str",
        body: "_send",
        doc: "Sends a message; returns its id as soon as the runtime has it. The work is seen through events.",
        takes_format: true,
    },
    Sending {
        name: "send_and_wait",
        leading: &["prompt: str"],
        after: "timeout: float = 60.0\ninactivity_timeout: float | None = None\nuntil: Literal[\"idle\", \"foreground\"] = \"idle\"\n",
        returns: "SessionEvent | None",
        body: "_send_and_wait",
        doc: "Sends a message and waits until the agent is idle; returns its last answer to this message.

        ``timeout`` limits the whole wait, ``inactivity_timeout`` the time without any event of the session, both in
        seconds. Neither ends the agent's work: see ``abort`` for that. ``until=\"foreground\"`` does not wait for agents
        and shells that were left running in the background.",
        takes_format: true,
    },
    Sending {
        name: "send_and_wait_typed",
        leading: &["prompt: str", "response_type: type[TResponse]"],
        after: "timeout: float = 60.0\nretries: int = 0\n",
        returns: "TResponse",
        body: "_send_typed",
        doc: "Like ``send_and_wait``, with the answer validated into a model. A Markdown fence around it is taken off.

        With ``retries`` an answer that does not follow the model's schema is not the end: the agent is told why and
        asked again so many times. When no answer was right, ``CopilotError`` of the kind ``SchemaMismatch`` is raised.
        Without, a wrong answer raises what the model's library raises for it (``pydantic.ValidationError``,
        ``msgspec.DecodeError``), and no answer at all a ``RuntimeError``.",
        takes_format: false,
    },
];

fn session(out: &mut String, tables: &Tables) {
    out.push_str(
        "\nclass MessageOptions:\n    \"\"\"The methods of a session whose keywords are options of a message.\"\"\"\n\n    \
         if TYPE_CHECKING:\n\n        async def _send(self, options: dict[str, Any]) -> str: ...\n\n        \
         async def _send_and_wait(self, options: dict[str, Any]) -> SessionEvent | None: ...\n\n        \
         async def _send_typed(self, options: dict[str, Any]) -> Any: ...\n\n",
    );
    for method in SENDING {
        let taken = |row: &Row| method.takes_format || row.name != "responseFormat";
        let after = format!("{}{EXTRA}", method.after);
        let head = format!("async def {}", method.name);
        signature(out, &head, method.leading, &tables.message, taken, Some(&after), method.returns);
        document(out, method.doc, &tables.message, taken, Some(EXTRA_DOC));
        let body = method.body;
        let _ = match method.returns {
            // Named, so that type checkers see the model and not `Any`.
            "TResponse" => writeln!(
                out,
                "{TAKE}        value: TResponse = await self.{body}(options)\n        return value\n"
            ),
            _ => writeln!(out, "{TAKE}        return await self.{body}(options)\n"),
        };
    }
}

/// All arguments, as a mapping.
const TAKE: &str = "        options = dict(locals())\n        del options[\"self\"]\n";

/// `after` are lines of further keywords.
fn signature(
    out: &mut String,
    head: &str,
    leading: &[&str],
    rows: &[Row],
    keep: impl Fn(&Row) -> bool,
    after: Option<&str>,
    returns: &str,
) {
    let _ = writeln!(out, "    {head}(\n        self,");
    for parameter in leading {
        let _ = writeln!(out, "        {parameter},");
    }
    out.push_str("        *,\n");
    for row in rows.iter().filter(|row| keep(row)) {
        let Some(kind) = &row.python else { continue };
        let (kind, default) = match &row.python_default {
            Some(default) => (kind.clone(), default.as_str()),
            None => (format!("{kind} | None"), "None"),
        };
        let _ = writeln!(out, "        {}: {kind} = {default},", row.python_name());
    }
    for line in after.into_iter().flat_map(str::lines) {
        let _ = writeln!(out, "        {line},");
    }
    let _ = writeln!(out, "    ) -> {returns}:");
}

fn document(out: &mut String, doc: &str, rows: &[Row], keep: impl Fn(&Row) -> bool, extra: Option<&str>) {
    let _ = writeln!(out, "        \"\"\"{doc}\n");
    for row in rows.iter().filter(|row| keep(row) && row.python.is_some()) {
        let newer = if row.since == "newer" { " Needs a runtime newer than 1.0.85." } else { "" };
        let _ = writeln!(out, "        :param {}: {}{newer}", row.python_name(), row.doc.replace('`', "``"));
    }
    if let Some(extra) = extra {
        let _ = writeln!(out, "        :param extra: {extra}");
    }
    out.push_str("        \"\"\"\n");
}
