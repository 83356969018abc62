//! What a client can be told about the runtime it starts or joins.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::diagnostics::redacted_debug;
use crate::protocol::common::Secret;
use crate::protocol::mistyped;

/// How to reach the runtime.
#[derive(Clone, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "lowercase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum RuntimeConnection {
    /// A child that speaks on its standard streams. The default.
    Stdio {
        /// The runtime's program; none: `COPILOT_CLI_PATH`.
        #[serde(default)]
        path: Option<String>,
        /// Arguments placed before the engine's own.
        #[serde(default)]
        args: Vec<String>,
        /// Replaces the child's environment; excludes [`ClientOptions::env`](super::ClientOptions::env).
        #[serde(default)]
        env: Option<BTreeMap<String, String>>,
    },
    /// A child that listens on a loopback port.
    Tcp {
        /// 0 lets the system choose.
        #[serde(default)]
        port: u16,
        /// Presented when connecting; none: a random one.
        #[serde(default)]
        connection_token: Option<Secret>,
        /// As for stdio.
        #[serde(default)]
        path: Option<String>,
        /// As for stdio.
        #[serde(default)]
        args: Vec<String>,
        /// As for stdio.
        #[serde(default)]
        env: Option<BTreeMap<String, String>>,
    },
    /// A runtime somebody else started. It is never shut down.
    Uri {
        /// `port`, `host:port`, or either after `http://`.
        url: String,
        /// Presented when connecting.
        #[serde(default)]
        connection_token: Option<Secret>,
    },
    /// The runtime that started this process and speaks on its standard streams: for extensions. The program must write
    /// nothing else to its standard output, and read nothing from its standard input.
    #[serde(rename = "parent-process")]
    ParentProcess {},
    /// The runtime's library inside this process; with the feature `inprocess`.
    Inprocess {
        /// The library itself, or the runtime's program, beside which the library is looked for; none: `COPILOT_CLI_PATH`.
        #[serde(default)]
        path: Option<String>,
    },
}

// As `{"kind": …, …}`, by hand: the derived reader of tagged values cannot say which member is wrong.
impl<'de> Deserialize<'de> for RuntimeConnection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        mistyped::read_tagged(deserializer, "kind", |reader| Self::deserialize(reader))
    }
}

impl Serialize for RuntimeConnection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        mistyped::write_tagged(serializer, "kind", Self::serialize(self, serde_json::value::Serializer))
    }
}

impl RuntimeConnection {
    /// A stdio child at `path`.
    #[must_use]
    pub fn stdio(path: impl Into<String>) -> Self {
        Self::Stdio { path: Some(path.into()), args: Vec::new(), env: None }
    }
}

/// What the runtime child gets of the host's telemetry settings. Only what is set travels.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TelemetryConfig {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`
    pub otlp_endpoint: Option<String>,
    /// `OTEL_EXPORTER_OTLP_PROTOCOL`: `http/json` or `http/protobuf`
    pub otlp_protocol: Option<String>,
    /// `COPILOT_OTEL_FILE_EXPORTER_PATH`
    pub file_path: Option<String>,
    /// `COPILOT_OTEL_EXPORTER_TYPE`: `otlp-http` or `file`
    pub exporter_type: Option<String>,
    /// `COPILOT_OTEL_SOURCE_NAME`
    pub source_name: Option<String>,
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`
    pub capture_content: Option<bool>,
}

/// Where the runtime keeps session state when the host provides the files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionFsOptions {
    /// Working directory of sessions, not empty.
    #[serde(default)]
    pub initial_cwd: String,
    /// Path of the state inside each session's file system, not empty.
    #[serde(default)]
    pub session_state_path: String,
    /// `posix` or `windows`.
    #[serde(default)]
    pub conventions: String,
    /// What the providers can do beyond files, passed on as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Value>,
    /// A ready store for sessions that bring no handler of their own; the runtime is not told. In JSON also a URL alone.
    #[serde(default, skip_serializing, deserialize_with = "store_or_url")]
    pub store: Option<SessionFsStore>,
    /// Sessions in the store have one owner at a time. The runtime is not told.
    #[serde(default, skip_serializing)]
    pub lease: Option<LeaseOptions>,
}

impl SessionFsOptions {
    /// What the runtime is told: the ready stores serve the database of a session too, where this build can.
    pub(crate) fn declared(&self) -> Self {
        let mut told = self.clone();
        if cfg!(feature = "sqlite") && told.store.is_some() {
            told.capabilities.get_or_insert_with(|| json!({"sqlite": true}));
        }
        told
    }
}

/// How a client owns the sessions that it opens: nobody else opens them meanwhile, and an owner that was cut off cannot
/// write any more once somebody took over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeaseOptions {
    /// What others read of the owner; without it the name of the machine and the process id.
    #[serde(default)]
    pub owner: Option<String>,
    /// Milliseconds for which others wait when nothing is heard of the owner, 1000 at least; 30000 without it. The owner
    /// says three times as often that it is alive.
    #[serde(default)]
    pub ttl_ms: Option<u64>,
    /// Milliseconds for which opening a session waits for its owner to leave, or to be silent for its time; without it
    /// opening fails at once.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// A ready store for session files. Sessions share it and do not see each other's files.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum SessionFsStore {
    /// In memory, as long as the client lives.
    Memory,
    /// In a folder of this machine, made when it is not there.
    Folder {
        /// Path of the folder.
        path: String,
    },
    /// In a store that is reached by URL, in builds with the feature `stores`: `s3://bucket/folder`, `azblob://`, `gcs://`,
    /// `redis://`, `postgresql://`; with the feature `opendal` alone, in those services that the program builds in.
    Url {
        /// Names the store.
        url: String,
        /// Options of OpenDAL's service, for example `region`; of Redis `root`, of PostgreSQL `table`.
        #[serde(default)]
        options: BTreeMap<String, String>,
    },
}

