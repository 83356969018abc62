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

/// How many bytes in a row may belong to no frame: lines that something wrote to the same stream.
const MAX_FOREIGN: usize = 64 << 10;

/// Cuts frames out of a byte stream, however the stream is chunked. Whole lines between frames are skipped.
pub(crate) struct FrameReader<R> {
    io: R,
    buffer: BytesMut,
    max_frame: usize,
    /// Length of the body whose header was read already.
    body: Option<usize>,
    /// Whether a frame was seen: before that, the peer may be no runtime at all.
    is_runtime: bool,
    /// Bytes skipped since the last frame, and how they begin.
    skipped: usize,
    skipped_text: Vec<u8>,
    /// Bytes skipped since they were asked for.
    foreign: u64,
}

/// What the start of a buffer holds.
enum Head {
    /// A header, behind so many bytes that belong to no frame.
    Found { foreign: usize, end: usize, length: usize },
    /// So many bytes belong to no frame; what follows them is not complete.
    Incomplete { foreign: usize },
    /// No frame can be found any more.
    Lost(&'static str),
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(crate) fn new(io: R, max_frame: usize) -> Self {
        Self {
            io,
            buffer: BytesMut::new(),
            max_frame,
            body: None,
            is_runtime: false,
            skipped: 0,
            skipped_text: Vec::new(),
            foreign: 0,
        }
    }

    /// The next whole frame among the bytes read so far.
    pub(crate) fn next_buffered(&mut self) -> Result<Option<Bytes>> {
        if self.body.is_none() {
            if let Some((end, length)) =
                usual_header(&self.buffer).filter(|(_, length)| *length <= self.max_frame)
            {
                self.begin_body(end, length);
            } else if !self.find_header()? {
                return Ok(None);
            }
        }
        Ok(self.take_body())
    }

    fn begin_body(&mut self, header: usize, length: usize) {
        self.buffer.advance(header);
        self.body = Some(length);
        self.is_runtime = true;
    }

    /// The careful path: any spelling of a header, and lines that belong to no frame in front of it.
    fn find_header(&mut self) -> Result<bool> {
        match head(&self.buffer) {
            Head::Found { foreign, end, length } => {
                self.skip(foreign)?;
                if end - foreign > MAX_HEADER {
                    return Err(broken("header longer than 8 KiB", &self.buffer));
                }
                if length > self.max_frame {
                    let limit = self.max_frame;
                    let text =
                        format!("frame of {length} bytes is over the limit of {limit} bytes (maxFrameBytes)");
                    return Err(Error::new(ErrorKind::Protocol, text));
                }
                self.skipped = 0;
                self.begin_body(end - foreign, length);
                Ok(true)
            }
            Head::Incomplete { foreign } => {
                self.skip(foreign)?;
                if self.buffer.len() > MAX_HEADER {
                    return Err(broken("header longer than 8 KiB", &self.buffer));
                }
                Ok(false)
            }
            Head::Lost(what) => Err(broken(what, &self.buffer)),
        }
    }

    /// Leaves out bytes that belong to no frame.
    fn skip(&mut self, count: usize) -> Result<()> {
        let foreign = self.buffer.split_to(count);
        if !self.is_runtime {
            let room = SHOWN.saturating_sub(self.skipped_text.len()).min(count);
            self.skipped_text.extend_from_slice(&foreign[..room]);
            // What is skipped begins with a line, and may be many: how the bytes came must make no difference.
            if foreign.starts_with(b"HTTP/") || memchr::memmem::find(&foreign, b"\nHTTP/").is_some() {
                return Err(broken("it speaks HTTP", &foreign));
            }
        }
        self.skipped += count;
        self.foreign += count as u64;
        if self.skipped > MAX_FOREIGN {
            return Err(broken("no frame within 64 KiB", &foreign));
        }
        Ok(())
    }

    /// How many bytes were skipped since this was last asked.
    pub(crate) fn take_foreign(&mut self) -> u64 {
        std::mem::take(&mut self.foreign)
    }

    /// To be asked at the end of the stream: what was wrong when there were bytes but never a frame.
    pub(crate) fn foreign_peer(&self) -> Option<Error> {
        let said = [&self.skipped_text[..], &self.buffer[..]].concat();
        (!self.is_runtime && !said.is_empty()).then(|| broken("expected a Content-Length header", &said))
    }

    fn take_body(&mut self) -> Option<Bytes> {
        let length = self.body.filter(|length| self.buffer.len() >= *length)?;
        self.body = None;
        Some(self.buffer.split_to(length).freeze())
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

/// One line of what stands between two bodies.
enum Line {
    Blank,
    Length(usize),
    Header,
    /// Bytes that belong to no frame.
    Foreign,
    Lost(&'static str),
}

/// Reads lines until a block of headers with a length is complete. Bare line feeds are accepted as line ends.
fn head(buffer: &[u8]) -> Head {
    let (mut foreign, mut start, mut length) = (0, 0, None);
    while let Some(step) = memchr::memchr(b'\n', &buffer[start..]) {
        let end = start + step + 1;
        match (line(&buffer[start..end]), length) {
            (Line::Lost(what), _) => return Head::Lost(what),
            (Line::Blank, Some(length)) => return Head::Found { foreign, end, length },
            (Line::Length(found), _) => length = Some(found),
            (Line::Header, _) => {}
            (Line::Foreign, Some(_)) => return Head::Lost("header line without a colon"),
            (Line::Blank | Line::Foreign, None) => foreign = end,
        }
        start = end;
    }
    if is_message(&buffer[start..]) {
        return Head::Lost("a message without a header");
    }
    Head::Incomplete { foreign }
}

fn line(text: &[u8]) -> Line {
    const NAME: &[u8] = b"content-length";
    let text = text.trim_ascii();
    if text.is_empty() {
        return Line::Blank;
    }
    let name = &text[..memchr::memchr(b':', text).unwrap_or(0)];
    if name.trim_ascii().eq_ignore_ascii_case(NAME) {
        let digits = text[name.len() + 1..].trim_ascii();
        let length = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        return length.map_or(Line::Lost("Content-Length is not a number"), Line::Length);
    }
    if is_message(text) || memchr::memmem::find(text, b"}Content-Length: ").is_some() {
        return Line::Lost("a header that does not fit its body");
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    if !name.is_empty() && name.iter().all(is_name) { Line::Header } else { Line::Foreign }
}

/// Whether text is the beginning of a message: between frames there is none.
fn is_message(text: &[u8]) -> bool {
    text.starts_with(b"{\"jsonrpc\"")
}

/// How many bytes of what a peer said are shown in errors.
const SHOWN: usize = 80;

fn broken(what: &str, bytes: &[u8]) -> Error {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).into_owned();
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
                return mock.foreign_peer().map_or(Ok(frames), Err);
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

    /// Found by the fuzzer of `fuzz/targets/frames.rs`.
    #[tokio::test]
    async fn faults_do_not_depend_on_chunking() {
        let long = format!("Content-Length: 2\r\nX: {}\r\n\r\n{{}}", "x".repeat(MAX_HEADER));
        for stream in ["hello\nHTTP/1.1 200 OK\r\n\r\n", long.as_str()] {
            let pieces = stream.as_bytes().chunks(6).map(<[u8]>::to_vec).collect();
            for chunks in [vec![stream.as_bytes().to_vec()], pieces] {
                assert_eq!(read_all(chunks).await.unwrap_err().kind(), ErrorKind::Protocol, "{stream}");
            }
        }
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
    async fn lines_between_frames_are_skipped() {
        let frame = "Content-Length: 2\r\n\r\n{}";
        for noise in [
            "a log line\n",
            "a log line\r\n",
            "WARN: disk: full\n\n",
            "one\r\n\r\ntwo: 2\n",
            "\n\n",
            "Note: x\n",
        ] {
            for text in [format!("{noise}{frame}"), format!("{frame}{noise}{frame}")] {
                for size in [1, 5, text.len()] {
                    let chunks = text.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
                    let frames = read_all(chunks).await.unwrap();
                    assert_eq!(frames.len(), text.matches('{').count(), "{text:?} in pieces of {size}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_lost_boundary_ends_the_stream() {
        for text in [
            // Too short, too long, missing.
            "Content-Length: 2\r\n\r\n{\"jsonrpc\":1}Content-Length: 2\r\n\r\n{}",
            "Content-Length: 20\r\n\r\n{}Content-Length: 17\r\n\r\n{\"jsonrpc\":\"2.0\"}",
            "Content-Length: 2\r\n\r\n{}\n{\"jsonrpc\":\"2.0\"}",
            "Content-Length: 2\r\nnonsense\r\n\r\n{}",
        ] {
            let error = read_all(vec![text.as_bytes().to_vec()]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{text:?}");
        }
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
        for lines in [
            b"a line\n".repeat(10_000),
            [&b"Content-Length: 2\r\n\r\n{}"[..], &b"x\n".repeat(40_000)].concat(),
        ] {
            assert!(read_all(vec![lines]).await.unwrap_err().message().contains("64 KiB"));
        }
        let error = read_all(vec![vec![b':'; 10_000]]).await.unwrap_err();
        assert!(error.message().contains("8 KiB"), "{error}");
    }
}
