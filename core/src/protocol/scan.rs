//! Walks JSON text without building anything: the reader finds the few members it routes by and leaves the payload
//! as received bytes. Payload members are skipped, not validated; whoever types them later reports what is wrong.

use std::ops::Range;

/// The text is not JSON as far as it was looked at. Holds the byte offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScanError(pub usize);

/// A cursor over JSON text.
pub(crate) struct Scanner<'a> {
    src: &'a [u8],
    pos: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(src: &'a [u8]) -> Self {
        Self { src, pos: 0 }
    }

    pub(crate) fn at(src: &'a [u8], pos: usize) -> Self {
        Self { src, pos }
    }

    fn error<T>(&self) -> Result<T, ScanError> {
        Err(ScanError(self.pos))
    }

    #[inline]
    fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.src.get(self.pos) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.pos += 1;
        }
        None
    }

    #[inline]
    fn eat(&mut self, expected: u8) -> Result<(), ScanError> {
        if self.peek() == Some(expected) {
            self.pos += 1;
            return Ok(());
        }
        self.error()
    }

    /// Offset of the next value.
    pub(crate) fn position(&self) -> usize {
        self.pos
    }

    /// True when the next value is an object.
    pub(crate) fn is_object(&mut self) -> bool {
        self.peek() == Some(b'{')
    }

    /// True when the next value is a list.
    pub(crate) fn is_array(&mut self) -> bool {
        self.peek() == Some(b'[')
    }

    /// Offset at which the next value starts.
    pub(crate) fn start(&mut self) -> usize {
        self.peek();
        self.pos
    }

    /// True when the next value is a string.
    pub(crate) fn is_string(&mut self) -> bool {
        self.peek() == Some(b'"')
    }

    /// Visits each member of an object. The visitor gets the raw key and must consume the value.
    #[inline]
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(&'a [u8], &mut Self) -> Result<(), ScanError>,
    ) -> Result<(), ScanError> {
        self.eat(b'{')?;
        if self.peek() == Some(b'}') {
            self.pos += 1;
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.eat(b':')?;
            member(&self.src[key], self)?;
            match self.peek() {
                Some(b',') => self.pos += 1,
                Some(b'}') => {
                    self.pos += 1;
                    return Ok(());
                }
                _ => return self.error(),
            }
        }
    }

    /// Visits each element of a list. The visitor gets its place and must consume the value.
    pub(crate) fn array(
        &mut self,
        mut element: impl FnMut(usize, &mut Self) -> Result<(), ScanError>,
    ) -> Result<(), ScanError> {
        self.eat(b'[')?;
        if self.peek() == Some(b']') {
            self.pos += 1;
            return Ok(());
        }
        for index in 0.. {
            element(index, self)?;
            match self.peek() {
                Some(b',') => self.pos += 1,
                Some(b']') => {
                    self.pos += 1;
                    return Ok(());
                }
                _ => break,
            }
        }
        self.error()
    }

    /// Consumes a string and returns the range between its quotes, escapes left as they are.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Range<usize>, ScanError> {
        self.eat(b'"')?;
        let start = self.pos;
        loop {
            let rest = &self.src[self.pos..];
            match memchr::memchr2(b'"', b'\\', rest) {
                Some(at) if rest[at] == b'"' => {
                    let end = self.pos + at;
                    self.pos = end + 1;
                    return Ok(start..end);
                }
                Some(at) => {
                    self.pos += at + 2;
                    if self.pos > self.src.len() {
                        return self.error();
                    }
                }
                None => return self.error(),
            }
        }
    }

    /// Consumes any value and returns the range of its text.
    #[inline]
    pub(crate) fn value(&mut self) -> Result<Range<usize>, ScanError> {
        let first = self.peek();
        let start = self.pos;
        match first {
            Some(b'"') => {
                self.string()?;
            }
            Some(b'{' | b'[') => self.container()?,
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.scalar(),
            _ => return self.error(),
        }
        Ok(start..self.pos)
    }

    /// Consumes any value.
    #[inline]
    pub(crate) fn skip(&mut self) -> Result<(), ScanError> {
        self.value().map(|_| ())
    }

    #[inline]
    fn scalar(&mut self) {
        while let Some(&byte) = self.src.get(self.pos) {
            if matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') {
                break;
            }
            self.pos += 1;
        }
    }

    fn container(&mut self) -> Result<(), ScanError> {
        let mut depth = 0usize;
        while let Some(&byte) = self.src.get(self.pos) {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.pos += 1;
                        return Ok(());
                    }
                }
                _ => {}
            }
            self.pos += 1;
        }
        self.error()
    }

    /// Fails unless only white space is left.
    pub(crate) fn end(&mut self) -> Result<(), ScanError> {
        if self.peek().is_none() { Ok(()) } else { self.error() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_members_and_ranges() {
        let text = br#" {"a": {"x":[1,"}",{"y":"\"}"}]}, "b" : "q\\" ,"c":-1.5e3,"d":null } "#;
        let mut seen = Vec::new();
        let mut scanner = Scanner::new(text);
        scanner
            .object(|key, scanner| {
                let range = scanner.value()?;
                seen.push((key.to_vec(), text[range].to_vec()));
                Ok(())
            })
            .unwrap();
        scanner.end().unwrap();
        assert_eq!(seen[0].1, br#"{"x":[1,"}",{"y":"\"}"}]}"#);
        assert_eq!(seen[1].1, br#""q\\""#);
        assert_eq!(seen[2].1, b"-1.5e3");
        assert_eq!(seen[3].1, b"null");
    }

    #[test]
    fn refuses_what_is_cut_off_or_no_json() {
        for text in [
            "",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":\"",
            "{\"a\":\"\\",
            "HTTP/1.1 200",
            "[1]",
            "{,}",
        ] {
            let mut scanner = Scanner::new(text.as_bytes());
            let result = scanner.object(|_, scanner| scanner.value().map(|_| ()));
            assert!(result.is_err(), "{text:?}");
        }
    }

    #[test]
    fn empty_object_and_trailing_text() {
        let mut scanner = Scanner::new(b"{} x");
        scanner.object(|_, _| unreachable!()).unwrap();
        assert_eq!(scanner.end(), Err(ScanError(3)));
    }
}
