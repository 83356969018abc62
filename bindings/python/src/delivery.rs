//! One delivery of the engine as one Python object: events as themselves, all else, and events that have to be read with care,
//! as a tuple whose first item is a tag. `copilot._inbox` has the same numbers.

use copilot_core::host::Delivery;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::error::to_tuple;
use crate::event::delivered;

const EVENT: u8 = 0;
const COMPLETED: u8 = 1;
const CALL: u8 = 2;
const CALL_CANCELLED: u8 = 3;
const LIFECYCLE: u8 = 4;
const NOTIFICATION: u8 = 5;
const CLOSED: u8 = 6;
const ENDED: u8 = 7;

/// Converts a delivery.
pub(crate) fn to_python<'py>(py: Python<'py>, delivery: &Delivery) -> PyResult<Bound<'py, PyAny>> {
    if let Delivery::Event { session, event } = delivery
        && let Some(made) = delivered(py, *session, event)
    {
        return made;
    }
    to_tuple_of(py, delivery).map(Bound::into_any)
}

/// Event types are interned, so that a stream of equal events shares one `str`.
fn to_tuple_of<'py>(py: Python<'py>, delivery: &Delivery) -> PyResult<Bound<'py, PyTuple>> {
    match delivery {
        Delivery::Event { session, event } => {
            let kind = PyString::intern(py, event.event_type());
            (EVENT, *session, kind, PyBytes::new(py, event.bytes())).into_pyobject(py)
        }
        Delivery::Completed { ticket, result: Ok(json) } => {
            (COMPLETED, *ticket, Some(PyBytes::new(py, json)), py.None()).into_pyobject(py)
        }
        Delivery::Completed { ticket, result: Err(error) } => {
            (COMPLETED, *ticket, py.None(), to_tuple(error)).into_pyobject(py)
        }
        Delivery::Call { call, kind, name, session, args } => {
            (CALL, *call, kind.number(), *session, PyBytes::new(py, args), &**name).into_pyobject(py)
        }
        Delivery::CallCancelled { call } => (CALL_CANCELLED, *call).into_pyobject(py),
        Delivery::Lifecycle { event } => (LIFECYCLE, PyBytes::new(py, event)).into_pyobject(py),
        Delivery::Notification { method, params } => {
            (NOTIFICATION, method.as_str(), PyBytes::new(py, params)).into_pyobject(py)
        }
        Delivery::Closed { error } => (CLOSED, to_tuple(error)).into_pyobject(py),
        Delivery::Ended { session, error } => (ENDED, *session, to_tuple(error)).into_pyobject(py),
    }
}
