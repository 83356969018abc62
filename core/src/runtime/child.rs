//! A runtime that is a child of this process: its exit code, what it wrote to stderr last, how it is ended.

use std::collections::VecDeque;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{ChildStderr, Command};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::guard::Guard;
use super::starting;
use crate::diagnostics::Watch;
use crate::error::{Error, ErrorKind, Result, reasons};

/// How much of stderr is kept for error messages.
const STDERR_TAIL: usize = 64 << 10;
/// A line of stderr longer than this is passed on in pieces.
const LONGEST_LINE: u64 = 8 << 10;
/// How long an error message waits for the exit code and the end of stderr.
const DIAGNOSIS_TIME: Duration = Duration::from_secs(1);

/// A running or ended child. Dropping the last clone kills it.
#[derive(Clone)]
pub(crate) struct ChildProcess(Arc<Inner>);

struct Inner {
    pid: u32,
    exit: watch::Receiver<Option<ExitStatus>>,
    kill: CancellationToken,
    /// Whether the runtime has ended what it started.
    cleaned_up: Arc<AtomicBool>,
    /// The process that started the child: a copy made by `fork` must not end it.
    owner: u32,
    stderr: Stderr,
}

/// The pipes of a fresh child.
pub(crate) struct Pipes {
    pub(crate) stdin: Option<tokio::process::ChildStdin>,
    pub(crate) stdout: tokio::process::ChildStdout,
}

impl ChildProcess {
    /// Starts the command, whose stdout and stderr must be piped.
    pub(crate) fn spawn(mut command: Command, shown: &str, watch: &Arc<Watch>) -> Result<(Self, Pipes)> {
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(windows)]
        command.creation_flags(0x0800_0000); // CREATE_NO_WINDOW
        let mark = Guard::mark(&mut command);
        let mut child = starting::start(command.kill_on_drop(true)).map_err(|error| {
            let os = error.raw_os_error().map_or(Value::Null, Value::from);
            reasons::runtime_spawn_failed(shown, &error.to_string(), &os)
        })?;
        let missing = || Error::new(ErrorKind::Internal, "the child has no piped streams");
        let pid = child.id().ok_or_else(missing)?;
        let guard = Guard::watch(pid, &mark);
        let pipes = Pipes { stdin: child.stdin.take(), stdout: child.stdout.take().ok_or_else(missing)? };
        let stderr = Stderr::collect(child.stderr.take().ok_or_else(missing)?, watch);
        let (report, exit) = watch::channel(None);
        let kill = CancellationToken::new();
        let killed = kill.clone();
        let cleaned_up = Arc::new(AtomicBool::new(false));
        let in_order = Arc::clone(&cleaned_up);
        tokio::spawn(async move {
            let status = tokio::select! {
                status = child.wait() => status,
                () = killed.cancelled() => {
                    drop(child.start_kill());
                    child.wait().await
                }
            };
            // What the runtime itself left behind in its group ends with it.
            signal_group(pid, Signal::Kill);
            report.send_replace(status.ok());
            guard.dismiss(in_order.load(Ordering::Acquire)).await;
        });
        let owner = std::process::id();
        Ok((Self(Arc::new(Inner { pid, exit, kill, cleaned_up, owner, stderr })), pipes))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.pid
    }

    fn has_exited(&self) -> bool {
        self.0.exit.has_changed().is_err() || self.0.exit.borrow().is_some()
    }

    /// Resolves when the child has ended.
    pub(crate) async fn exited(&self) {
        let mut exit = self.0.exit.clone();
        drop(exit.wait_for(Option::is_some).await);
    }

    /// Notes that the runtime has ended what it started, so that no process of its group has to be killed after it.
    pub(crate) fn has_cleaned_up(&self) {
        self.0.cleaned_up.store(true, Ordering::Release);
    }

    /// Asks the child to end.
    pub(crate) fn terminate(&self) {
        if !self.has_exited() {
            if cfg!(unix) { signal_group(self.0.pid, Signal::Terminate) } else { self.kill() }
        }
    }

    /// Ends the child and its group at once.
    pub(crate) fn kill(&self) {
        self.0.kill();
    }

    /// Terminates, waits, kills, waits. False when even that was in vain.
    pub(crate) async fn end_within(&self, patience: Duration) -> bool {
        self.terminate();
        if tokio::time::timeout(patience, self.exited()).await.is_ok() {
            return true;
        }
        self.kill();
        tokio::time::timeout(patience, self.exited()).await.is_ok()
    }

    /// Says how the child ended, with what it wrote to stderr; waits shortly for both.
    pub(crate) async fn exit_error(&self) -> Error {
        let settled = async {
            self.exited().await;
            self.0.stderr.finished().await;
        };
        drop(tokio::time::timeout(DIAGNOSIS_TIME, settled).await);
        reasons::runtime_exited(&self.exit_text())
    }

    fn exit_text(&self) -> String {
        let mut text = match *self.0.exit.borrow() {
            Some(status) => format!("with {}", describe(status)),
            None => "unexpectedly".to_owned(),
        };
        let stderr = self.stderr_tail();
        if !stderr.is_empty() {
            text.push_str("\nstderr: ");
            text.push_str(&stderr);
        }
        text
    }

    /// What the child last wrote to stderr, trimmed.
    pub(crate) fn stderr_tail(&self) -> String {
        self.0.stderr.text()
    }
}

