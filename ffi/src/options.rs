//! Options of a client: a sized struct for the common ones, JSON for every other.

use std::sync::Arc;

use bytes::Bytes;
use copilot_core::host::CallKind;
use copilot_core::{Error, Result};
use libc::{c_void, size_t};
use serde_json::{Map, Value, json};

use crate::call::{self, Call, copilot_call_fn};
use crate::error_object::owned;
use crate::input::{CStruct, copilot_str, invalid};
use crate::json;
use crate::opaque::{copilot_error, copilot_session};
use crate::user_data::{UserData, copilot_destroy_fn};

/// Where callbacks run. Events, completions and questions come one at a time and in order in every mode.
#[repr(u32)]
#[expect(dead_code, reason = "names numbers for C, which passes them as integers")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum copilot_drive {
    /// On a thread of the library that belongs to this client and does nothing else.
    COPILOT_DRIVE_THREAD = 0,
    /// On the thread that calls `copilot_client_poll`, or waits in a blocking call.
    COPILOT_DRIVE_POLL = 1,
}

/// How the runtime is reached.
#[repr(u32)]
#[expect(dead_code, reason = "names numbers for C, which passes them as integers")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum copilot_connection {
    /// As the JSON options or the environment say, else a child process over its standard input and output.
    COPILOT_CONNECTION_DEFAULT = 0,
    /// A child process over its standard input and output.
    COPILOT_CONNECTION_STDIO = 1,
    /// A child process over a TCP port it announces (or `port`).
    COPILOT_CONNECTION_TCP = 2,
    /// A runtime that runs already, at `url`.
    COPILOT_CONNECTION_URI = 3,
    /// The runtime as a library in this process.
    COPILOT_CONNECTION_INPROCESS = 4,
}

/// Receives notifications: `name` is a method name, `json` its parameters. Both are borrowed. Runs where callbacks run.
pub type copilot_notification_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, name: copilot_str, json: copilot_str)>;

/// Tells that the connection was lost without being asked to. The callback owns `error`. Runs where callbacks run.
pub type copilot_closed_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, error: *mut copilot_error)>;

/// Options of a client. Initialise with `COPILOT_CLIENT_OPTIONS_INIT`; zero is the default of every field. All text
/// is copied.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct copilot_client_options {
    /// `sizeof(copilot_client_options)`.
    pub size: size_t,
    /// A `copilot_drive`.
    pub drive: u32,
    /// A `copilot_connection`.
    pub connection: u32,
    /// Path of the runtime; absent: `COPILOT_CLI_PATH`, then the usual search.
    pub path: copilot_str,
    /// Additional arguments of the runtime, `args_len` of them.
    pub args: *const copilot_str,
    /// Number of `args`.
    pub args_len: size_t,
    /// Address of a running runtime, for `COPILOT_CONNECTION_URI`.
    pub url: copilot_str,
    /// Shared secret of a TCP runtime.
    pub connection_token: copilot_str,
    /// Port of a TCP runtime; 0 lets it choose.
    pub port: u32,
    /// 1: use the GitHub login stored on this machine, 2: do not; 0: the default.
    pub use_logged_in_user: u32,
    /// Working directory of the runtime.
    pub working_directory: copilot_str,
    /// Directory for the runtime's state.
    pub base_directory: copilot_str,
    /// "none", "error", "warning", "info", "debug" or "all".
    pub log_level: copilot_str,
    /// Token for GitHub.
    pub github_token: copilot_str,
    /// Every other option as a JSON object, merged over the fields above. `docs/host.md` lists the keys.
    pub json: copilot_str,
    /// Answers client-wide questions, and questions of sessions that have no handler of their own for them. The kinds
    /// must be declared in the JSON options, for example `{"handlers":{"listModels":true}}`. May be NULL.
    pub on_call: copilot_call_fn,
    /// Receives `session.lifecycle` notifications. May be NULL.
    pub on_lifecycle: copilot_notification_fn,
    /// Receives every other notification. May be NULL.
    pub on_notification: copilot_notification_fn,
    /// Called when the connection is lost. May be NULL.
    pub on_closed: copilot_closed_fn,
    /// Passed to the four callbacks above.
    pub user_data: *mut c_void,
    /// Frees `user_data`, exactly once, also when `copilot_client_new` fails. May be NULL.
    pub destroy: copilot_destroy_fn,
}

// SAFETY: integers, pointers and nullable function pointers; all-zero is the default; the first field is the size.
unsafe impl CStruct for copilot_client_options {
    const NAME: &'static str = "copilot_client_options";
    const LEAST: usize = size_of::<Self>();
}

/// The client-wide callbacks with their user data.
pub(crate) struct ClientCallbacks {
    on_call: copilot_call_fn,
    on_lifecycle: copilot_notification_fn,
    on_notification: copilot_notification_fn,
    on_closed: copilot_closed_fn,
    user_data: UserData,
}

impl ClientCallbacks {
    pub(crate) fn takes_calls(&self) -> bool {
        self.on_call.is_some()
    }

