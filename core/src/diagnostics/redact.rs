//! Secrets do not show: not in logs, not in `Debug` output, not in error messages.
//!
//! Two nets. By **place**: members of JSON that hold secrets by their name are replaced, whatever they hold. By **value**:
//! secrets that the engine was given are looked for in text that comes from elsewhere, such as what the runtime writes to
//! standard error or says in an error.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{LazyLock, PoisonError, RwLock};

use memchr::memmem::Finder;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::protocol::method;

/// Stands in for a secret.
const HIDDEN: &str = "[redacted]";
/// Shorter texts are not looked for: they would be found in words.
const SHORTEST: usize = 8;
/// How many secrets are remembered; the oldest are forgotten first.
const MOST: usize = 1024;

/// Members whose name ends so, letters and digits only and in lower case, are secret.
const NAME_ENDS: &[&str] = &[
    "token",
    "tokentorenew",
    "apikey",
    "apikeycommand",
    "secret",
    "secrets",
    "password",
    "passphrase",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "privatekey",
];
/// Members whose values are secret, whatever they are called.
const SECRET_MAPS: &[&str] = &["env", "headers", "requestheaders", "forwardheaders"];
/// Environment variables with one of these in their name are secret.
const VARIABLES: &[&str] =
    &["TOKEN", "SECRET", "PASSWORD", "PASSWD", "KEY", "CREDENTIAL", "AUTH", "HEADERS", "COOKIE"];

/// Large members of a session's configuration that hold no secrets.
const LARGE: &[&str] = &["tools", "systemMessage", "commands", "canvases", "expAssignments"];
/// What may stand in front of a secret in a header.
const SCHEMES: &[&str] = &["bearer", "basic", "token"];
/// What the parameters of an address that are secret may also be called.
const IN_ADDRESSES: &[&str] = &["key", "sig", "signature", "sas", "code"];
/// The method by which a program tells the runtime what is secret, and the member that holds it.
const FILTER: (&str, &str) = ("secrets.addFilterValues", "values");
/// The type of its parameters.
#[cfg(feature = "types")]
const FILTER_TYPE: &str = "SecretsAddFilterValuesRequest";
/// Calls whose secrets are learned where they are made, beside the answers of handlers; their parameters may be large.
const LEARNED: &[&str] = &[method::SESSION_SEND, method::SESSION_CREATE, method::SESSION_RESUME];
/// JSON text without any of these, in lower case, holds nothing at the places of secrets.
const STEMS: &[&str] =
    &["token", "key", "secret", "pass", "authoriz", "cookie", "credential", "env", "headers", "://"];

/// Looks for each of them; made once, as making one takes longer than most calls' parameters.
static FINDERS: LazyLock<Vec<Finder<'static>>> =
    LazyLock::new(|| STEMS.iter().map(|stem| Finder::new(*stem)).collect());

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn is_secret_name(name: &str) -> bool {
    let name = plain(name);
    NAME_ENDS.iter().any(|end| name.ends_with(end))
}

fn is_secret_map(name: &str) -> bool {
    SECRET_MAPS.contains(&plain(name).as_str())
}

/// Whether members of that name hold secrets.
pub(crate) fn is_secret_place(name: &str) -> bool {
    is_secret_name(name) || is_secret_map(name)
}

/// Replaces what is secret by its place.
fn redact(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if is_secret_place(name) {
                    hide_all(member);
                } else {
                    redact(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::String(text) => {
            for secret in in_address(text).into_iter().rev() {
                text.replace_range(secret, HIDDEN);
            }
        }
        _ => {}
    }
}

fn hide_all(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(hide_all),
        Value::Array(items) => items.iter_mut().for_each(hide_all),
        Value::Null | Value::Bool(_) => {}
        Value::String(text) if text.is_empty() => {}
        _ => *value = HIDDEN.into(),
    }
}

