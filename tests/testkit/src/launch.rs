//! Finding and starting the fake runtime from Rust tests.

use std::{
    env, io,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
};

use crate::runtime::RuntimeScript;

/// A fake runtime that an SDK shall start: its program and the arguments to put in front of the SDK's own.
#[derive(Clone, Debug, Default)]
pub struct FakeRuntime {
    script: Option<RuntimeScript>,
    record: Option<PathBuf>,
}

/// A fake runtime that listens on TCP already, for clients that connect to a URI. It ends when this value is dropped.
#[derive(Debug)]
pub struct FakeProcess {
    child: Child,
    port: u16,
}

impl FakeRuntime {
    /// The healthy built-in behaviour.
    pub fn new() -> Self {
        Self::default()
    }

    /// The behaviour of this script.
    pub fn scripted(script: RuntimeScript) -> Self {
        Self { script: Some(script), record: None }
    }

    /// Writes all frames to this file.
    #[must_use]
    pub fn record(mut self, path: impl Into<PathBuf>) -> Self {
        self.record = Some(path.into());
        self
    }

    /// The program.
    ///
    /// `COPILOT_FAKE_RUNTIME` names it; otherwise it is looked for beside the running test, and built when it is not there.
    ///
    /// # Errors
    /// When the program is nowhere and cannot be built.
    pub fn path() -> io::Result<PathBuf> {
        match env::var_os("COPILOT_FAKE_RUNTIME") {
            Some(path) => Ok(path.into()),
            None => program("copilot-fake-runtime"),
        }
    }

    /// The arguments to pass first.
    pub fn args(&self) -> Vec<String> {
        let mut args = Vec::new();
        if let Some(script) = &self.script {
            // A script holds nothing that JSON cannot express.
            args.extend(["--script-json".to_owned(), serde_json::to_string(script).unwrap_or_default()]);
        }
        if let Some(path) = &self.record {
            args.extend(["--record".to_owned(), path.to_string_lossy().into_owned()]);
        }
        args
    }

    /// Starts it on a free TCP port; `token` is what clients must present.
    ///
    /// # Errors
    /// When it cannot be started or ends before it announces its port.
    pub fn spawn_tcp(&self, token: Option<&str>) -> io::Result<FakeProcess> {
        let mut command = Command::new(Self::path()?);
        command.args(self.args()).args(["--headless", "--no-auto-update"]);
        match token {
            Some(token) => command.env("COPILOT_CONNECTION_TOKEN", token),
            None => command.env_remove("COPILOT_CONNECTION_TOKEN"),
        };
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let port = child.stdout.take().map(BufReader::new).and_then(announced_port);
        let mut process = FakeProcess { child, port: 0 };
        process.port = port.ok_or_else(|| io::Error::other("the fake runtime announced no port"))?;
        Ok(process)
    }
}

/// One of the programs of this package, beside the running test; built when none of them is there.
pub(crate) fn program(name: &str) -> io::Result<PathBuf> {
    static BUILT: OnceLock<Option<()>> = OnceLock::new();
    find(name).or_else(|| BUILT.get_or_init(build).and_then(|()| find(name))).ok_or_else(|| {
        let text = format!("{name} not found: build it with `cargo build -p copilot-testkit`");
        io::Error::new(io::ErrorKind::NotFound, text)
    })
}

fn find(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::current_exe()
        .ok()?
        .ancestors()
        .skip(1)
        .take(3)
        .map(|dir| dir.join(&name))
        .find(|path| path.is_file())
}

/// Tests of other packages do not build our programs; cargo tells its own path to the tests that it runs.
fn build() -> Option<()> {
    let exe = env::current_exe().ok()?;
    let profile = exe.ancestors().nth(2)?.file_name()?.to_str()?;
    let profile = if profile == "debug" { "dev" } else { profile };
    let mut command = Command::new(env::var_os("CARGO")?);
    command.args(["build", "--quiet", "--profile", profile, "--manifest-path"]);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).arg("--bins");
    command.arg("--target-dir").arg(exe.ancestors().nth(3)?);
    command.status().ok()?.success().then_some(())
}

fn announced_port(mut out: impl BufRead + Send + 'static) -> Option<u16> {
    let mut line = String::new();
    while out.read_line(&mut line).ok()? > 0 {
        if let Some((_, port)) = line.trim_end().split_once("listening on port ") {
            let port = port.parse().ok()?;
            // Keep the pipe empty: whatever else is printed must not block the process.
            thread::spawn(move || io::copy(&mut out, &mut io::sink()));
            return Some(port);
        }
        line.clear();
    }
    None
}

impl FakeProcess {
    /// Where it listens, on `127.0.0.1`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it without warning, as a crash would.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for FakeProcess {
    fn drop(&mut self) {
        drop(self.kill());
    }
}