    pub(crate) fn call(
        &self,
        call: Arc<Call>,
        session: *mut copilot_session,
        kind: CallKind,
        name: &str,
        args: &Bytes,
    ) {
        // SAFETY: the user gave the function together with this user data.
        unsafe { call::ask(self.on_call, self.user_data.get(), call, session, kind, name, args) }
    }

    pub(crate) fn lifecycle(&self, event: &Bytes) {
        self.notify(self.on_lifecycle, "session.lifecycle", event);
    }

    pub(crate) fn notification(&self, method: &str, params: &Bytes) {
        self.notify(self.on_notification, method, params);
    }

    pub(crate) fn closed(&self, error: Error) {
        if let Some(function) = self.on_closed {
            // SAFETY: the user gave the function together with this user data.
            unsafe { function(self.user_data.get(), owned(error)) }
        }
    }

    fn notify(&self, function: copilot_notification_fn, name: &str, json: &Bytes) {
        if let Some(function) = function {
            let json = copilot_str { data: json.as_ptr().cast(), len: json.len() };
            // SAFETY: the user gave the function together with this user data; both views outlive the call.
            unsafe { function(self.user_data.get(), copilot_str::of(name), json) }
        }
    }
}

impl copilot_client_options {
    /// Takes the callbacks out, so that the user data is destroyed whatever happens next.
    pub(crate) fn callbacks(&self) -> ClientCallbacks {
        ClientCallbacks {
            on_call: self.on_call,
            on_lifecycle: self.on_lifecycle,
            on_notification: self.on_notification,
            on_closed: self.on_closed,
            user_data: UserData::new(self.user_data, self.destroy),
        }
    }

    pub(crate) fn is_threaded(&self) -> Result<bool> {
        match self.drive {
            0 => Ok(true),
            1 => Ok(false),
            other => Err(invalid(format!("drive: {other} is not a copilot_drive"))),
        }
    }

    /// The options as the engine wants them.
    ///
    /// # Safety
    /// The text views must follow the header's contract.
    pub(crate) unsafe fn to_json(self) -> Result<String> {
        let mut options = Map::new();
        // SAFETY: same contract, for this and the views below.
        if let Some(connection) = unsafe { self.connection() }? {
            options.insert("connection".into(), connection);
        }
        for (key, text) in [
            ("workingDirectory", self.working_directory),
            ("baseDirectory", self.base_directory),
            ("logLevel", self.log_level),
            ("gitHubToken", self.github_token),
        ] {
            // SAFETY: same contract.
            if let Some(text) = unsafe { text.optional(key) }? {
                options.insert(key.into(), text.into());
            }
        }
        match self.use_logged_in_user {
            0 => {}
            1 | 2 => drop(options.insert("useLoggedInUser".into(), (self.use_logged_in_user == 1).into())),
            other => return Err(invalid(format!("use_logged_in_user: {other} is not 0, 1 or 2"))),
        }
        // SAFETY: same contract.
        options.extend(json::object(unsafe { self.json.or_empty("json") }?, "json")?);
        if self.on_lifecycle.is_some() {
            match options.entry("handlers").or_insert_with(|| json!({})) {
                Value::Object(handlers) => drop(handlers.insert("lifecycle".into(), true.into())),
                _ => return Err(invalid("json: handlers must be an object")),
            }
        }
        Ok(Value::Object(options).to_string())
    }

    /// # Safety
    /// The text views must follow the header's contract.
    unsafe fn connection(&self) -> Result<Option<Value>> {
        let mut connection = Map::new();
        // SAFETY: same contract, for this and the views below.
        if let Some(path) = unsafe { self.path.optional("path") }? {
            connection.insert("path".into(), path.into());
        }
        if self.args_len != 0 {
            if self.args.is_null() || self.args_len > 1 << 16 {
                return Err(invalid("args is NULL or args_len too large"));
            }
            // SAFETY: the caller says that `args_len` views are there.
            let views = unsafe { std::slice::from_raw_parts(self.args, self.args_len) };
            // SAFETY: same contract.
            let args: Result<Vec<&str>> = views.iter().map(|view| unsafe { view.or_empty("args") }).collect();
            connection.insert("args".into(), args?.into());
        }
        for (key, text) in [("url", self.url), ("connectionToken", self.connection_token)] {
            // SAFETY: same contract.
            if let Some(text) = unsafe { text.optional(key) }? {
                connection.insert(key.into(), text.into());
            }
        }
        if self.port != 0 {
            connection.insert("port".into(), self.port.into());
        }
        let kind = match self.connection {
            0 if connection.is_empty() => return Ok(None),
            0 if connection.contains_key("url") => "uri",
            0 if connection.contains_key("port") => "tcp",
            0 | 1 => "stdio",
            2 => "tcp",
            3 => "uri",
            4 => "inprocess",
            other => return Err(invalid(format!("connection: {other} is not a copilot_connection"))),
        };
        connection.insert("kind".into(), kind.into());
        Ok(Some(connection.into()))
    }
}
