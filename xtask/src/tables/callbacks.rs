//! `callbacks.toml`: what the engine asks of the user.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::MADE;
use crate::names;
use crate::output::Tree;

const SOURCE: &str = "`core/tables/callbacks.toml`. Do not edit.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    callback: Vec<Callback>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    name: String,
    number: u32,
    #[serde(default)]
    served: String,
    #[serde(default)]
    field: String,
    named: Option<String>,
    scope: Scope,
    handler: Option<String>,
    arrives: String,
    since: String,
    doc: String,
    args: String,
    answer: String,
    #[serde(default)]
    quiet: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Session,
    Client,
}

pub fn read(root: &Path) -> Result<Vec<Callback>, String> {
    let File { mut callback } = super::read(root, "callbacks.toml")?;
    callback.sort_by_key(|row| row.number);
    for (index, row) in callback.iter().enumerate() {
        if row.number as usize != index + 1 {
            return Err(format!("callbacks.toml: {} has number {}, not {}", row.name, row.number, index + 1));
        }
    }
    let distinct = |what: fn(&Callback) -> &str| callback.iter().map(what).collect::<BTreeSet<_>>().len();
    if distinct(|row| &row.name) < callback.len() || distinct(|row| row.served()) < callback.len() {
        return Err("callbacks.toml: a name or a member of `handlers` is there twice".to_owned());
    }
    if let Some(row) = callback.iter().find(|row| row.served.is_empty() != row.field.is_empty()) {
        return Err(format!("callbacks.toml: {}: `served` and `field` go together", row.name));
    }
    if let Some(row) = callback.iter().find(|row| (row.scope == Scope::Client) != row.handler.is_some()) {
        return Err(format!("callbacks.toml: {}: `handler` is for callbacks of the client", row.name));
    }
    Ok(callback)
}

/// The conformance cases that hold each kind, by the feature that both name.
pub fn coverage(rows: &[Callback], root: &Path) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        features: Vec<String>,
    }
    let folder = root.join("tests/conformance/cases");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let case: Case = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        cases.push(case);
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    let mut out =
        "| callback | since | cases, in every language that serves it |\n|---|---|---|\n".to_owned();
    for row in rows {
        let feature = row.feature();
        let held: Vec<_> = (cases.iter().filter(|case| case.features.contains(&feature)))
            .map(|case| format!("`{}`", case.name))
            .collect();
        if held.is_empty() {
            return Err(format!(
                "callbacks.toml: no conformance case has the feature {feature} of {}",
                row.name
            ));
        }
        let _ = writeln!(out, "| `{}` | {} | {} |", row.name, row.since, held.join(", "));
    }
    Ok(out)
}

pub fn write(rows: &[Callback], tree: &mut Tree) {
    tree.add("core/src/host/kinds.rs", rust(rows));
    tree.add("core/src/host/served.rs", served(rows));
    tree.add("core/src/handlers/of_client.rs", of_client(rows));
    tree.add("core/src/runtime/client_handlers.rs", client_handlers(rows));
    tree.add("ffi/src/kinds.rs", c(rows));
    tree.add("bindings/python/copilot/generated/_kinds.py", python(rows));
    tree.add("bindings/node/js/generated/kinds.ts", typescript(rows));
    tree.add("tests/conformance/kinds.json", conformance(rows));
    tree.add("tests/conformance/runner-c/kinds.hpp", runner_kinds(rows));
    tree.part("docs/host.md", "callbacks", markdown(rows));
}

impl Callback {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn is_of_session(&self) -> bool {
        self.scope == Scope::Session
    }

    pub fn named(&self) -> Option<&str> {
        self.named.as_deref()
    }

    pub fn doc(&self) -> &str {
        &self.doc
    }

    pub fn answer(&self) -> &str {
        &self.answer
    }

    pub fn since(&self) -> &str {
        &self.since
    }

    /// The name under which conformance cases ask for it.
    pub fn feature(&self) -> String {
        names::snake(self.served())
    }

    /// The member of `handlers`; the name of a callback whose handler a call brings.
    fn served(&self) -> &str {
        if self.served.is_empty() { &self.name } else { &self.served }
    }

    /// What logs and warnings call its handler.
    fn label(&self) -> String {
        let words = names::snake(&self.name.replace("gitHub", "github")).replace('_', " ");
        let spelt = words.split(' ').map(|word| match word {
            "github" => "GitHub".to_owned(),
            "mcp" | "llm" | "ahp" | "ui" => word.to_uppercase(),
            _ => word.to_owned(),
        });
        format!("{} handler", spelt.collect::<Vec<_>>().join(" "))
    }

