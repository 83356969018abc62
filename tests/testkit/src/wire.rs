//! Framing: `Content-Length: <n>\r\n\r\n<body>`, read tolerantly, written in one piece.

use std::io;

use serde_json::Value;

/// Collects received bytes and hands out the bodies of complete frames.
#[derive(Debug, Default)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    read: usize,
}

impl FrameBuffer {
    /// Adds bytes as they arrived, in pieces of any size.
    pub fn extend(&mut self, bytes: &[u8]) {
        if self.read > 0 && self.read * 2 >= self.bytes.len() {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The body of the next frame, or `None` until all of it is there.
    ///
    /// # Errors
    /// `InvalidData` when a header section carries no usable content length.
    pub fn next_body(&mut self) -> io::Result<Option<&[u8]>> {
        let pending = &self.bytes[self.read..];
        let Some(header_end) = pending.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(None) };
        let length = content_length(&pending[..header_end])?;
        let (start, end) = (self.read + header_end + 4, self.read + header_end + 4 + length);
        if self.bytes.len() < end {
            return Ok(None);
        }
        self.read = end;
        Ok(Some(&self.bytes[start..end]))
    }
}

fn content_length(headers: &[u8]) -> io::Result<usize> {
    let text = String::from_utf8_lossy(headers);
    text.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("no content length in {text:?}")))
}

/// Appends `message` to `out` as one frame.
pub fn append_frame(out: &mut Vec<u8>, message: &Value) {
    append_body(out, message.to_string().as_bytes());
}

/// Appends a body, which need not be JSON, to `out` behind a correct header.
pub fn append_body(out: &mut Vec<u8>, body: &[u8]) {
    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn frames_survive_any_cut() {
        let mut bytes = Vec::new();
        append_frame(&mut bytes, &json!({"a": "é"}));
        bytes.extend_from_slice(b"X-Other: 1\r\ncontent-length: 2\r\n\r\n{}");
        let mut buffer = FrameBuffer::default();
        let mut seen = Vec::new();
        for byte in bytes {
            buffer.extend(&[byte]);
            while let Some(body) = buffer.next_body().unwrap() {
                seen.push(String::from_utf8(body.to_vec()).unwrap());
            }
        }
        assert_eq!(seen, ["{\"a\":\"é\"}", "{}"]);
    }

    #[test]
    fn missing_length_is_an_error() {
        let mut buffer = FrameBuffer::default();
        buffer.extend(b"HTTP/1.1 200 OK\r\n\r\n");
        assert!(buffer.next_body().is_err());
    }
}
