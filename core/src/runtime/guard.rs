//! Ends the runtime when this process dies without a chance to do so, for example by SIGKILL.
//!
//! A runtime on stdio sees the end of its input, but one on TCP outlives its host (observed with 1.0.85, whatever its
//! stdin is), and so do its own children. A guard is a small shell that waits on a pipe held by this process alone:
//! when the pipe closes without a word, it ends the runtime's process group. Needs no code after `fork`, works on every
//! POSIX system, and leaves the runtime a direct child with its own exit status.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// `$1` is the process group. A word on standard input means that the group has ended in order.
const SCRIPT: &str = r#"
read -r word
[ "$word" = done ] && exit 0
kill -TERM -- "-$1" 2>/dev/null || exit 0
n=0
while [ $n -lt 20 ]; do
  kill -0 -- "-$1" 2>/dev/null || exit 0
  n=$((n+1)); sleep 0.1
done
kill -KILL -- "-$1" 2>/dev/null
"#;

/// Watches over one process group.
pub(crate) struct Guard(Option<Child>);

impl Guard {
    /// Without a shell there is no guard; the runtime still ends with its input or by an orderly stop.
    pub(crate) fn watch(group: u32) -> Self {
        if cfg!(not(unix)) {
            return Self(None);
        }
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "copilot-guard", &group.to_string()]);
        command.env_clear().env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        #[cfg(unix)]
        command.process_group(0);
        match command.spawn() {
            Ok(child) => Self(Some(child)),
            Err(error) => {
                tracing::warn!(%error, "no guard: the runtime may outlive this process if it is killed");
                Self(None)
            }
        }
    }

    /// The group has ended; lets the guard go.
    pub(crate) async fn dismiss(self) {
        let Some(mut child) = self.0 else { return };
        if let Some(mut input) = child.stdin.take() {
            drop(input.write_all(b"done\n").await);
        }
        drop(child.wait().await);
    }
}
