//! Content-Length frames in and out. Knows bytes, not JSON.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::error::{Error, ErrorKind, Result};

/// Longest frame accepted unless the caller sets another limit.
pub(crate) const DEFAULT_MAX_FRAME: usize = 256 << 20;
/// No frame may reach 4 GiB: offsets inside a frame are 32 bits wide.
pub(crate) const LARGEST_MAX_FRAME: usize = u32::MAX as usize;
/// How much is asked of the pipe at once; a Linux pipe holds as much.
const READ_SIZE: usize = 64 << 10;
/// Longest header block accepted; the protocol needs about thirty bytes.
const MAX_HEADER: usize = 8 << 10;

/// Cuts frames out of a byte stream, however the stream is chunked.
pub(crate) struct FrameReader<R> {
    io: R,
    buffer: BytesMut,
    max_frame: usize,
    /// Length of the body whose header was read already.
    body: Option<usize>,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(crate) fn new(io: R, max_frame: usize) -> Self {
        Self { io, buffer: BytesMut::new(), max_frame, body: None }
    }

    /// The next whole frame among the bytes read so far.
    pub(crate) fn next_buffered(&mut self) -> Result<Option<Bytes>> {
        if self.body.is_none() {
            if let Some((end, length)) =
                usual_header(&self.buffer).filter(|(_, length)| *length <= self.max_frame)
            {
                self.buffer.advance(end);
                self.body = Some(length);
                return Ok(self.take_body());
            }
            let Some(end) = find_header_end(&self.buffer) else {
                if self.buffer.len() > MAX_HEADER {
                    return Err(broken("header longer than 8 KiB", &self.buffer));
                }
                return self.refuse_foreign_bytes().map(|()| None);
            };
            let length = content_length(&self.buffer[..end])?;
            if length > self.max_frame {
                let limit = self.max_frame;
                let text =
                    format!("frame of {length} bytes is over the limit of {limit} bytes (maxFrameBytes)");
                return Err(Error::new(ErrorKind::Protocol, text));
            }
            self.buffer.advance(end);
            self.body = Some(length);
        }
        Ok(self.take_body())
    }

    fn take_body(&mut self) -> Option<Bytes> {
        let length = self.body.filter(|length| self.buffer.len() >= *length)?;
        self.body = None;
        Some(self.buffer.split_to(length).freeze())
    }

    /// A peer that is no runtime is told apart by its first line, not by a header that never ends.
    fn refuse_foreign_bytes(&self) -> Result<()> {
        match memchr::memchr(b'\n', &self.buffer) {
            Some(end)
                if !self.buffer[..end].contains(&b':') && !self.buffer[..end].trim_ascii().is_empty() =>
            {
                Err(broken("expected a Content-Length header", &self.buffer))
            }
            _ => Ok(()),
        }
    }

    /// Reads more bytes; false at the end of the stream.
    pub(crate) async fn fill(&mut self) -> std::io::Result<bool> {
        let missing = self.body.map_or(0, |length| length.saturating_sub(self.buffer.len()));
        if self.buffer.capacity() - self.buffer.len() < READ_SIZE / 4 || missing > 0 {
            self.buffer.reserve(missing.max(READ_SIZE));
        }
        Ok(self.io.read_buf(&mut self.buffer).await? > 0)
    }

    /// Whether bytes of an unfinished frame are left.
    pub(crate) fn is_mid_frame(&self) -> bool {
        self.body.is_some() || !self.buffer.is_empty()
    }
}

/// The header as the runtime writes it: one line, one spelling. Anything else takes the careful path.
fn usual_header(buffer: &[u8]) -> Option<(usize, usize)> {
    const NAME: &[u8] = b"Content-Length: ";
    let rest = buffer.strip_prefix(NAME)?;
    let digits = rest.iter().take(12).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || !rest[digits..].starts_with(b"\r\n\r\n") {
        return None;
    }
    let length = rest[..digits].iter().fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    Some((NAME.len() + digits + 4, length))
}

