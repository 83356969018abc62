//! What the generated types stand on. Written by hand.
//!
//! A type reads itself from a parsed JSON value and writes itself back. Nothing is lost on the way: what a
//! type does not know stays in its `extra` (explicit nulls of optional fields too), unknown enum values and
//! variants are kept as they came. Reading needs no code of its own per type and serializer, so two thousand
//! types compile in seconds; the code of a type is only generated where a program uses it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
pub use serde_json::{Map, Value};

use crate::Error;
use crate::diagnostics::redacted_type;

/// Fields of an object that its type does not know, and explicit nulls of optional fields.
pub type Extra = Map<String, Value>;

/// Why a value does not fit its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireError(String);

impl WireError {
    /// An error with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn inside(self, place: &str) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WireError {}

/// A value of the protocol.
pub trait Wire: Sized {
    /// Reads the value.
    fn read(value: Value) -> Result<Self, WireError>;
    /// Writes the value.
    fn write(&self) -> Value;
    /// What stands for a value that did not come: empty, zero, false, or unrecognized.
    fn absent() -> Self;

    /// Reads what fits. What does not is [`absent`](Self::absent); as a field of an object it is kept in `extra`.
    fn read_leniently(value: Value) -> Self {
        Self::read(value).unwrap_or_else(|_| Self::absent())
    }

    /// Reads JSON text, lone surrogates included.
    fn from_json(text: &[u8]) -> Result<Self, WireError> {
        Self::read(super::surrogates::parse(text)?)
    }

    /// Writes JSON text.
    fn to_json(&self) -> String {
        super::surrogates::print(&self.write())
    }
}

fn unexpected<T>(expected: &str, value: &Value) -> Result<T, WireError> {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Err(WireError::new(format!("expected {expected}, got {found}")))
}

impl Wire for Value {
    fn read(value: Value) -> Result<Self, WireError> {
        Ok(value)
    }
    fn write(&self) -> Value {
        self.clone()
    }
    fn absent() -> Self {
        Self::Null
    }
}

impl Wire for () {
    fn read(_: Value) -> Result<Self, WireError> {
        Ok(())
    }
    fn write(&self) -> Value {
        Value::Null
    }
    fn absent() -> Self {}
}

impl Wire for String {
    fn read(value: Value) -> Result<Self, WireError> {
        match value {
            Value::String(text) => Ok(text),
            other => unexpected("a string", &other),
        }
    }
    fn write(&self) -> Value {
        Value::String(self.clone())
    }
    fn absent() -> Self {
        Self::new()
    }
}

impl Wire for bool {
    fn read(value: Value) -> Result<Self, WireError> {
        value.as_bool().map_or_else(|| unexpected("a boolean", &value), Ok)
    }
    fn write(&self) -> Value {
        Value::Bool(*self)
    }
    fn absent() -> Self {
        false
    }
}

impl Wire for i64 {
    fn read(value: Value) -> Result<Self, WireError> {
        if let Some(number) = value.as_i64() {
            return Ok(number);
        }
        match value.as_f64() {
            // A float that is whole and small enough to be exact.
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => Ok(float as Self),
            _ => unexpected("an integer", &value),
        }
    }
    fn write(&self) -> Value {
        Value::from(*self)
    }
    fn absent() -> Self {
        0
    }
}

impl Wire for f64 {
    fn read(value: Value) -> Result<Self, WireError> {
        value.as_f64().map_or_else(|| unexpected("a number", &value), Ok)
    }
    /// Whole numbers are written without a fraction, as the runtime does.
    fn write(&self) -> Value {
        if self.fract() == 0.0 && self.abs() < 9e15 { Value::from(*self as i64) } else { Value::from(*self) }
    }
    fn absent() -> Self {
        0.0
    }
}

impl<T: Wire> Wire for Option<T> {
    fn read(value: Value) -> Result<Self, WireError> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }
    fn absent() -> Self {
        None
    }
    fn read_leniently(value: Value) -> Self {
        (!value.is_null()).then(|| T::read_leniently(value))
    }
}

