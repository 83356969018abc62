//! What follows from the tables of `core/tables`: options, kinds of questions, reasons of errors.

use std::fmt::Write as _;

use serde::Deserialize;

use super::{comment, exported, head};

fn table<T: for<'a> Deserialize<'a>>(name: &str) -> T {
    let path = crate::home().join("core/tables").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[derive(Deserialize)]
struct Options {
    client: Vec<OptionRow>,
    session: Vec<OptionRow>,
    message: Vec<OptionRow>,
}

#[derive(Deserialize)]
struct OptionRow {
    name: String,
    rust: Option<String>,
    omit: Option<String>,
    since: String,
    doc: String,
}

impl OptionRow {
    /// The type in Go; nothing for what hand-written members bring.
    fn ty(&self) -> Option<&'static str> {
        let rust = self.rust.as_deref()?;
        let plain = rust.strip_prefix("Option<").and_then(|r| r.strip_suffix('>')).unwrap_or(rust);
        Some(match (self.name.as_str(), plain) {
            ("connection" | "handlers" | "prompt", _) => return None,
            ("factories" | "workflows", _) => "[]Factory",
            (_, "String" | "Secret" | "Mode") => "string",
            (_, "bool") if self.omit.is_some() => "bool",
            (_, "bool") => "*bool",
            (_, "u64" | "i64" | "usize") => "*int64",
            (_, "Vec<String>") => "[]string",
            (_, "Vec<Value>") => "[]any",
            (_, "Vec<ToolSpec>") => "[]Tool",
            (_, "Vec<CommandSpec>") => "[]Command",
            (_, "Map<String, Value>") => "map[string]any",
            (_, "BTreeMap<String, String>") => "map[string]string",
            (_, "TelemetryConfig") => "*Telemetry",
            (_, "SessionFsOptions") => "*SessionFSOptions",
            (_, "Value") => "any",
            (name, other) => panic!("options.toml: {name}: Go has no type for {other}"),
        })
    }

    fn member(&self) -> Option<String> {
        let ty = self.ty()?;
        let mut doc = self.doc.clone();
        if !matches!(self.since.as_str(), "1.0.67" | "none") {
            let _ = write!(doc, " Since runtime {}.", self.since);
        }
        let name = &self.name;
        Some(format!("{}\t{} {ty} `json:\"{name},omitzero\"`\n", comment(&doc, "\t"), exported(name)))
    }
}

/// The members of a session's options that answer questions.
const SESSION_HANDLERS: &[(&str, &str, &str)] = &[
    (
        "OnEvent",
        "func(*Event)",
        "OnEvent sees every event of the session, from the first on; otherwise as a handler of Session.On.",
    ),
    ("OnPermissionRequest", "PermissionHandler", "OnPermissionRequest decides what the agent may do."),
    ("OnUserInputRequest", "UserInputHandler", "OnUserInputRequest answers questions for the user."),
    ("OnElicitationRequest", "ElicitationHandler", "OnElicitationRequest fills in forms."),
    ("OnMCPAuthRequest", "MCPAuthHandler", "OnMCPAuthRequest gets tokens for MCP servers."),
    (
        "OnExitPlanModeRequest",
        "ExitPlanModeHandler",
        "OnExitPlanModeRequest decides whether the agent may leave plan mode.",
    ),
    (
        "OnAutoModeSwitchRequest",
        "AutoModeSwitchHandler",
        "OnAutoModeSwitchRequest decides whether the model may be chosen automatically.",
    ),
    (
        "Hooks",
        "map[string]HookHandler",
        "Hooks run at points of the agent's work, by hook type such as preToolUse.",
    ),
    (
        "Transforms",
        "map[string]TransformHandler",
        "Transforms rewrite sections of the system message, by section. SystemMessage must have the mode customize.",
    ),
    (
        "ProviderTokens",
        "map[string]ProviderTokenHandler",
        "ProviderTokens get bearer tokens, by provider; Provider itself is called default.",
    ),
    ("CanvasHandler", "CanvasHandler", "CanvasHandler serves the canvases."),
    ("SessionFS", "SessionFS", "SessionFS serves the session's files, of a client with SessionFS options."),
    ("SkillProvider", "SkillProvider", "SkillProvider has skills of the program; not for cloud sessions."),
    (
        "GitHubTokenProvider",
        "GitHubTokenHandler",
        "GitHubTokenProvider gets GitHub tokens for the session; excludes GitHubToken.",
    ),
    ("Handlers", "[]Handler", "Handlers answer questions of kinds that have no member here."),
    (
        "Extra",
        "map[string]any",
        "Extra are further options by the runtime's names; they win over the members above.",
    ),
];