/// Where the header block ends. Bare line feeds are accepted as line ends.
fn find_header_end(buffer: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', buffer).find_map(|at| match &buffer[at + 1..] {
        [b'\r', b'\n', ..] => Some(at + 3),
        [b'\n', ..] => Some(at + 2),
        _ => None,
    })
}

fn content_length(header: &[u8]) -> Result<usize> {
    let mut length = None;
    for line in header.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            return Err(broken("header line without a colon", line));
        };
        if line[..colon].trim_ascii().eq_ignore_ascii_case(b"content-length") {
            let digits = line[colon + 1..].trim_ascii();
            length = std::str::from_utf8(digits).ok().and_then(|text| text.parse::<usize>().ok());
            if length.is_none() {
                return Err(broken("Content-Length is not a number", line));
            }
        }
    }
    length.ok_or_else(|| broken("no Content-Length header", header))
}

fn broken(what: &str, bytes: &[u8]) -> Error {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
    Error::new(ErrorKind::Protocol, format!("the peer is not a Copilot runtime: {what} (received {shown:?})"))
}

/// Appends one frame.
pub(crate) fn write_frame(out: &mut BytesMut, body: &[u8]) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = body.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.reserve(body.len() + 40);
    out.put_slice(b"Content-Length: ");
    out.put_slice(&digits[at..]);
    out.put_slice(b"\r\n\r\n");
    out.put_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_all(chunks: Vec<Vec<u8>>) -> Result<Vec<Bytes>> {
        let mut mock = tokio_test_pipe(chunks);
        let mut frames = Vec::new();
        loop {
            while let Some(frame) = mock.next_buffered()? {
                frames.push(frame);
            }
            if !mock.fill().await.unwrap() {
                return Ok(frames);
            }
        }
    }

    fn tokio_test_pipe(chunks: Vec<Vec<u8>>) -> FrameReader<tokio::io::DuplexStream> {
        let (mut near, far) = tokio::io::duplex(1 << 20);
        tokio::spawn(async move {
            for chunk in chunks {
                tokio::io::AsyncWriteExt::write_all(&mut near, &chunk).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        FrameReader::new(far, 1 << 20)
    }

    fn stream_of(bodies: &[&[u8]]) -> Vec<u8> {
        let mut out = BytesMut::new();
        for body in bodies {
            write_frame(&mut out, body);
        }
        out.to_vec()
    }

    #[tokio::test]
    async fn any_chunking_reads_the_same() {
        let large = vec![b'x'; 70_000];
        let bodies: [&[u8]; 4] = [b"{}", b"", &large, b"{\"a\":1}"];
        let stream = stream_of(&bodies);
        for size in [1, 2, 3, 7, 19, 4096, 65_536, stream.len()] {
            if size < 7 && stream.len() > 1000 {
                let short = stream_of(&bodies[..2]);
                let frames = read_all(short.chunks(size).map(<[u8]>::to_vec).collect()).await.unwrap();
                assert_eq!(frames, &bodies[..2]);
                continue;
            }
            let frames = read_all(stream.chunks(size).map(<[u8]>::to_vec).collect()).await.unwrap();
            assert_eq!(frames, &bodies, "chunks of {size}");
        }
    }

    #[tokio::test]
    async fn other_headers_and_case_are_fine() {
        let text = b"content-LENGTH:  2\r\nContent-Type: x\r\n\r\n{}X: 1\nContent-Length: 1\n\n1".to_vec();
        assert_eq!(read_all(vec![text]).await.unwrap(), [&b"{}"[..], b"1"]);
    }

    #[tokio::test]
    async fn foreign_peers_are_refused() {
        for text in [
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            b"hello\n",
            b"Content-Length: x\r\n\r\n",
            b"Content-Length: 99999999\r\n\r\n",
            b"A: 1\r\n\r\n",
        ] {
            let error = read_all(vec![text.to_vec()]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        }
        let error = read_all(vec![vec![b':'; 10_000]]).await.unwrap_err();
        assert!(error.message().contains("8 KiB"), "{error}");
    }
}
