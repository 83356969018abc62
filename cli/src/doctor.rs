//! `doctor`: what is installed, whether it works, and what to do where it does not.

use std::env;
use std::path::{Path, PathBuf};

use copilot_core::{Client, ClientOptions, Error, ErrorKind};
use serde::Serialize;

use crate::agent::Runtime;
use crate::doors;

/// What `doctor` is told; help.txt says it to people.
#[derive(Default)]
pub(crate) struct Doctor {
    /// The runtime's program; without it COPILOT_CLI_PATH.
    pub runtime: Option<String>,
    /// Prints the findings as JSON.
    pub json: bool,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Well,
    /// Nothing is wrong, but something is not there.
    Absent,
    Problem,
}

/// What was looked at, and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    pub what: &'static str,
    pub state: State,
    pub text: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    pub(crate) fn well(what: &'static str, text: impl Into<String>) -> Self {
        Self { what, state: State::Well, text: text.into(), remedy: None }
    }

    pub(crate) fn absent(what: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, state: State::Absent, text: text.into(), remedy: Some(remedy.into()) }
    }

    fn problem(what: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, state: State::Problem, text: text.into(), remedy: Some(remedy.into()) }
    }
}

impl Doctor {
    pub(crate) async fn run(self, brought: Option<String>) -> i32 {
        let mut findings =
            vec![Finding::well("engine", format!("copilot-native {}", env!("CARGO_PKG_VERSION")))];
        findings.extend(runtime(&Runtime::of(self.runtime, brought)).await);
        findings.push(home());
        findings.extend(proxies());
        findings.extend(doors::all());
        if self.json {
            println!("{}", serde_json::to_string_pretty(&findings).unwrap_or_default());
        } else {
            findings.iter().for_each(print);
        }
        i32::from(findings.iter().any(|finding| finding.state == State::Problem))
    }
}

fn print(finding: &Finding) {
    let mark = match finding.state {
        State::Well => "ok",
        State::Absent => "-",
        State::Problem => "!!",
    };
    println!("{mark:<2} {:<8} {}", finding.what, finding.text);
    if let Some(remedy) = &finding.remedy {
        println!("            {remedy}");
    }
}

/// Which runtime it is, whether it starts, and who is logged in.
async fn runtime(runtime: &Runtime) -> Vec<Finding> {
    let why = runtime.to_string();
    let options = ClientOptions { connection: runtime.connection(), ..ClientOptions::default() };
    let client = match Client::new(options) {
        Ok(client) => client,
        Err(error) => return vec![not_there(why, &error)],
    };
    let started = client.start().await;
    let findings = match started {
        Ok(info) => {
            let version = info.version.unwrap_or_else(|| "of an unknown version".to_owned());
            let protocol = info.protocol_version;
            let text =
                format!("{version}, protocol {protocol}, ready in {:.0} ms: {why}", info.timings.total);
            vec![Finding::well("runtime", text), login(&client).await]
        }
        Err(error) => vec![not_there(why, &error)],
    };
    client.stop().await;
    findings
}

fn not_there(why: String, error: &Error) -> Finding {
    let remedy = match error.kind() {
        ErrorKind::RuntimeNotFound => {
            "set COPILOT_CLI_PATH to the runtime's program: npm install @github/copilot brings one, and so does \
             python -m copilot download-runtime"
        }
        ErrorKind::SpawnFailed => "it must be a program of this machine's kind that this user may execute",
        ErrorKind::ProtocolMismatch => "take another version of the runtime, or of copilot-native",
        _ => "start it by hand with --headless --stdio and look at what it says",
    };
    Finding::problem("runtime", format!("{why}: {}", error.message()), remedy)
}

async fn login(client: &Client) -> Finding {
    let remedy = "set COPILOT_GITHUB_TOKEN, or log in with the runtime's own /login; not needed with --scripted or --provider";
    match client.get_auth_status().await {
        Ok(status) if status.is_authenticated => {
            let who = status.login.unwrap_or_else(|| "somebody".to_owned());
            let how = status.auth_type.map(|how| format!(" by {how}")).unwrap_or_default();
            let host = status.host.map(|host| format!(" at {host}")).unwrap_or_default();
            Finding::well("login", format!("{who}{host}{how}"))
        }
        Ok(status) => {
            let text = status.status_message.unwrap_or_else(|| "nobody is logged in".to_owned());
            Finding::absent("login", text, remedy)
        }
        Err(error) => Finding::problem("login", error.message(), remedy),
    }
}

/// Where the runtime keeps its state.
fn home() -> Finding {
    let named = env::var_os("COPILOT_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let user = env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    let Some(folder) = named.or_else(|| Some(PathBuf::from(user?).join(".copilot"))) else {
        return Finding::problem(
            "home",
            "there is no home folder",
            "set COPILOT_HOME to a folder that can be written",
        );
    };
    // The runtime makes it when it is not there: then its parent has to let it.
    let there = folder.ancestors().find(|place| place.is_dir()).unwrap_or(Path::new("/"));
    match tempfile::Builder::new().prefix(".copilot-native-").tempfile_in(there) {
        Ok(_) => Finding::well("home", folder.display().to_string()),
        Err(error) => Finding::problem(
            "home",
            format!("{} cannot be written: {error}", there.display()),
            "set COPILOT_HOME, or base_directory of the client, to a folder that can",
        ),
    }
}

/// What the environment says about proxies, without what logs in there.
fn proxies() -> Vec<Finding> {
    let named = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    let given =
        named.iter().filter_map(|name| Some((*name, env::var(name).ok().filter(|value| !value.is_empty())?)));
    let mut findings: Vec<_> = given.map(|(name, value)| proxy(name, &value)).collect();
    if let Some(exempt) = ["NO_PROXY", "no_proxy"].iter().find_map(|name| env::var(name).ok())
        && !findings.is_empty()
    {
        findings.push(Finding::well("proxy", format!("not for {exempt}")));
    }
    findings
}

fn proxy(name: &str, value: &str) -> Finding {
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let address = rest.rsplit_once('@').map_or(rest, |(_, address)| address).trim_end_matches('/');
    let is_known = ["http", "https", "socks5", "socks5h"].contains(&scheme);
    if address.is_empty() || !is_known {
        let remedy = "write it as http://host:port";
        return Finding::problem("proxy", format!("{name} is no address of a proxy"), remedy);
    }
    Finding::well("proxy", format!("{scheme}://{address} ({name})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_shown_without_their_passwords() {
        let found = proxy("HTTPS_PROXY", "http://user:secret@proxy.example:3128/");
        assert_eq!((found.state, &*found.text), (State::Well, "http://proxy.example:3128 (HTTPS_PROXY)"));
        let found = proxy("HTTPS_PROXY", "ftp://secret");
        assert!(found.state == State::Problem && !found.text.contains("secret"), "{found:?}");
    }
}