impl Inner {
    fn kill(&self) {
        if self.exit.borrow().is_none() && self.owner == std::process::id() {
            signal_group(self.pid, Signal::Kill);
            self.kill.cancel();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.kill();
    }
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}");
    }
    status.code().map_or_else(|| status.to_string(), |code| format!("code {code}"))
}

#[derive(Clone, Copy)]
enum Signal {
    Terminate,
    Kill,
}

/// Signals a process group; one that is gone is fine.
#[cfg(unix)]
fn signal_group(group: u32, signal: Signal) {
    use rustix::process::{Pid, Signal as Posix, kill_process_group};
    let posix = match signal {
        Signal::Terminate => Posix::TERM,
        Signal::Kill => Posix::KILL,
    };
    if let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) {
        let _gone = kill_process_group(group, posix);
    }
}

#[cfg(not(unix))]
fn signal_group(_group: u32, _signal: Signal) {}

/// Collects the tail of a child's stderr and logs each line.
#[derive(Clone)]
struct Stderr {
    tail: Arc<Mutex<Tail>>,
    watch: Arc<Watch>,
    done: watch::Receiver<bool>,
}

impl Stderr {
    fn collect(pipe: ChildStderr, watch: &Arc<Watch>) -> Self {
        let tail = Arc::new(Mutex::new(Tail::default()));
        let (report, done) = watch::channel(false);
        let kept = Arc::clone(&tail);
        let (watch, hidden) = (Arc::clone(watch), Arc::clone(watch));
        tokio::spawn(async move {
            each_line(pipe, |line| {
                let line = watch.secrets.hide(&line).into_owned();
                tracing::warn!("[CLI] {}", line.trim_end());
                kept.lock().unwrap_or_else(PoisonError::into_inner).keep(line);
            })
            .await;
            report.send_replace(true);
        });
        Self { tail, watch: hidden, done }
    }

    async fn finished(&self) {
        let mut done = self.done.clone();
        drop(done.wait_for(|done| *done).await);
    }

    fn text(&self) -> String {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let text: String = tail.lines.iter().map(String::as_str).collect();
        // Pieces of one line may each hold a part of a secret.
        self.watch.secrets.hide(text.trim()).into_owned()
    }
}

/// The end of what was written, in lines and pieces of lines.
#[derive(Default)]
struct Tail {
    lines: VecDeque<String>,
    size: usize,
}

impl Tail {
    fn keep(&mut self, line: String) {
        self.size += line.len();
        self.lines.push_back(line);
        while self.size > STDERR_TAIL && self.lines.len() > 1 {
            self.size -= self.lines.pop_front().map_or(0, |line| line.len());
        }
    }
}

