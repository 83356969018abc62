//! The address of a runtime somebody else started.

use crate::error::{Result, reasons};

/// Reads `port`, `host:port` or `[ipv6]:port`, each also after `http://` or `https://`.
pub(crate) fn parse_uri(url: &str) -> Result<(String, u16)> {
    let url = url.trim_end();
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).unwrap_or(url);
    let format = || reasons::url_format(url);
    if !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(("localhost".to_owned(), port(rest, url)?));
    }
    if let Some((address, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let digits = after.strip_prefix(':').ok_or_else(format)?;
        address.parse::<std::net::Ipv6Addr>().map_err(|_| format())?;
        return Ok((address.to_owned(), port(digits, url)?));
    }
    let (host, digits) = rest.split_once(':').ok_or_else(format)?;
    if digits.contains(':') {
        return Err(format());
    }
    let host = if host.is_empty() { "localhost" } else { host };
    Ok((host.to_owned(), port(digits, url)?))
}

fn port(digits: &str, url: &str) -> Result<u16> {
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = if valid { digits.parse::<u16>().ok() } else { None };
    number.filter(|port| *port != 0).ok_or_else(|| reasons::url_port(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted() {
        for (url, host, port) in [
            ("3000", "localhost", 3000),
            ("h:1 \n", "h", 1),
            ("http://3000", "localhost", 3000),
            ("https://h:1", "h", 1),
            ("127.0.0.1:8080", "127.0.0.1", 8080),
            (":3000", "localhost", 3000),
            ("03000", "localhost", 3000),
            ("user@host:30", "user@host", 30),
            ("[::1]:80", "::1", 80),
        ] {
            assert_eq!(parse_uri(url).unwrap(), (host.to_owned(), port), "{url}");
        }
    }

    #[test]
    fn refused() {
        for (url, what) in [
            ("host", "format"),
            ("", "format"),
            (" 3000", "format"),
            ("-1", "format"),
            ("ws://h:1", "format"),
            ("HTTP://h:1", "format"),
            ("::1:80", "format"),
            ("[zz]:80", "format"),
            ("host:", "port"),
            ("host:abc", "port"),
            ("http://host:3000/", "port"),
            ("0", "port"),
            ("65536", "port"),
            ("host:-5", "port"),
            ("host:+30", "port"),
        ] {
            let error = parse_uri(url).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains(&format!("{url:?}")), "{url}: {error}");
        }
    }
}