impl SessionFsStore {
    /// The store that a URL names: `memory:`, `file:///folder`, or one of those that are reached by URL.
    #[must_use]
    pub fn from_url(url: &str) -> Self {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        match scheme {
            "memory" => Self::Memory,
            "file" => Self::Folder { path: rest.strip_prefix("//").unwrap_or(rest).to_owned() },
            _ => Self::Url { url: url.to_owned(), options: BTreeMap::new() },
        }
    }
}

fn store_or_url<'de, D: Deserializer<'de>>(given: D) -> Result<Option<SessionFsStore>, D::Error> {
    struct Given;
    impl<'de> Visitor<'de> for Given {
        type Value = Option<SessionFsStore>;

        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("a URL, or an object with a kind")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_str<E: de::Error>(self, url: &str) -> Result<Self::Value, E> {
            Ok(Some(SessionFsStore::from_url(url)))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            SessionFsStore::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
    given.deserialize_any(Given)
}

redacted_debug!(RuntimeConnection, TelemetryConfig, SessionFsStore);

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn what_serde_itself_says_can_be_read() {
        let read = |value| serde_json::from_value::<RuntimeConnection>(value).unwrap_err().to_string();
        let inside = read(json!({"kind": "stdio", "args": [5]}));
        assert_eq!(inside, "in `/args/0`: invalid type: integer `5`, expected a string");
        assert_eq!(read(json!({"kind": "uri"})), "missing field `url`");
        assert!(read(json!({"kind": "pipe"})).starts_with("in `/kind`: unknown variant `pipe`"));
    }

    #[test]
    fn stores_are_objects_or_urls() {
        let read = |store| {
            let files =
                json!({"initialCwd": "/", "sessionStatePath": "/s", "conventions": "posix", "store": store});
            serde_json::from_value::<SessionFsOptions>(files).map(|files| files.store)
        };
        assert!(read(json!(null)).unwrap().is_none());
        assert!(matches!(read(json!("memory:")).unwrap(), Some(SessionFsStore::Memory)));
        for folder in [json!("file:///a/b"), json!("file:/a/b"), json!({"kind": "folder", "path": "/a/b"})] {
            let Some(SessionFsStore::Folder { path }) = read(folder).unwrap() else { panic!("no folder") };
            assert_eq!(path, "/a/b");
        }
        let given = json!({"kind": "url", "url": "s3://bucket", "options": {"region": "x"}});
        for store in [json!("s3://bucket"), given] {
            let Some(SessionFsStore::Url { url, .. }) = read(store).unwrap() else { panic!("no URL") };
            assert_eq!(url, "s3://bucket");
        }
        let error = read(json!(5)).unwrap_err().to_string();
        assert!(error.contains("a URL, or an object with a kind"), "{error}");
    }

    #[test]
    fn connections_are_written_as_they_are_read() {
        let text = json!({"kind": "uri", "url": "1", "connectionToken": null});
        let read: RuntimeConnection = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), text);
        let parent: RuntimeConnection = serde_json::from_value(json!({"kind": "parent-process"})).unwrap();
        assert_eq!(serde_json::to_value(&parent).unwrap(), json!({"kind": "parent-process"}));
    }
}
