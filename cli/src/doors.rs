//! What each language of this machine has of copilot-native.

use std::process::{Command, Stdio};
use std::thread;

use crate::doctor::Finding;

/// How a language is asked: a program that prints the version of the package, and how the package gets there.
struct Door {
    what: &'static str,
    /// The first that is there is asked.
    programs: &'static [&'static str],
    arguments: &'static [&'static str],
    install: &'static str,
}

const DOORS: &[Door] = &[
    Door {
        what: "python",
        programs: &["python3", "python"],
        arguments: &["-c", "from importlib.metadata import version; print(version('copilot-native'))"],
        install: "pip install copilot-native",
    },
    Door {
        what: "node",
        programs: &["node"],
        arguments: &["-p", "require('copilot-native/package.json').version"],
        install: "npm install copilot-native",
    },
    Door {
        what: "c",
        programs: &["pkg-config"],
        arguments: &["--modversion", "copilot"],
        install: "docs/packages.md says how the C library is installed",
    },
    Door {
        what: "go",
        programs: &["go"],
        arguments: &[
            "list",
            "-m",
            "-f",
            "{{.Version}}",
            "github.com/copilot-native/copilot-native/bindings/go",
        ],
        install: "go get github.com/copilot-native/copilot-native/bindings/go, and the C library",
    },
    Door {
        what: "ruby",
        programs: &["ruby"],
        arguments: &["-e", "require 'copilot_native/version'; puts CopilotNative::VERSION"],
        install: "gem install copilot_native, and the C library",
    },
];

/// Asks all at once: some take a second to start.
pub(crate) fn all() -> Vec<Finding> {
    let asked: Vec<_> = DOORS.iter().map(|door| (door, thread::spawn(|| door.finding()))).collect();
    let gone = |door: &Door| Finding::absent(door.what, "it could not be asked", door.install);
    asked.into_iter().map(|(door, asked)| asked.join().unwrap_or_else(|_| gone(door))).collect()
}

impl Door {
    fn finding(&self) -> Finding {
        let mut asked = self.programs.iter().filter_map(|program| Some((*program, self.ask(program)?)));
        match asked.next() {
            None => Finding::absent(
                self.what,
                format!("{} is not there", self.programs[0]),
                "needed by its programs alone",
            ),
            Some((_, Some(version))) => Finding::well(self.what, format!("copilot-native {version}")),
            Some((program, None)) => Finding::absent(
                self.what,
                format!("{program} of this folder has no copilot-native"),
                self.install,
            ),
        }
    }

    /// None when there is no such program; then what it printed, if it went well.
    fn ask(&self, program: &str) -> Option<Option<String>> {
        let mut command = Command::new(program);
        command.args(self.arguments).stdin(Stdio::null()).stderr(Stdio::null());
        // What is installed is asked, not a server.
        command.env("GOPROXY", "off");
        let output = command.output().ok()?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Some((output.status.success() && !said.is_empty()).then_some(said))
    }
}