/// Those of a client's options.
const CLIENT_HANDLERS: &[(&str, &str, &str)] = &[
    (
        "Connection",
        "*Connection",
        "Connection says how to reach the runtime; nil: COPILOT_SDK_DEFAULT_CONNECTION, else a child process.",
    ),
    ("OnListModels", "ListModelsHandler", "OnListModels lists the models in place of the runtime."),
    (
        "OnExtensionLaunch",
        "ExtensionLaunchHandler",
        "OnExtensionLaunch is asked how to launch each extension.",
    ),
    (
        "OnInstallationConfirmation",
        "InstallationHandler",
        "OnInstallationConfirmation decides what may be installed; without it nothing is.",
    ),
    (
        "OnModelRequest",
        "ModelRequestHandler",
        "OnModelRequest serves the requests to models in place of the providers.",
    ),
    (
        "OnUIThread",
        "UIThreadHandler",
        "OnUIThread brings actions of a runtime in this process to the application's main thread.",
    ),
    ("OnGitHubTelemetry", "func(json.RawMessage)", "OnGitHubTelemetry sees telemetry events of the runtime."),
    (
        "OnLifecycle",
        "func(*LifecycleEvent)",
        "OnLifecycle sees what happens to sessions of the runtime, from the first on.",
    ),
    ("Logger", "*slog.Logger", "Logger is told of handlers that panic; nil: slog.Default()."),
    (
        "Extra",
        "map[string]any",
        "Extra are further options by the engine's names; they win over the members above.",
    ),
];

/// Those of a message that the program waits with.
const MESSAGE_MEMBERS: &[(&str, &str, &str)] = &[
    (
        "Until",
        "string",
        "Until is what SendAndWait waits for: idle, or foreground, when work in the background may go on.",
    ),
    (
        "Timeout",
        "time.Duration",
        "Timeout of SendAndWait; other than the end of its context, its error tells what was last seen.",
    ),
    (
        "InactivityTimeout",
        "time.Duration",
        "InactivityTimeout is the longest time without any event of the session.",
    ),
    (
        "Extra",
        "map[string]any",
        "Extra are further options by the runtime's names; they win over the members above.",
    ),
];

fn members(out: &mut String, rows: &[(&str, &str, &str)]) {
    for (name, ty, doc) in rows {
        let wire = if *name == "Until" { "until,omitzero" } else { "-" };
        let _ = writeln!(out, "{}\t{name} {ty} `json:\"{wire}\"`", comment(doc, "\t"));
    }
}

pub fn options() -> String {
    let tables: Options = table("options.toml");
    let mut out = head("copilot", "`core/tables/options.toml`");
    let structs = [
        (
            "ClientOptions",
            "ClientOptions are what a client is made from. What is zero is not told, and the engine chooses.",
            &tables.client,
            CLIENT_HANDLERS,
        ),
        (
            "SessionConfig",
            "SessionConfig is what a session is made from. What is zero is not told, and the runtime chooses; an empty list is told. The members that are functions or interfaces answer the agent's questions: which there are decides what is asked at all.",
            &tables.session,
            SESSION_HANDLERS,
        ),
        ("SendOptions", "SendOptions go with a message.", &tables.message, MESSAGE_MEMBERS),
    ];
    let imports = ["encoding/json", "log/slog", "time"];
    out.push_str("\nimport (\n");
    for import in imports {
        let _ = writeln!(out, "\t\"{import}\"");
    }
    out.push_str(")\n");
    for (name, doc, rows, handlers) in structs {
        let _ = write!(out, "\n{}type {name} struct {{\n", comment(doc, ""));
        out.extend(rows.iter().filter_map(OptionRow::member));
        out.push('\n');
        members(&mut out, handlers);
        out.push_str("}\n");
    }
    out
}

#[derive(Deserialize)]
struct Callbacks {
    callback: Vec<CallbackRow>,
}

#[derive(Deserialize)]
struct CallbackRow {
    name: String,
    number: u32,
    doc: String,
    args: String,
    answer: String,
}

pub fn kinds() -> String {
    let Callbacks { callback: mut rows } = table("callbacks.toml");
    rows.sort_by_key(|row| row.number);
    let mut out = head("copilot", "`core/tables/callbacks.toml`");
    out.push_str("\nimport \"fmt\"\n\n// CallKind is what the agent asks of the program.\ntype CallKind uint32\n\n// The kinds, with the arguments and the answer as JSON.\nconst (\n");
    for row in &rows {
        let name = exported(&row.name);
        let doc = format!("Call{name}: {}", row.doc);
        out.push_str(&comment(&doc, "\t"));
        out.push_str(&comment(&format!("Arguments: {}.", row.args.replace('`', "")), "\t"));
        out.push_str(&comment(&format!("Answer: {}.", row.answer.replace('`', "")), "\t"));
        let _ = writeln!(out, "\tCall{name} CallKind = {}", row.number);
    }
    out.push_str(")\n\n// String is the kind's name, the same in every language.\nfunc (k CallKind) String() string {\n\tswitch k {\n");
    for row in &rows {
        let _ = write!(out, "\tcase Call{}:\n\t\treturn \"{}\"\n", exported(&row.name), row.name);
    }
    out.push_str("\t}\n\treturn fmt.Sprintf(\"CallKind(%d)\", uint32(k))\n}\n");
    out
}

#[derive(Deserialize)]
struct Errors {
    error: Vec<ErrorRow>,
}

#[derive(Deserialize)]
struct ErrorRow {
    code: String,
    doc: String,
}

pub fn reasons() -> String {
    let Errors { error: rows } = table("errors.toml");
    let mut out = head("copilot", "`core/tables/errors.toml`");
    out.push_str("\n// Codes of reasons, for Reason.Code.\nconst (\n");
    for row in &rows {
        let name = exported(&row.code);
        out.push_str(&comment(&format!("Reason{name}: {}", row.doc), "\t"));
        let _ = writeln!(out, "\tReason{name} = {:?}", row.code);
    }
    out.push_str(")\n");
    out
}
