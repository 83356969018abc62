//! `sessionFs.*`: failures travel inside the result, never as an error of the call, where the protocol has room for it.

use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{guarded, read};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::time::iso8601;
use crate::rpc::Responder;
use crate::session::{Lasts, SessionCore};

/// How the names of these methods begin.
pub(super) const PREFIX: &str = "sessionFs.";

/// What an operation needs in its params.
const REQUIRED: &[(&str, &[&str])] = &[
    ("readFile", &["path"]),
    ("readFileBytes", &["path"]),
    ("writeFile", &["path", "content"]),
    ("writeFileBytes", &["path", "content"]),
    ("appendFile", &["path", "content"]),
    ("exists", &["path"]),
    ("stat", &["path"]),
    ("mkdir", &["path"]),
    ("readdir", &["path"]),
    ("readdirWithTypes", &["path"]),
    ("rm", &["path"]),
    ("rename", &["src", "dest"]),
    ("sqliteQuery", &["query", "queryType"]),
    ("sqliteExists", &[]),
    ("sqliteTransaction", &[]),
];

pub(super) fn is_known(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|method| REQUIRED.iter().any(|(known, _)| *known == method))
}

pub(super) fn request(core: Arc<SessionCore>, name: &str, params: Bytes, responder: Responder) {
    let method = name.strip_prefix(PREFIX).unwrap_or_default().to_owned();
    let params = match checked(&method, name, &params) {
        Ok(params) => params,
        Err(error) => return responder.fail(&error),
    };
    let Some(handler) = core.handlers().session_fs.clone() else {
        let text = format!("No session_fs handler registered for session: {}", core.id());
        return responder.fail(&Error::new(ErrorKind::HandlerFailed, text));
    };
    core.spawn(Lasts::Session, |context| async move {
        let given = params.get("content").unwrap_or(&Value::Null);
        let outcome = match check_bytes(method == "writeFileBytes", given) {
            Ok(()) => guarded(handler.call(&context, &method, params)).await,
            Err(error) => Err(error),
        };
        let outcome =
            outcome.and_then(|value| check_bytes(method == "readFileBytes", &value).map(|()| value));
        match answer(&method, outcome) {
            Ok(result) => responder.ok(&result.to_string()),
            Err(error) => responder.fail(&error),
        }
    });
}

fn checked(method: &str, name: &str, params: &[u8]) -> Result<Map<String, Value>> {
    let mut params: Map<String, Value> = read(name, params)?;
    params.remove("sessionId");
    let required =
        REQUIRED.iter().find(|(known, _)| *known == method).map_or(&[][..], |(_, required)| required);
    for member in required {
        if !params.get(*member).is_some_and(Value::is_string) {
            return Err(super::invalid(name, format!("{member} is missing or no text")));
        }
    }
    let flags: &[&str] = match method {
        "mkdir" => &["recursive"],
        "rm" => &["recursive", "force"],
        _ => &[],
    };
    for flag in flags {
        params.entry(*flag).or_insert(false.into());
    }
    Ok(params)
}

/// How many bytes of a file fit into one message of 64 MiB, as base64.
const LARGEST: usize = (64 * 1024 * 1024 - 1024) / 4 * 3;

/// Bytes travel both ways as base64 in its one canonical form, and no more than a message holds.
fn check_bytes(are_bytes: bool, content: &Value) -> Result<()> {
    if !are_bytes {
        return Ok(());
    }
    let content = content.as_str().unwrap_or("no text");
    let refused = |text: String| Err(Error::new(ErrorKind::InvalidArgument, text));
    if content.len() > LARGEST / 3 * 4 {
        return refused(format!("the content is larger than {LARGEST} bytes"));
    }
    match STANDARD.decode(content) {
        Ok(_) => Ok(()),
        Err(error) => refused(format!("the content is not canonical base64: {error}")),
    }
}

fn answer(method: &str, outcome: Result<Value>) -> Result<Value> {
    match outcome {
        Ok(value) => Ok(success(method, value)),
        Err(error) => failure(method, &error),
    }
}

fn success(method: &str, value: Value) -> Value {
    match method {
        "readFile" | "readFileBytes" => json!({"content": value}),
        "exists" | "sqliteExists" => json!({"exists": value == true}),
        "readdir" | "readdirWithTypes" => json!({"entries": value}),
        "stat" => value,
        "sqliteQuery" if value.is_null() => no_rows(),
        "sqliteQuery" => value,
        "sqliteTransaction" => json!({"results": value}),
        _ => Value::Null,
    }
}

fn no_rows() -> Value {
    json!({"columns": [], "rows": [], "rowsAffected": 0})
}