impl<T: Wire> Wire for Box<T> {
    fn read(value: Value) -> Result<Self, WireError> {
        T::read(value).map(Self::new)
    }
    fn write(&self) -> Value {
        (**self).write()
    }
    fn absent() -> Self {
        Self::new(T::absent())
    }
    fn read_leniently(value: Value) -> Self {
        Self::new(T::read_leniently(value))
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read(value: Value) -> Result<Self, WireError> {
        match value {
            Value::Array(list) => list.into_iter().map(T::read).collect(),
            other => unexpected("an array", &other),
        }
    }
    fn write(&self) -> Value {
        Value::Array(self.iter().map(T::write).collect())
    }
    fn absent() -> Self {
        Self::new()
    }
    fn read_leniently(value: Value) -> Self {
        match value {
            Value::Array(list) => list.into_iter().map(T::read_leniently).collect(),
            _ => Self::new(),
        }
    }
}

impl<T: Wire> Wire for BTreeMap<String, T> {
    fn read(value: Value) -> Result<Self, WireError> {
        match value {
            Value::Object(map) => map.into_iter().map(|(key, value)| Ok((key, T::read(value)?))).collect(),
            other => unexpected("an object", &other),
        }
    }
    fn write(&self) -> Value {
        Value::Object(self.iter().map(|(key, value)| (key.clone(), value.write())).collect())
    }
    fn absent() -> Self {
        Self::new()
    }
    fn read_leniently(value: Value) -> Self {
        match value {
            Value::Object(map) => {
                map.into_iter().map(|(key, value)| (key, T::read_leniently(value))).collect()
            }
            _ => Self::new(),
        }
    }
}

/// The fields of an object being read.
#[derive(Debug)]
pub struct Fields {
    map: Extra,
    owner: &'static str,
}

impl Fields {
    /// Opens an object.
    pub fn open(value: Value, owner: &'static str) -> Result<Self, WireError> {
        match value {
            Value::Object(map) => Ok(Self { map, owner }),
            other => unexpected("an object", &other).map_err(|e: WireError| e.inside(owner)),
        }
    }

    fn at(&self, key: &str) -> String {
        format!("{}.{key}", self.owner)
    }

    /// A field that must be there.
    pub fn required<T: Wire>(&mut self, key: &str) -> Result<T, WireError> {
        let Some(value) = self.map.remove(key) else {
            return Err(WireError::new(format!("{} is missing", self.at(key))));
        };
        T::read(value).map_err(|e| e.inside(&self.at(key)))
    }

    /// A field that is always sent but may be null.
    pub fn nullable<T: Wire>(&mut self, key: &str) -> Result<Option<T>, WireError> {
        match self.map.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::read(value).map(Some).map_err(|e| e.inside(&self.at(key))),
        }
    }

    /// A field that may be left out; an explicit null stays among the extra fields.
    pub fn optional<T: Wire>(&mut self, key: &str) -> Result<Option<T>, WireError> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.nullable(key),
        }
    }

    /// Opens whatever came in place of an object.
    pub fn open_leniently(value: Value, owner: &'static str) -> Self {
        let map = if let Value::Object(map) = value { map } else { Map::new() };
        Self { map, owner }
    }

    /// A field that should be there; what of it does not fit stays among the extra fields.
    pub fn lenient<T: Wire>(&mut self, key: &str) -> T {
        let Some(value) = self.map.remove(key) else { return T::absent() };
        if let Ok(read) = T::read(value.clone()) {
            return read;
        }
        let read = T::read_leniently(value.clone());
        if read.write() != value {
            self.map.insert(key.to_owned(), value);
        }
        read
    }

    /// A field that may be missing; the same.
    pub fn lenient_optional<T: Wire>(&mut self, key: &str) -> Option<T> {
        match self.map.get(key) {
            None | Some(Value::Null) => None,
            Some(_) => Some(self.lenient(key)),
        }
    }

    /// A field with one possible value; any other is kept among the extra fields.
    pub fn constant(&mut self, key: &str, expected: &Value) {
        if self.map.get(key) == Some(expected) {
            self.map.remove(key);
        }
    }

    /// What nobody asked for.
    pub fn rest(self) -> Extra {
        self.map
    }
}

/// Writes a field that is always sent; in its place what came and could not be read, until the field is set.
pub fn put<T: Wire>(map: &mut Extra, key: &str, value: &T) {
    let value = value.write();
    if !map.contains_key(key) || value != T::absent().write() {
        map.insert(key.to_owned(), value);
    }
}

/// Writes a field with one possible value, unless another was read.
pub fn put_constant(map: &mut Extra, key: &str, value: Value) {
    map.entry(key).or_insert(value);
}

/// Equal when both write the same.
pub fn same<T: Wire>(one: &T, other: &T) -> bool {
    one.write() == other.write()
}

/// Shows the name and the JSON, secrets left out.
pub fn show<T: Wire>(value: &T, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{name} {}", redacted_type(name, value.write()))
}

/// Bridges [`Wire`] to serde.
pub fn serialize<T: Wire, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&value.write(), serializer)
}