/// Where an address holds secrets: name and password in front of its host, and parameters by their names.
fn in_address(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(start) = text.find("://").map(|at| at + 3) else { return found };
    let host = text[start..].find(['/', '?', '#', ' ']).map_or(text.len(), |end| start + end);
    if let Some(at) = text[start..host].rfind('@') {
        found.push(start..start + at);
    }
    let Some(query) = text[host..].find('?').map(|at| host + at + 1) else { return found };
    let mut at = query;
    for part in text[query..].split(['&', '#', ' ']) {
        let end = at + part.len();
        if let Some((name, value)) = part.split_once('=')
            && !value.is_empty()
            && (is_secret_name(name) || IN_ADDRESSES.contains(&plain(name).as_str()))
        {
            found.push(end - value.len()..end);
        }
        at = end + 1;
    }
    found
}

/// The JSON of a value without its secrets, for `Debug`.
pub(crate) fn redacted(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(mut value) => {
            redact(&mut value);
            value.to_string()
        }
        Err(error) => describe(&error),
    }
}

/// The same for a type of the protocol.
#[cfg(feature = "types")]
pub(crate) fn redacted_type(name: &str, mut value: Value) -> String {
    if name == FILTER_TYPE {
        hide_all(&mut value[FILTER.1]);
    }
    redacted(&value)
}

/// A message without its secrets, by place and by value; none when it is no JSON.
pub(crate) fn shown(body: &[u8], secrets: &Secrets) -> Option<String> {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            if value["method"] == FILTER.0
                && let Some(values) = value.pointer_mut("/params").and_then(|params| params.get_mut(FILTER.1))
            {
                hide_all(values);
            }
            redact(&mut value);
            Some(secrets.hide(&value.to_string()).into_owned())
        }
        Err(_) => None,
    }
}

/// What is wrong with JSON text, without the text itself: an error of serde quotes the value it did not expect.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("string \"") {
        out.push_str(&rest[..at + "string".len()]);
        let quoted = &rest[at + "string \"".len()..];
        rest = &quoted[end_of_quoted(quoted)..];
    }
    out.push_str(rest);
    out
}

/// Where the text that follows an opening quote goes on after the closing one.
fn end_of_quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// Secrets that the engine was given.
#[derive(Default)]
pub(crate) struct Secrets(RwLock<Known>);

#[derive(Default)]
struct Known {
    /// Longest first, so that none hides a part of another. With the number of its arrival.
    texts: Vec<(u64, String)>,
    next: u64,
}

impl Secrets {
    /// Remembers a secret.
    pub(crate) fn learn(&self, secret: &str) {
        let quoted = Value::from(secret).to_string();
        let escaped = &quoted[1..quoted.len() - 1];
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.learn(secret);
        if escaped != secret {
            known.learn(escaped);
        }
    }

    /// Remembers the secrets of an environment; most variables hold none.
    pub(crate) fn learn_environment<'a>(&self, env: impl Iterator<Item = (&'a String, &'a String)>) {
        for (name, value) in env {
            let name = name.to_ascii_uppercase();
            if VARIABLES.iter().any(|part| name.contains(part)) {
                self.learn(value);
            }
            self.learn_address(value);
        }
    }

    /// Remembers what a configuration holds at the places of secrets.
    pub(crate) fn learn_config(&self, members: &Map<String, Value>) {
        for (name, member) in members.iter().filter(|(name, _)| !LARGE.contains(&name.as_str())) {
            self.learn_member(name, member);
        }
    }

    /// Remembers the headers of one message.
    pub(crate) fn learn_headers(&self, message: &Map<String, Value>) {
        if let Some(Value::Object(headers)) = message.get("requestHeaders") {
            self.learn_all(headers.values());
        }
    }

    /// Remembers what the parameters of a call hold at the places of secrets. Looks only where one may be.
    pub(crate) fn learn_call(&self, method: &str, params: &str) {
        if params.len() < SHORTEST || LEARNED.contains(&method) || method.contains(".handlePending") {
            return;
        }
        let lower = params.to_ascii_lowercase();
        if method != FILTER.0 && !FINDERS.iter().any(|stem| stem.find(lower.as_bytes()).is_some()) {
            return;
        }
        let Ok(Value::Object(params)) = serde_json::from_str(params) else { return };
        self.learn_config(&params);
        if method == FILTER.0 {
            self.learn_all(params.get(FILTER.1).and_then(Value::as_array).into_iter().flatten());
        }
    }

    fn learn_member(&self, name: &str, member: &Value) {
        match member {
            Value::Object(members) if is_secret_map(name) => self.learn_all(members.values()),
            Value::Object(members) => self.learn_config(members),
            Value::Array(items) => items.iter().for_each(|item| self.learn_member(name, item)),
            Value::String(secret) if is_secret_name(name) => self.learn(secret),
            Value::String(text) => self.learn_address(text),
            _ => {}
        }
    }

    /// Remembers the secrets of an address; of a name and a password also the latter alone.
    pub(crate) fn learn_address(&self, text: &str) {
        for secret in in_address(text) {
            let secret = &text[secret];
            self.learn(secret);
            if let Some((_, password)) = secret.split_once(':') {
                self.learn(password);
            }
        }
    }

    fn learn_all<'a>(&self, values: impl Iterator<Item = &'a Value>) {
        values.filter_map(Value::as_str).for_each(|secret| self.learn(secret));
    }

    /// The text without the secrets that are known.
    pub(crate) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = Cow::Borrowed(text);
        for (_, secret) in &known.texts {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), HIDDEN).into();
            }
        }
        text
    }
}