fn failure(method: &str, error: &Error) -> Result<Value> {
    let details = details(error);
    let is_missing = details == "ENOENT" || details["code"] == "ENOENT";
    let code = if is_missing { "ENOENT" } else { "UNKNOWN" };
    let problem = json!({"code": code, "message": error.message()});
    Ok(match method {
        "readFile" | "readFileBytes" => json!({"content": "", "error": problem}),
        "exists" | "sqliteExists" => json!({"exists": false}),
        "readdir" | "readdirWithTypes" => json!({"entries": [], "error": problem}),
        "stat" => {
            let now = iso8601(SystemTime::now());
            json!({"isFile": false, "isDirectory": false, "size": 0, "mtime": now, "birthtime": now, "error": problem})
        }
        "sqliteQuery" if error.kind() == ErrorKind::Unsupported || details["code"] == "UNSUPPORTED" => {
            let mut result = no_rows();
            let message = "SQLite is not supported by this SessionFs provider";
            result["error"] = json!({"code": "UNKNOWN", "message": message});
            result
        }
        "sqliteQuery" => return Err(error.clone()),
        "sqliteTransaction" => {
            let class = details["errorClass"].as_str().unwrap_or("fatal");
            json!({"results": [], "error": {"errorClass": class, "message": error.message()}})
        }
        _ => problem,
    })
}

fn details(error: &Error) -> Value {
    error.data().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(text: &'static str, data: Option<&str>) -> Error {
        let error = Error::new(ErrorKind::HandlerFailed, text);
        match data {
            Some(data) => error.with_data(data.to_owned()),
            None => error,
        }
    }

    #[test]
    fn success_values_get_their_shape() {
        assert_eq!(success("readFile", "x".into()), json!({"content": "x"}));
        assert_eq!(success("writeFile", "ignored".into()), Value::Null);
        assert_eq!(success("exists", true.into()), json!({"exists": true}));
        assert_eq!(success("readdir", json!(["a"])), json!({"entries": ["a"]}));
        assert_eq!(success("sqliteQuery", Value::Null), no_rows());
    }

    #[test]
    fn failures_travel_inside_the_result() {
        let missing = failed("no such file", Some(r#"{"code":"ENOENT"}"#));
        let problem = json!({"code": "ENOENT", "message": "no such file"});
        assert_eq!(failure("readFile", &missing).unwrap(), json!({"content": "", "error": problem}));
        assert_eq!(failure("writeFile", &missing).unwrap(), problem);
        assert_eq!(failure("exists", &missing).unwrap(), json!({"exists": false}));
        assert_eq!(
            failure("rm", &failed("denied", None)).unwrap(),
            json!({"code": "UNKNOWN", "message": "denied"})
        );
        let stat = failure("stat", &missing).unwrap();
        assert!(stat["isFile"] == false && stat["mtime"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn bytes_are_canonical_base64() {
        let checked = |content: &str| check_bytes(true, &content.into());
        assert!(checked("AAEC").is_ok() && checked("").is_ok());
        for content in ["AAE", "AAF=", "A A=", "AA-_"] {
            assert!(checked(content).is_err(), "{content}");
        }
        assert!(checked(&"A".repeat(LARGEST / 3 * 4 + 4)).unwrap_err().message().contains("larger than"));
        assert!(check_bytes(true, &Value::Null).is_err());
        assert!(check_bytes(false, &"A-".into()).is_ok());
        let missing = failed("no such file", Some(r#"{"code":"ENOENT"}"#));
        assert_eq!(failure("readFileBytes", &missing).unwrap()["error"]["code"], "ENOENT");
        assert_eq!(success("readFileBytes", "AAEC".into()), json!({"content": "AAEC"}));
    }

    #[test]
    fn sqlite_failures() {
        assert!(failure("sqliteQuery", &failed("syntax", None)).is_err());
        let unsupported = Error::new(ErrorKind::Unsupported, "x");
        assert_eq!(failure("sqliteQuery", &unsupported).unwrap()["error"]["code"], "UNKNOWN");
        let busy = failed("locked", Some(r#"{"errorClass":"busyOrLocked"}"#));
        let expected = json!({"results": [], "error": {"errorClass": "busyOrLocked", "message": "locked"}});
        assert_eq!(failure("sqliteTransaction", &busy).unwrap(), expected);
    }

    #[test]
    fn params_are_checked_and_completed() {
        let params = checked("rm", "sessionFs.rm", br#"{"sessionId":"s","path":"/a","force":true}"#).unwrap();
        assert_eq!(Value::Object(params), json!({"path": "/a", "force": true, "recursive": false}));
        assert!(checked("rename", "sessionFs.rename", br#"{"src":"/a"}"#).is_err());
        assert!(is_known("sessionFs.stat") && !is_known("sessionFs.zz") && !is_known("stat"));
    }
}
