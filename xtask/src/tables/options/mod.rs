//! `options.toml`: what clients, sessions, messages and tools can be told.

mod docs;
mod node;
mod python;
mod rust;

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::names;
use crate::output::Tree;

const SOURCE: &str = "`core/tables/options.toml`. Do not edit.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    client: Vec<Row>,
    session: Vec<Row>,
    message: Vec<Row>,
    tool: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    rust: Option<String>,
    only: Option<Call>,
    omit: Option<Omit>,
    later: Option<Later>,
    empty: Option<String>,
    python: Option<String>,
    python_name: Option<String>,
    python_default: Option<String>,
    node: Option<String>,
    node_name: Option<String>,
    /// Why a language has none.
    absent: Option<String>,
    /// The group of protocol 4.
    group: Option<String>,
    since: String,
    doc: String,
}

/// The call that takes the option.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Call {
    Create,
    Resume,
}

/// When an option that is set is left out all the same.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Omit {
    Falsy,
}

/// What travels in `session.options.update`.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Later {
    /// Only there.
    Only,
    /// There and in the call.
    Also,
}

impl Row {
    /// The name with its words apart, as Rust and Python write it.
    fn snake(&self) -> String {
        // `gitHub` and `OAuth` are one word each.
        names::snake(
            &self.name.replace("gitHub", "github").replace("GitHub", "Github").replace("OAuth", "Oauth"),
        )
    }

    fn python_name(&self) -> String {
        self.python_name.clone().unwrap_or_else(|| self.snake())
    }

    fn node_name(&self) -> &str {
        self.node_name.as_ref().unwrap_or(&self.name)
    }

    fn taken_by(&self, call: Call) -> bool {
        self.only.is_none_or(|only| only == call)
    }

    fn check(&self, table: &str) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("options.toml: {table} {}: {what}", self.name));
        if self.rust.is_none() && (self.omit.is_some() || self.later.is_some() || self.empty.is_some()) {
            return wrong("what stays in the program has no rules of the wire");
        }
        let is_left_out = self.python.is_none() || self.node.is_none() && table != "tool";
        if self.rust.is_some() && is_left_out && self.absent.is_none() && self.name != "prompt" {
            return wrong("`absent` says why Python or Node has no option for it");
        }
        if self.group.as_deref().is_some_and(|group| !groups(table).contains(&group)) {
            return wrong("protocol 4 has no such group");
        }
        if self.empty.as_ref().is_some_and(|text| serde_json::from_str::<serde_json::Value>(text).is_err()) {
            return wrong("`empty` is no JSON");
        }
        Ok(())
    }
}

/// The groups in which protocol 4 takes what a session and a client are told, from its public migration page.
fn groups(table: &str) -> &'static [&'static str] {
    match table {
        "session" => &[
            "inference",
            "tools",
            "permissions",
            "interaction",
            "events",
            "agents",
            "skills",
            "mcp",
            "github",
            "filesystem",
            "execution",
            "instructions",
            "hooks",
            "git",
            "state",
            "plugins",
            "canvases",
            "extensions",
            "experiments",
            "policy",
        ],
        "client" => &["observability", "github", "models", "plugins", "extensions", "installations"],
        _ => &[],
    }
}

pub fn read(root: &Path) -> Result<Tables, String> {
    let tables: Tables = super::read(root, "options.toml")?;
    let all = [
        ("client", &tables.client),
        ("session", &tables.session),
        ("message", &tables.message),
        ("tool", &tables.tool),
    ];
    for (table, rows) in all {
        rows.iter().try_for_each(|row| row.check(table))?;
        if rows.iter().map(|row| &row.name).collect::<BTreeSet<_>>().len() < rows.len() {
            return Err(format!("options.toml: {table}: a name is there twice"));
        }
    }
    Ok(tables)
}

pub fn write(tables: &Tables, tree: &mut Tree) {
    tree.add("core/src/protocol/options.rs", rust::protocol(tables));
    tree.add("core/src/runtime/client_options.rs", rust::client(&tables.client));
    tree.add("bindings/python/copilot/generated/_options.py", python::module(tables));
    tree.add("bindings/node/js/generated/options.ts", node::module(tables));
    tree.part("docs/options.md", "options", docs::page(tables));
    tree.part("docs/options.md", "groups", docs::groups(tables));
}

/// What a language lacks, a line each.
pub fn absent(tables: &Tables) -> Vec<String> {
    let all = [("client", &tables.client), ("session", &tables.session), ("message", &tables.message)];
    let mut out = Vec::new();
    for (table, rows) in all {
        for row in rows.iter() {
            let Some(why) = &row.absent else { continue };
            let missing: Vec<_> = [("Python", &row.python), ("Node", &row.node)]
                .into_iter()
                .filter_map(|(language, kind)| kind.is_none().then_some(language))
                .collect();
            out.push(format!("`{}` of the {table}, in {}: {why}", row.name, missing.join(" and ")));
        }
    }
    out
}