impl Known {
    fn learn(&mut self, secret: &str) {
        // A header's value names its scheme first; the secret is found without it, too.
        let secret = secret.trim();
        let is_scheme = |word: &str| SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        let bare = secret
            .split_once(' ')
            .filter(|(word, _)| is_scheme(word))
            .map_or(secret, |(_, rest)| rest.trim());
        for text in [secret, bare] {
            if text.len() < SHORTEST || self.texts.iter().any(|(_, known)| known == text) {
                continue;
            }
            if self.texts.len() >= MOST
                && let Some(oldest) = (0..MOST).min_by_key(|at| self.texts[*at].0)
            {
                self.texts.remove(oldest);
            }
            let place = self.texts.partition_point(|(_, known)| known.len() >= text.len());
            self.texts.insert(place, (self.next, text.to_owned()));
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn places_of_secrets_are_emptied() {
        let mut value = json!({
            "gitHubToken": "s1", "provider": {"apiKey": "s2", "bearer_token": "s3", "baseUrl": "https://me:s4@host/v1"},
            "mcpServers": {"a": {"env": {"X": "s5"}, "headers": {"Authorization": ["s6"]}, "command": "run"}},
            "request-headers": {"n": 7}, "outputTokens": 3, "mcpOAuthTokenStorage": "in-memory", "token": null,
        });
        redact(&mut value);
        let text = value.to_string();
        assert!((1..7).all(|n| !text.contains(&format!("s{n}"))) && !text.contains('7'), "{text}");
        assert_eq!(value["provider"]["baseUrl"], "https://[redacted]@host/v1");
        assert_eq!((&value["outputTokens"], &value["token"]), (&json!(3), &Value::Null));
        assert_eq!(value["mcpServers"]["a"]["command"], "run");
        assert_eq!(value["mcpOAuthTokenStorage"], "in-memory");
    }

    #[test]
    fn addresses_lose_what_is_secret_in_them() {
        for (address, shown) in [
            (
                "https://h/p?a=1&api-key=s1&sig=s2#top",
                "https://h/p?a=1&api-key=[redacted]&sig=[redacted]#top",
            ),
            (
                "http://me:s1@h?access_token=s2 and more",
                "http://[redacted]@h?access_token=[redacted] and more",
            ),
            ("https://h?token=&q=x", "https://h?token=&q=x"),
            ("what? key=x", "what? key=x"),
            ("mailto:a@b", "mailto:a@b"),
        ] {
            let mut value = json!([address]);
            redact(&mut value);
            assert_eq!(value, json!([shown]));
        }
        let secrets = Secrets::default();
        secrets.learn_config(
            json!({"proxy": {"url": "http://me:pass-word@h/?sig=signature"}}).as_object().unwrap(),
        );
        assert_eq!(secrets.hide("pass-word, signature, me"), "[redacted], [redacted], me");
    }

    #[test]
    fn calls_teach_their_secrets() {
        let secrets = Secrets::default();
        secrets.learn_call("account.login", r#"{"host":"github.com","token":"secret-one"}"#);
        secrets.learn_call("mcp.config.add", r#"{"config":{"X-Y":{"request_headers":{"a":"secret-two"}}}}"#);
        secrets.learn_call("x", r#"{"API-KEY":"secret-three"}"#);
        secrets.learn_call(FILTER.0, r#"{"values":["secret-four"]}"#);
        secrets.learn_call("ping", r#"{"values":["secret-five"]}"#);
        let text = "secret-one secret-two secret-three secret-four secret-five";
        assert_eq!(secrets.hide(text), "[redacted] [redacted] [redacted] [redacted] secret-five");
        let message = json!({"method": FILTER.0, "params": {"values": ["new-secret", "s"]}}).to_string();
        let told = shown(message.as_bytes(), &Secrets::default()).unwrap();
        assert!(told.contains(r#"["[redacted]","[redacted]"]"#), "{told}");
    }

    #[test]
    fn every_secret_place_has_a_stem() {
        for name in NAME_ENDS.iter().chain(SECRET_MAPS) {
            assert!(STEMS.iter().any(|stem| name.contains(stem)), "{name}");
        }
    }

    #[test]
    fn known_secrets_are_found_in_any_text() {
        let secrets = Secrets::default();
        secrets.learn("long-secret");
        secrets.learn("long-secret-and-more");
        secrets.learn("with \"quotes\" in it");
        secrets.learn("short");
        secrets.learn("Bearer scheme-secret");
        assert_eq!(secrets.hide("a long-secret-and-more b"), "a [redacted] b");
        assert_eq!(secrets.hide(r#"{"x":"with \"quotes\" in it"}"#), r#"{"x":"[redacted]"}"#);
        assert_eq!(secrets.hide("got scheme-secret"), "got [redacted]");
        assert!(matches!(secrets.hide("short and long-sec"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let secrets = Secrets::default();
        for n in 0..=MOST {
            secrets.learn(&format!("secret number {n}"));
            secrets.learn(&format!("secret number {n}"));
        }
        assert!(secrets.0.read().unwrap().texts.len() <= MOST);
        assert_eq!(secrets.hide("number 0!"), "number 0!");
        assert_eq!(secrets.hide(&format!("secret number {MOST}")), HIDDEN);
    }

    #[test]
    fn environments_and_configurations() {
        let secrets = Secrets::default();
        let env = std::collections::BTreeMap::from(
            [
                ("GH_TOKEN", "secret-one"),
                ("PATH", "/usr/bin:/bin"),
                ("HTTPS_PROXY", "http://me:secret-four@p"),
            ]
            .map(|(a, b)| (a.to_owned(), b.to_owned())),
        );
        secrets.learn_environment(env.iter());
        let config = json!({"providers": [{"apiKey": "secret-two"}], "mcpServers": {"m": {"env": {"A": "secret-three"}}}});
        secrets.learn_config(config.as_object().unwrap());
        let text = "secret-one secret-two secret-three secret-four /usr/bin:/bin";
        assert_eq!(secrets.hide(text), "[redacted] [redacted] [redacted] [redacted] /usr/bin:/bin");
    }

    #[test]
    fn errors_of_serde_quote_nothing() {
        #[derive(Debug, serde::Deserialize)]
        struct Small {
            #[allow(dead_code)]
            n: u8,
        }
        let error = serde_json::from_str::<Small>(r#"{"n":"se\"cr\\et\" x"}"#).unwrap_err();
        let text = describe(&error);
        assert!(text.starts_with("invalid type: string, expected u8 at line 1"), "{text}");
        let other = serde_json::from_str::<Small>("{}").unwrap_err();
        assert_eq!(describe(&other), other.to_string());
    }
}