/// Bridges serde to [`Wire`].
pub fn deserialize<'de, T: Wire, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(serde::Deserialize::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Writes an optional field over what was kept for it.
pub fn put_optional<T: Wire>(map: &mut Extra, key: &str, value: &Option<T>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.write());
    }
}

/// The text of the property that tells variants apart.
pub fn tag_text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    match value.get(key)? {
        Value::String(text) => Some(text),
        Value::Bool(true) => Some("true"),
        Value::Bool(false) => Some("false"),
        _ => None,
    }
}

/// How typed namespaces reach the runtime.
pub trait RpcCaller: Send + Sync {
    /// Sends a request with these parameters (JSON text) and gives the bytes of the result.
    fn call(
        &self,
        method: &'static str,
        params: String,
    ) -> Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send + '_>>;
}

/// One namespace: who calls, and for which session.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    caller: &'a dyn RpcCaller,
    session: Option<&'a str>,
}

impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("session", &self.session).finish_non_exhaustive()
    }
}

impl<'a> Target<'a> {
    /// Methods of the runtime itself.
    pub fn server(caller: &'a dyn RpcCaller) -> Self {
        Self { caller, session: None }
    }

    /// Methods of one session; every call carries its id.
    pub fn session(caller: &'a dyn RpcCaller, session: &'a str) -> Self {
        Self { caller, session: Some(session) }
    }

    /// Sends `params` and reads the result. The runtime has done the work by then, so that the answer is not refused for
    /// its shape: a field that is missing, or not what it is declared to be, is empty, and what came is in `extra`.
    pub async fn call<R: Wire>(self, method: &'static str, params: Option<Value>) -> Result<R, Error> {
        let mut params = match params {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        if let Some(session) = self.session {
            params.insert("sessionId".to_owned(), Value::from(session));
        }
        let text = super::surrogates::print(&Value::Object(params));
        let bytes = self.caller.call(method, text).await?;
        super::caller::result(method, &bytes)
    }
}

macro_rules! object {
    ($(#[$meta:meta])* $name:ident {
        required { $($r:ident: $rt:ty = $rw:literal,)* }
        nullable { $($n:ident: $nt:ty = $nw:literal,)* }
        optional { $($o:ident: $ot:ty = $ow:literal,)* }
        constant { $($cw:literal = $cv:literal,)* }
    }) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name {
            $(#[doc = concat!("`", $rw, "`")] pub $r: $rt,)*
            $(#[doc = concat!("`", $nw, "`")] pub $n: Option<$nt>,)*
            $(#[doc = concat!("`", $ow, "`")] pub $o: Option<$ot>,)*
            /// Fields this type does not know.
            pub extra: Extra,
        }
        impl $name {
            /// With the fields that must be there; the others are absent.
            #[inline]
            #[allow(clippy::too_many_arguments, clippy::new_without_default)]
            pub fn new($($r: $rt),*) -> Self {
                Self { $($r,)* $($n: None,)* $($o: None,)* extra: Extra::new() }
            }
        }
        impl Wire for $name {
            #[inline]
            fn read(value: Value) -> Result<Self, WireError> {
                #[allow(unused_mut)]
                let mut fields = Fields::open(value, stringify!($name))?;
                $(fields.constant($cw, &Value::from($cv));)*
                Ok(Self {
                    $($r: fields.required($rw)?,)*
                    $($n: fields.nullable($nw)?,)*
                    $($o: fields.optional($ow)?,)*
                    extra: fields.rest(),
                })
            }
            #[inline]
            fn absent() -> Self {
                Self::read_leniently(Value::Null)
            }
            #[inline]
            fn read_leniently(value: Value) -> Self {
                #[allow(unused_mut)]
                let mut fields = Fields::open_leniently(value, stringify!($name));
                $(fields.constant($cw, &Value::from($cv));)*
                Self {
                    $($r: fields.lenient($rw),)*
                    $($n: fields.lenient_optional($nw),)*
                    $($o: fields.lenient_optional($ow),)*
                    extra: fields.rest(),
                }
            }
            #[inline]
            fn write(&self) -> Value {
                #[allow(unused_mut)]
                let mut map = self.extra.clone();
                $(put_constant(&mut map, $cw, Value::from($cv));)*
                $(put(&mut map, $rw, &self.$r);)*
                $(put(&mut map, $nw, &self.$n);)*
                $(put_optional(&mut map, $ow, &self.$o);)*
                Value::Object(map)
            }
        }
        common_impls!($name);
    };
}

macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $wire:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub enum $name {
            $(#[doc = concat!("`", $wire, "`")] $variant,)*
            /// A value this version does not know.
            Unrecognized(String),
        }
        impl $name {
            /// The value on the wire.
            #[inline]
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $wire,)* Self::Unrecognized(text) => text }
            }
        }
        impl From<String> for $name {
            #[inline]
            fn from(text: String) -> Self {
                match text.as_str() { $($wire => Self::$variant,)* _ => Self::Unrecognized(text) }
            }
        }
        impl Wire for $name {
            #[inline]
            fn read(value: Value) -> Result<Self, WireError> {
                String::read(value).map(Self::from)
            }
            #[inline]
            fn write(&self) -> Value {
                Value::from(self.as_str())
            }
            #[inline]
            fn absent() -> Self {
                Self::Unrecognized(String::new())
            }
        }
        common_impls!($name);
    };
}

