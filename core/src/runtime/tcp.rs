//! Sockets: a child that announces its port, or an address given by the user.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::ChildStdout;

use super::child::{ChildProcess, each_line};
use crate::diagnostics::Watch;
use crate::error::{Error, ErrorKind, Result, reasons};

/// Waits for the line that announces the port, then keeps draining the child's output.
pub(crate) async fn announced_port(
    child: &ChildProcess,
    stdout: ChildStdout,
    limit: Duration,
    watch: &Arc<Watch>,
) -> Result<u16> {
    let mut reader = BufReader::new(stdout);
    let port = match tokio::time::timeout(limit, read_port(&mut reader)).await {
        Ok(Some(port)) => port,
        Ok(None) => {
            let exit = child.exit_error().await;
            let text = format!("CLI process exited before announcing port: {}", exit.message());
            return Err(Error::new(ErrorKind::ProcessExited, text));
        }
        Err(_) => {
            let mut text =
                format!("Timeout waiting for CLI server to start: no port announced within {limit:?}");
            let stderr = child.stderr_tail();
            if !stderr.is_empty() {
                text.push_str("\nstderr: ");
                text.push_str(&stderr);
            }
            return Err(Error::new(ErrorKind::StartTimeout, text));
        }
    };
    let watch = Arc::clone(watch);
    tokio::spawn(each_line(reader, move |line| tracing::debug!("[CLI] {}", watch.secrets.hide(&line))));
    Ok(port)
}

async fn read_port(reader: &mut BufReader<ChildStdout>) -> Option<u16> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        if let Some(port) = port_in(&String::from_utf8_lossy(&line)) {
            return Some(port);
        }
    }
}

/// The number after `listening on port`, in any case, anywhere in the line.
fn port_in(line: &str) -> Option<u16> {
    const MARK: &str = "listening on port ";
    let lower = line.to_ascii_lowercase();
    let rest = &lower[lower.find(MARK)? + MARK.len()..];
    let digits = rest.split(|digit: char| !digit.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Connects and turns off the delay that would hold back small frames.
pub(crate) async fn connect(host: &str, port: u16, limit: Duration) -> Result<TcpStream> {
    let failed = |why: String| reasons::connection_refused(&format!("{host}:{port}"), &why);
    let stream = tokio::time::timeout(limit, TcpStream::connect((host, port)))
        .await
        .map_err(|_| failed(format!("no answer within {limit:?}")))?
        .map_err(|error| failed(error.to_string()))?;
    drop(stream.set_nodelay(true));
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_announcements() {
        assert_eq!(port_in("CLI server listening on port 4321\n"), Some(4321));
        assert_eq!(port_in("x LISTENING ON PORT 5 now"), Some(5));
        assert_eq!(port_in("listening on port soon"), None);
        assert_eq!(port_in("listening on port 99999"), None);
    }

    #[tokio::test]
    async fn refused_connections_name_the_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let error = connect("127.0.0.1", port, Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectFailed);
        assert!(error.message().contains(&format!("127.0.0.1:{port}")));
    }
}