    pub fn variant(&self) -> String {
        format!("{}{}", self.name[..1].to_ascii_uppercase(), &self.name[1..])
    }

    /// The name in capitals, words apart.
    pub fn constant(&self) -> String {
        // `gitHub` is one word.
        names::snake(&self.name.replace("gitHub", "github")).to_ascii_uppercase()
    }

    /// The member of `handlers` as a Rust name.
    fn served_field(&self) -> String {
        names::snake(&self.served.replace("gitHub", "github"))
    }
}

fn rust(rows: &[Callback]) -> String {
    let mut out = format!("//! The callbacks. {MADE} {SOURCE}\n\n");
    out.push_str(
        "/// What the engine asks of the user. Names and numbers are stable.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n#[non_exhaustive]\n#[repr(u32)]\npub enum CallKind {\n",
    );
    for row in rows {
        let _ = writeln!(out, "/// {}\n{} = {},", row.doc, row.variant(), row.number);
    }
    out.push_str("}\n\nimpl CallKind {\n/// Every kind, in the order of its number.\npub const ALL: &'static [Self] = &[");
    for row in rows {
        let _ = write!(out, "Self::{},", row.variant());
    }
    out.push_str(
        "];\n\n/// The stable number.\n#[must_use]\npub const fn number(self) -> u32 { self as u32 }\n\n",
    );
    let mut texts = |doc: &str, name: &str, of: fn(&Callback) -> &str| {
        let _ = writeln!(
            out,
            "/// {doc}\n#[must_use]\npub const fn {name}(self) -> &'static str {{ match self {{"
        );
        for row in rows {
            let _ = writeln!(out, "Self::{} => \"{}\",", row.variant(), of(row));
        }
        out.push_str("}}\n\n");
    };
    texts("The stable name.", "name", |row| &row.name);
    let served = "The member of `handlers` by which a door says that it serves this kind; empty when a call brings the handler.";
    texts(served, "served", |row| &row.served);
    let mut set = |doc: &str, name: &str, is: fn(&Callback) -> bool| {
        let _ = write!(out, "/// {doc}\n#[must_use]\npub const fn {name}(self) -> bool {{ matches!(self, ");
        let named: Vec<_> =
            rows.iter().filter(|row| is(row)).map(|row| format!("Self::{}", row.variant())).collect();
        out.push_str(&named.join(" | "));
        out.push_str(") }\n\n");
    };
    set("Whether there is a handler for each name, which calls carry.", "is_named", |row| {
        row.named.is_some()
    });
    set("Whether it concerns the client and no session.", "is_client_wide", |row| row.scope == Scope::Client);
    out.push_str("}\n");
    out
}

/// The part of the host's door that reads `handlers` of a session.
fn served(rows: &[Callback]) -> String {
    let mut out = format!("//! What the host serves. {MADE} {SOURCE}\n\n");
    out.push_str("use std::sync::Arc;\n\nuse serde::Deserialize;\n\nuse super::session::HostSession;\nuse crate::handlers::{ClientCallbacks, Handlers, LlmHandler};\nuse crate::runtime::ClientHandlers;\n\n");
    let of_session = || rows.iter().filter(|row| row.scope == Scope::Session);
    out.push_str(
        "/// Which callbacks the host serves for a session.\n#[derive(Default, Deserialize)]\n#[serde(default, deny_unknown_fields)]\n\
         pub(super) struct Served {\n",
    );
    for row in of_session() {
        let kind = if row.named.is_some() { "Vec<String>" } else { "bool" };
        let field = row.served_field();
        if field != row.served {
            let _ = writeln!(out, "#[serde(rename = \"{}\")]", row.served);
        }
        let _ = writeln!(out, "{field}: {kind},");
    }
    out.push_str(
        "/// Whether a resumed session asks for permission; none: when it is served.\n#[serde(rename = \"permissionOnResume\")]\npermission_on_resume: Option<bool>,\n\
         /// Whether it wants events.\npub(super) events: Option<bool>,\n}\n\nimpl Served {\n\
         /// Ordinary handlers that ask the host.\npub(super) fn handlers(self, host: &Arc<HostSession>) -> Handlers {\n\
         macro_rules! one { ($on:expr) => { $on.then(|| Arc::clone(host) as _) }; }\n\
         macro_rules! each { ($names:expr) => { $names.into_iter().map(|name| (name, Arc::clone(host) as _)).collect() }; }\n\
         Handlers {\n",
    );
    for row in of_session() {
        let made = if row.named.is_some() { "each" } else { "one" };
        let _ = writeln!(out, "{}: {made}!(self.{}),", row.field, row.served_field());
    }
    out.push_str("permission_on_resume: self.permission_on_resume,\n}\n}\n}\n\n/// Handlers of the client that ask the host. Requests to models have one of their own.\n\
         pub(super) fn client_callbacks(served: ClientHandlers, asked: &Arc<HostSession>, llm: Option<Arc<dyn LlmHandler>>) -> ClientCallbacks {\n\
         ClientCallbacks {\n");
    for (row, _) in of_the_client(rows) {
        let field = &row.field;
        let _ = match field.as_str() {
            "llm" => writeln!(out, "llm,"),
            _ => writeln!(out, "{field}: served.{}.then(|| Arc::clone(asked) as _),", row.served_field()),
        };
    }
    out.push_str("}\n}\n");
    out
}