macro_rules! tagged {
    ($(#[$meta:meta])* $name:ident by $tag:literal { $($variant:ident($ty:ty) = $wire:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub enum $name {
            $(#[doc = concat!("`", $wire, "`")] $variant(Box<$ty>),)*
            /// A variant this version does not know.
            Unrecognized(Value),
        }
        impl Wire for $name {
            #[inline]
            fn read(value: Value) -> Result<Self, WireError> {
                match tag_text(&value, $tag) {
                    $(Some($wire) => Ok(Self::$variant(Wire::read(value)?)),)*
                    _ => Ok(Self::Unrecognized(value)),
                }
            }
            #[inline]
            fn absent() -> Self {
                Self::Unrecognized(Value::Null)
            }
            #[inline]
            fn read_leniently(value: Value) -> Self {
                match tag_text(&value, $tag) {
                    $(Some($wire) => Self::$variant(Wire::read_leniently(value)),)*
                    _ => Self::Unrecognized(value),
                }
            }
            #[inline]
            fn write(&self) -> Value {
                match self { $(Self::$variant(inner) => inner.write(),)* Self::Unrecognized(value) => value.clone() }
            }
        }
        $(impl From<$ty> for $name {
            #[inline]
            fn from(inner: $ty) -> Self {
                Self::$variant(Box::new(inner))
            }
        })*
        common_impls!($name);
    };
}

macro_rules! any_of {
    ($(#[$meta:meta])* $name:ident { $($variant:ident($ty:ty),)* }) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub enum $name {
            $(#[doc = concat!("`", stringify!($ty), "`")] $variant(Box<$ty>),)*
            /// A shape this version does not know.
            Unrecognized(Value),
        }
        impl Wire for $name {
            #[inline]
            fn read(value: Value) -> Result<Self, WireError> {
                $(if let Ok(inner) = Wire::read(value.clone()) {
                    return Ok(Self::$variant(inner));
                })*
                Ok(Self::Unrecognized(value))
            }
            #[inline]
            fn absent() -> Self {
                Self::Unrecognized(Value::Null)
            }
            #[inline]
            fn write(&self) -> Value {
                match self { $(Self::$variant(inner) => inner.write(),)* Self::Unrecognized(value) => value.clone() }
            }
        }
        common_impls!($name);
    };
}

macro_rules! common_impls {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                show(self, stringify!($name), f)
            }
        }
        impl PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                same(self, other)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serialize(self, serializer)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize(deserializer)
            }
        }
    };
}

macro_rules! event_data {
    ($(#[$meta:meta])* $name:ident { $($variant:ident($ty:ty) = $wire:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub enum $name {
            $(#[doc = concat!("`", $wire, "`")] $variant(Box<$ty>),)*
            /// An event type this version does not know, or data that does not fit its type.
            Unrecognized(Value),
        }
        impl $name {
            /// Reads the data of an event of this type; what does not fit is kept as it came.
            #[inline]
            pub fn read(kind: &str, data: Value) -> Self {
                match kind {
                    $($wire => match Wire::read(data.clone()) {
                        Ok(inner) => Self::$variant(inner),
                        Err(_) => Self::Unrecognized(data),
                    },)*
                    _ => Self::Unrecognized(data),
                }
            }
            /// Writes the data.
            #[inline]
            pub fn write(&self) -> Value {
                match self { $(Self::$variant(inner) => inner.write(),)* Self::Unrecognized(value) => value.clone() }
            }
        }
        /// Every event type of the schema.
        pub const EVENT_TYPES: &[&str] = &[$($wire,)*];
    };
}

pub(crate) use {any_of, common_impls, event_data, object, open_enum, tagged};
