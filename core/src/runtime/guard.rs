//! Ends what a runtime leaves behind: the runtime itself when this process dies without a chance to end it, for example
//! by SIGKILL, and the commands it was running for the agent.
//!
//! A runtime on stdio sees the end of its input, but one on TCP outlives its host (observed with 1.0.85, whatever its
//! stdin is). Shell commands of the agent run in sessions of their own; only an orderly shutdown ends them, neither the
//! end of input nor a signal to the runtime or its process group does (observed with 1.0.85).
//!
//! A guard is a small shell that waits on a pipe held by this process alone: when the pipe closes without a message, it ends
//! the runtime's process group, then every process that carries the runtime's mark in its environment. Needs no code after
//! `fork`, and leaves the runtime a direct child with its own exit status. The group works on every POSIX system; the mark
//! is looked for under `/proc`, so on other systems than Linux commands may outlive a killed runtime.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::starting;

/// The variable that marks a runtime and whatever it starts.
const MARK: &str = "COPILOT_NATIVE_RUNTIME";

/// `$1` is the process group, `$2` the mark. The word on standard input says how the group ended: `done`, in order, with
/// nothing left behind; `sweep`, otherwise. `kill` is written so that every POSIX shell takes a group.
const SCRIPT: &str = r#"
read -r word
[ "$word" = done ] && exit 0
if [ "$word" != sweep ] && kill -s TERM -- "-$1" 2>/dev/null; then
  n=0
  while [ $n -lt 20 ] && kill -s 0 -- "-$1" 2>/dev/null; do
    n=$((n+1)); sleep 0.1
  done
fi
kill -s KILL -- "-$1" 2>/dev/null
n=0
while [ $n -lt 5 ]; do
  left=$(grep -lzxF "$2" /proc/[0-9]*/environ 2>/dev/null)
  [ -n "$left" ] || exit 0
  for file in $left; do
    file=${file#/proc/}; kill -s KILL "${file%/environ}" 2>/dev/null
  done
  n=$((n+1)); sleep 0.05
done
"#;

/// Watches over one process group.
pub(crate) struct Guard(Option<Child>);

impl Guard {
    /// Puts a mark on a command that is about to be started.
    pub(crate) fn mark(command: &mut Command) -> String {
        let mark = uuid::Uuid::new_v4().to_string();
        command.env(MARK, &mark);
        format!("{MARK}={mark}")
    }

    /// Without a shell there is no guard; the runtime still ends with its input or by an orderly stop.
    pub(crate) fn watch(group: u32, mark: &str) -> Self {
        if cfg!(not(unix)) {
            return Self(None);
        }
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "copilot-guard", &group.to_string(), mark]);
        command.env_clear().env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        #[cfg(unix)]
        command.process_group(0);
        match starting::start(&mut command) {
            Ok(child) => Self(Some(child)),
            Err(error) => {
                tracing::warn!(%error, "no guard: the runtime may outlive this process if it is killed");
                Self(None)
            }
        }
    }

    /// The group has ended; lets the guard go, after it has swept up unless all ended in order.
    pub(crate) async fn dismiss(self, in_order: bool) {
        let Some(mut child) = self.0 else { return };
        if let Some(mut input) = child.stdin.take() {
            drop(input.write_all(if in_order { b"done\n" } else { b"sweep\n" }).await);
        }
        drop(child.wait().await);
    }
}