fn of_the_client(rows: &[Callback]) -> impl Iterator<Item = (&Callback, &str)> {
    rows.iter().filter(|row| !row.field.is_empty()).filter_map(|row| Some((row, row.handler.as_deref()?)))
}

/// What a Rust program serves for the client as a whole.
fn of_client(rows: &[Callback]) -> String {
    let names: Vec<_> = of_the_client(rows).map(|(_, handler)| handler).collect();
    let mut out = format!(
        "//! Handlers of the client. {MADE} {SOURCE}\n\nuse std::sync::Arc;\n\nuse super::{{{}}};\n\n\
         /// What the host provides for the client as a whole.\n#[derive(Clone, Default)]\npub struct ClientCallbacks {{\n",
        names.join(", ")
    );
    for (row, handler) in of_the_client(rows) {
        let _ = writeln!(out, "/// {}\npub {}: Option<Arc<dyn {handler}>>,", row.doc, row.field);
    }
    out + "}\n"
}

/// The member `handlers` of a client's options.
fn client_handlers(rows: &[Callback]) -> String {
    let mut out = format!(
        "//! What a foreign host serves for the client. {MADE} {SOURCE}\n\nuse serde::{{Deserialize, Serialize}};\n\n\
         /// Which client-wide callbacks a foreign host serves.\n\
         #[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]\n\
         #[serde(rename_all = \"camelCase\", default, deny_unknown_fields)]\npub struct ClientHandlers {{\n"
    );
    for (row, _) in of_the_client(rows) {
        let _ = writeln!(out, "/// {}\npub {}: bool,", row.doc, row.served_field());
    }
    out + "/// Telemetry events of the runtime are wanted.\n#[serde(rename = \"gitHubTelemetry\")]\npub github_telemetry: bool,\n\
           /// Lifecycle notifications are wanted.\npub lifecycle: bool,\n}\n"
}

fn c(rows: &[Callback]) -> String {
    let mut out = format!(
        "//! The callbacks as C sees them. {MADE} {SOURCE}\n\n/// What is asked. More kinds may be added.\n#[repr(u32)]\n\
         #[allow(dead_code, reason = \"names numbers for C, which passes them as integers\")]\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub enum copilot_call_kind {{\n"
    );
    for row in rows {
        let named = row.named.as_ref().map(|by| format!(" Named by {by}.")).unwrap_or_default();
        let wide = if row.scope == Scope::Client { " Client-wide." } else { "" };
        let head = format!("{}{named}{wide} Since runtime {}.", row.doc, row.since);
        let args = format!("Arguments: {}.", row.args.trim_end_matches('.'));
        let answer = format!("Answer: {}.", row.answer.trim_end_matches('.'));
        for paragraph in [head, args, answer] {
            out.push_str(&super::doc_comment(&paragraph));
        }
        let _ = writeln!(out, "COPILOT_CALL_{} = {},", row.constant(), row.number);
    }
    out.push_str("}\n");
    out
}