/// Reads a stream line by line to its end, whatever bytes it holds. Lines keep their end; one without an end is cut into
/// pieces.
pub(crate) async fn each_line(pipe: impl AsyncRead + Unpin, mut line: impl FnMut(String)) {
    let mut reader = BufReader::new(pipe);
    let mut buffer = Vec::new();
    loop {
        let mut piece = (&mut reader).take(LONGEST_LINE);
        match piece.read_until(b'\n', &mut buffer).await {
            Ok(count) if count > 0 => {}
            _ => break,
        }
        line(String::from_utf8_lossy(&buffer).into_owned());
        buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;

    fn shell(script: &str) -> (ChildProcess, Pipes) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        ChildProcess::spawn(command, "/bin/sh", &Arc::default()).unwrap()
    }

    #[tokio::test]
    async fn exit_error_tells_code_and_stderr() {
        let (child, _pipes) = shell("echo one >&2; echo two >&2; exit 3");
        let error = child.exit_error().await;
        assert_eq!(error.message(), "CLI process exited with code 3\nstderr: one\ntwo");
        assert_eq!(error.kind(), ErrorKind::ProcessExited);
    }

    #[tokio::test]
    async fn what_is_kept_of_stderr_is_bounded_without_newlines_too() {
        let (child, _pipes) = shell("head -c 1000000 /dev/zero | tr '\\0' x >&2; printf end >&2; exit 3");
        let error = child.exit_error().await;
        assert!(error.message().ends_with("xend"), "the end is kept");
        let tail = child.0.stderr.tail.lock().unwrap();
        let kept: usize = tail.lines.iter().map(String::len).sum();
        assert_eq!(kept, tail.size);
        assert!((STDERR_TAIL / 2..=STDERR_TAIL).contains(&kept), "{kept}");
    }

    async fn first_line(pipes: &mut Pipes) -> rustix::process::Pid {
        let mut line = String::new();
        BufReader::new(&mut pipes.stdout).read_line(&mut line).await.unwrap();
        rustix::process::Pid::from_raw(line.trim().parse().unwrap()).unwrap()
    }

    /// Nobody may wait for a grandchild whose parent is gone, so an ended one counts although it has not been reaped.
    async fn ends(pid: rustix::process::Pid) -> bool {
        for _ in 0..150 {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
            let is_zombie = stat.is_ok_and(|stat| stat.contains(") Z "));
            if is_zombie || rustix::process::test_kill_process(pid).is_err() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn commands_in_sessions_of_their_own_end_unless_all_was_in_order() {
        const SCRIPT: &str = "setsid sleep 60 >/dev/null 2>&1 & echo $!;";
        let (killed, mut pipes) = shell(&format!("{SCRIPT} wait"));
        let command = first_line(&mut pipes).await;
        killed.kill();
        assert!(ends(command).await, "after a kill");
        let (_crashed, mut pipes) = shell(&format!("{SCRIPT} exit 1"));
        assert!(ends(first_line(&mut pipes).await).await, "after a crash");
        let (tidy, mut pipes) = shell(&format!("{SCRIPT} read -r go"));
        let command = first_line(&mut pipes).await;
        tidy.has_cleaned_up();
        drop(pipes);
        tidy.exited().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let kept = rustix::process::kill_process(command, rustix::process::Signal::KILL);
        assert!(kept.is_ok(), "what the runtime left behind on purpose stays");
    }

    #[tokio::test]
    async fn stubborn_children_and_grandchildren_are_killed() {
        let (child, mut pipes) = shell("trap '' TERM; sleep 60 & echo $!; wait; sleep 60");
        let grandchild = first_line(&mut pipes).await;
        assert!(child.end_within(Duration::from_millis(200)).await);
        assert!(ends(grandchild).await);
    }

    #[tokio::test]
    async fn dropping_kills() {
        let (child, _pipes) = shell("sleep 60");
        let mut exit = child.0.exit.clone();
        drop(child);
        tokio::time::timeout(Duration::from_secs(5), exit.wait_for(Option::is_some)).await.unwrap().unwrap();
    }
}
