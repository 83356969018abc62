//! What one line of the generated table does, and a caller that keeps the raw answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use bytes::Bytes;
use copilot_core::Error;
use copilot_core::generated::{RpcCaller, ServerRpc, SessionRpc, Wire};
use serde_json::Value;

/// Why a call gave nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The parameters of the plan do not fit their type.
    Params(String),
    /// What the engine or the runtime said.
    Call(Error),
}

#[derive(Clone, Copy)]
pub(crate) struct Rpc<'a> {
    pub(crate) server: ServerRpc<'a>,
    pub(crate) session: SessionRpc<'a>,
}

pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, Failure>> + 'a>>;
/// Name of a method and what calls it.
pub(crate) type Entry = (&'static str, for<'a> fn(Rpc<'a>, Value) -> Answer<'a>);

pub(crate) fn params<T: Wire>(given: Value) -> Result<T, Failure> {
    T::read(given).map_err(|error| Failure::Params(error.to_string()))
}

pub(crate) fn optional<T: Wire>(given: Value) -> Result<Option<T>, Failure> {
    if given.is_null() { Ok(None) } else { params(given).map(Some) }
}

/// The decoded result, written back.
pub(crate) fn done<T: Wire>(answer: Result<T, Error>) -> Result<Value, Failure> {
    answer.map(|result| result.write()).map_err(Failure::Call)
}

/// Passes calls on and keeps the last answer as it came.
pub(crate) struct Recorder<'a> {
    inner: &'a dyn RpcCaller,
    last: Mutex<Option<Bytes>>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(inner: &'a dyn RpcCaller) -> Self {
        Self { inner, last: Mutex::new(None) }
    }

    pub(crate) fn take(&self) -> Option<Value> {
        let bytes = self.last.lock().unwrap().take()?;
        Some(serde_json::from_slice(&bytes).unwrap())
    }
}

impl RpcCaller for Recorder<'_> {
    fn call(
        &self,
        method: &'static str,
        params: String,
    ) -> Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send + '_>> {
        Box::pin(async move {
            let bytes = self.inner.call(method, params).await?;
            *self.last.lock().unwrap() = Some(bytes.clone());
            Ok(bytes)
        })
    }
}

/// Whether two values are the same, whole floats and integers taken for equal.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