fn python(rows: &[Callback]) -> String {
    let mut out = format!(
        "\"\"\"What the engine asks of the user. {MADE} {SOURCE}\"\"\"\n\nfrom __future__ import annotations\n\n\
         from typing import NamedTuple\n\n\nclass Kind(NamedTuple):\n    \"\"\"One kind of question.\"\"\"\n\n    number: int\n    name: str\n    \
         served: str\n    named: bool\n    client_wide: bool\n    label: str\n    quiet: bool\n\n\n"
    );
    for row in rows {
        let _ = writeln!(out, "{} = {}", row.constant(), row.number);
    }
    out.push_str("\n# The member of ``handlers`` that says it is served, whether there is a handler for each name, whether it concerns the\n\
         # client, what logs call the handler, and whether its failure is an ordinary answer.\nKINDS = (\n");
    for row in rows {
        let truth = |it: bool| if it { "True" } else { "False" };
        let _ = writeln!(
            out,
            "    Kind({}, \"{}\", \"{}\", {}, {}, \"{}\", {}),",
            row.number,
            row.name,
            row.served,
            truth(row.named.is_some()),
            truth(row.scope == Scope::Client),
            row.label(),
            truth(row.quiet)
        );
    }
    out.push_str(")\n");
    out
}

fn typescript(rows: &[Callback]) -> String {
    let mut out =
        format!("/** What the engine asks of the user. {MADE} {SOURCE} */\n\nexport const CallKind = {{\n");
    for row in rows {
        let _ = writeln!(out, "  {}: {},", row.variant(), row.number);
    }
    let of_client: Vec<_> = rows
        .iter()
        .filter(|row| row.scope == Scope::Client)
        .map(|row| format!("Numbers[\"{}\"]", row.variant()))
        .collect();
    let _ = writeln!(
        out,
        "}} as const;\n\ntype Numbers = typeof CallKind;\n\n/** Kinds that concern the client and no session. */\n\
         export type ClientKind = {};\n\n/** Kinds that concern one session. */\n\
         export type SessionKind = Exclude<Numbers[keyof Numbers], ClientKind>;\n",
        of_client.join(" | ")
    );
    out.push_str(
        "/** One kind of question. */\nexport interface Kind {\n  readonly number: number;\n  readonly name: string;\n  \
         /** The member of `handlers` that says it is served. */\n  readonly served: string;\n  /** Whether there is a handler for each name. */\n  \
         readonly named: boolean;\n  /** Whether it concerns the client and no session. */\n  readonly clientWide: boolean;\n  \
         /** What warnings call the handler. */\n  readonly label: string;\n  /** Whether its failure is an ordinary answer. */\n  \
         readonly quiet: boolean;\n}\n\n\
         export const KINDS: readonly Kind[] = [\n",
    );
    for row in rows {
        let _ = writeln!(
            out,
            "  {{ number: {}, name: \"{}\", served: \"{}\", named: {}, clientWide: {}, label: \"{}\", quiet: {} }},",
            row.number,
            row.name,
            row.served,
            row.named.is_some(),
            row.scope == Scope::Client,
            row.label(),
            row.quiet
        );
    }
    out.push_str("];\n");
    out
}

fn conformance(rows: &[Callback]) -> String {
    let kinds: Vec<_> = rows
        .iter()
        .map(|row| json!({"number": row.number, "name": row.name, "arrives": row.arrives, "named": row.named.is_some(), "feature": row.feature()}))
        .collect();
    let lines: Vec<_> = kinds.iter().map(|kind| format!("  {kind}")).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// What the conformance runner of C and C++ serves for the client.
fn runner_kinds(rows: &[Callback]) -> String {
    let mut out =
        format!("// Kinds that concern the client. {MADE} {SOURCE}\n#pragma once\n\n#include <cstdint>\n\n");
    out.push_str(
        "struct ClientKind {\n  uint32_t number;\n  const char* feature;\n  const char* served;\n};\n\n\
         inline constexpr ClientKind client_kinds[] = {\n",
    );
    for row in rows.iter().filter(|row| row.scope == Scope::Client) {
        let _ = writeln!(out, "    {{{}, \"{}\", \"{}\"}},", row.number, row.feature(), row.served);
    }
    out + "};\n"
}

fn markdown(rows: &[Callback]) -> String {
    let mut out = "| `CallKind` | number | served by | args | answer | arrives as | since |\n|---|---|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let served = match (&row.named, row.scope) {
            (Some(by), _) if row.served.is_empty() => format!("always, by {by}"),
            (Some(by), _) => format!("`{}`, by {by}", row.served),
            (None, Scope::Client) => format!("`{}` of the client", row.served),
            (None, Scope::Session) => format!("`{}`", row.served),
        };
        let _ = writeln!(
            out,
            "| `{}` | {} | {served} | {} | {} | {} | {} |",
            row.name, row.number, row.args, row.answer, row.arrives, row.since
        );
    }
    out
}
