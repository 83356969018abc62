//! The options as interfaces of TypeScript, and the names of what travels.

use std::fmt::Write as _;

use super::{Call, Row, SOURCE, Tables};
use crate::tables::MADE;

/// Where the types of the members come from.
const IMPORTS: &str = r#"import type { Canvas } from "../canvas.js";
import type { CopilotRequestHandler } from "../request-handler.js";
import type { SessionFsProvider } from "../session-fs.js";
import type { CopilotSession } from "../session.js";
import type { ToolSet } from "../tool-set.js";
import type {
  CopilotClientInfo,
  CopilotClientMode,
  EntraAuthConfig,
  ModelCapabilitiesOverride,
  ModelInfo,
  RuntimeConnection,
  SessionFsConfig,
  TelemetryConfig,
  TraceContextProvider,
} from "../types/client.js";
import type { SessionEventHandler } from "../types/events.js";
import type {
  AutoModeSwitchHandler,
  CommandDefinition,
  ElicitationHandler,
  ExitPlanModeHandler,
  ExtensionLaunchProvider,
  GitHubTokenProvider,
  InstallationConfirmationHandler,
  McpAuthHandler,
  PermissionHandler,
  SkillProvider,
  UserInputHandler,
} from "../types/handlers.js";
import type { SessionHooks } from "../types/hooks.js";
import type {
  AskUserVariant,
  AutopilotOptions,
  CanvasProviderIdentity,
  CapiSessionOptions,
  CloudSessionOptions,
  ContextTier,
  CopilotExpAssignmentResponse,
  CustomAgentConfig,
  DefaultAgentConfig,
  DiagnosticsConfiguration,
  ExtensionInfo,
  GitHubMcpToolConfig,
  ImageGenerationConfig,
  InfiniteSessionConfig,
  LargeToolOutputConfig,
  MCPServerConfig,
  ManagedSettings,
  MemoryConfiguration,
  MessageAttachment,
  MessageSource,
  NamedProviderConfig,
  ProviderConfig,
  ProviderModelConfig,
  ReasoningEffort,
  SystemMessageConfig,
} from "../types/session.js";
import type { ToolHandler, ToolSearchConfig, ZodSchema } from "../types/tools.js";
import type {
  GitHubTelemetryNotification,
  OpenCanvasInstance,
  RemoteSessionMode,
  SandboxConfig,
} from "./rpc.js";
import type { ReasoningSummary, SessionLimitsConfig } from "./session-events.js";
"#;

pub fn module(tables: &Tables) -> String {
    let mut out =
        format!("/** Options of clients, sessions, messages and tools. {MADE} {SOURCE} */\n{IMPORTS}");
    let extra = "Members this version does not know; they travel as given, and win over the others.";
    let extra = format!("  /** {extra} */\n  extra?: Record<string, unknown>;\n");
    let rows = |keep: fn(&Row) -> bool| tables.session.iter().filter(move |row| keep(row));
    out.push_str("\nexport interface SessionConfigBase {\n");
    members(&mut out, rows(|row| row.only.is_none()), &[]);
    let _ = write!(out, "{extra}}}\n\nexport interface SessionConfig extends SessionConfigBase {{\n");
    members(&mut out, rows(|row| row.only == Some(Call::Create)), &[]);
    out.push_str("}\n\nexport interface ResumeSessionConfig extends SessionConfigBase {\n");
    members(&mut out, rows(|row| row.only == Some(Call::Resume)), &[]);
    out.push_str("}\n\nexport interface CopilotClientOptions {\n");
    members(&mut out, tables.client.iter(), &[]);
    out.push_str("}\n\nexport interface MessageOptions {\n");
    members(&mut out, tables.message.iter(), &["prompt"]);
    let _ = write!(out, "  signal?: AbortSignal;\n{extra}}}\n\nexport interface Tool<TArgs = unknown> {{\n");
    members(&mut out, tables.tool.iter(), &["name"]);
    let _ = write!(out, "{extra}}}\n\n");
    names(&mut out, "SESSION", "Options of a session that travel", &tables.session);
    names(&mut out, "CLIENT", "Options of a client that the engine takes", &tables.client);
    local(&mut out, "LOCAL", "Options of a session that stay in the program", &tables.session);
    local(&mut out, "CLIENT_LOCAL", "Options of a client that stay in the program", &tables.client);
    out
}

fn local(out: &mut String, name: &str, doc: &str, rows: &[Row]) {
    let local = rows.iter().filter(|row| row.rust.is_none() && row.node.is_some());
    let local: String = local.map(|row| format!("  \"{}\",\n", row.node_name())).collect();
    let _ = write!(out, "/** {doc}. */\nexport const {name}: readonly string[] = [\n{local}];\n");
}

fn members<'a>(out: &mut String, rows: impl Iterator<Item = &'a Row>, required: &[&str]) {
    for row in rows {
        let Some(kind) = &row.node else { continue };
        // What a message or a tool cannot do without.
        let mark = if required.contains(&row.name.as_str()) { "" } else { "?" };
        let _ = writeln!(out, "  /** {} */\n  {}{mark}: {kind};", row.doc, row.node_name());
    }
}

fn names(out: &mut String, name: &str, doc: &str, rows: &[Row]) {
    let _ = writeln!(
        out,
        "/** {doc}, with their names on the wire. */\nexport const {name}: Readonly<Record<string, string>> = {{"
    );
    for row in rows.iter().filter(|row| row.rust.is_some() && row.node.is_some()) {
        let _ = writeln!(out, "  {}: \"{}\",", row.node_name(), row.name);
    }
    out.push_str("};\n\n");
}
