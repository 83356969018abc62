//! The event that handlers see. It holds the received text; a member is made when it is first asked for: here when the text
//! is as runtimes write it, else by the reader of `copilot.generated._events`, which also gives the class its other methods.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError, RwLock};

use bytes::Bytes;
use copilot_core::Event;
use copilot_core::host::{EventParts, Part, SessionKey, data_range};
use pyo3::exceptions::{PyAttributeError, PyException, PyRuntimeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use crate::quick;

/// The fields in the order of the dataclass.
const FIELDS: [&str; 8] =
    ["data", "id", "timestamp", "type", "agent_id", "ephemeral", "parent_id", "raw_type"];
const DATA: usize = 0;
const ID: usize = 1;
const TIMESTAMP: usize = 2;
const TYPE: usize = 3;
const AGENT_ID: usize = 4;
const EPHEMERAL: usize = 5;
const PARENT_ID: usize = 6;
const RAW_TYPE: usize = 7;

/// One known type of events.
struct Kind {
    wire: Py<PyString>,
    member: Py<PyAny>,
    /// Reads its data from bytes; fetched when first needed, and again when it has failed.
    reader: Mutex<Option<Py<PyAny>>>,
}

/// What `copilot.generated._events` gives once it is loaded.
struct Hooks {
    kinds: HashMap<Box<[u8]>, Kind>,
    /// `(text, type) -> envelope`.
    open: Py<PyAny>,
    /// One for each field: `envelope -> value`.
    readers: Vec<Py<PyAny>>,
    /// `type -> reader of its data`.
    reader_of: Py<PyAny>,
    makers: quick::Makers,
}

/// Left in place for good: events refer to them. There is one for each time that the module is loaded.
static HOOKS: RwLock<Option<&'static Hooks>> = RwLock::new(None);

fn hooks() -> Option<&'static Hooks> {
    *HOOKS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Takes what the generated module knows of events; from then on they are delivered as objects.
#[pyfunction]
#[pyo3(signature = (kinds, open, readers, reader_of, makers))]
pub(crate) fn serve_events(
    kinds: &Bound<'_, PyDict>,
    open: Py<PyAny>,
    readers: Vec<Py<PyAny>>,
    reader_of: Py<PyAny>,
    makers: (Py<PyAny>, Py<PyAny>, Py<PyAny>),
) -> PyResult<()> {
    let mut known = HashMap::with_capacity(kinds.len());
    for (wire, member) in kinds {
        let wire = wire.cast_into::<PyString>()?;
        let name = Box::from(wire.to_cow()?.as_bytes());
        known.insert(name, Kind { wire: wire.unbind(), member: member.unbind(), reader: Mutex::new(None) });
    }
    let (uuid, time, utc) = makers;
    let makers = quick::Makers { uuid, time, utc };
    let hooks = Box::leak(Box::new(Hooks { kinds: known, open, readers, reader_of, makers }));
    *HOOKS.write().unwrap_or_else(PoisonError::into_inner) = Some(hooks);
    Ok(())
}

/// What came from the runtime.
struct Received {
    raw: Py<PyAny>,
    hooks: &'static Hooks,
    /// None when the text is not as runtimes write it, or its type is not known.
    kind: Option<&'static Kind>,
    data: Range<u32>,
    parts: Option<EventParts>,
}

impl Received {
    fn clone_ref(&self, py: Python<'_>) -> Self {
        Self { raw: self.raw.clone_ref(py), data: self.data.clone(), ..*self }
    }
}

/// One event of a session.
#[pyclass(weakref, subclass, module = "copilot._native")]
#[derive(Default)]
pub(crate) struct SessionEvent {
    values: [Option<Py<PyAny>>; FIELDS.len()],
    received: Option<Received>,
    envelope: Option<Py<PyAny>>,
    extra: Option<Py<PyAny>>,
    key: SessionKey,
}

/// An event for Python; none while nobody has asked for events yet, and when its type is not known.
pub(crate) fn delivered<'py>(
    py: Python<'py>,
    session: SessionKey,
    event: &Event,
) -> Option<PyResult<Bound<'py, PyAny>>> {
    let hooks = hooks()?;
    let kind = Some(hooks.kinds.get(event.event_type().as_bytes())?);
    let raw = PyBytes::new(py, event.bytes()).into_any().unbind();
    let received = Some(Received { raw, hooks, kind, data: data_range(event), parts: None });
    let event = SessionEvent { received, key: session, ..SessionEvent::default() };
    Some(Bound::new(py, event).map(Bound::into_any))
}

type Slf<'a, 'py> = &'a Bound<'py, SessionEvent>;

fn get(slf: Slf<'_, '_>, field: usize) -> PyResult<Py<PyAny>> {
    let py = slf.py();
    let received = {
        let this = slf.borrow();
        if let Some(value) = &this.values[field] {
            return Ok(value.clone_ref(py));
        }
        match &this.received {
            Some(Received { kind: Some(kind), .. }) if field == TYPE => return Ok(kind.member.clone_ref(py)),
            Some(Received { kind: Some(_), .. }) if field == RAW_TYPE => return Ok(py.None()),
            Some(received) => received.clone_ref(py),
            None => return Err(PyAttributeError::new_err(FIELDS[field])),
        }
    };
    let value = match read(slf, field, &received)? {
        Some(value) => value,
        None => received.hooks.readers[field].call1(py, (envelope(slf)?,))?,
    };
    slf.borrow_mut().values[field] = Some(value.clone_ref(py));
    Ok(value)
}

fn set(slf: Slf<'_, '_>, field: usize, value: Py<PyAny>) {
    let before = slf.borrow_mut().values[field].replace(value);
    drop(before);
}

/// Reads a field in the short way; none when the long one has to.
fn read(slf: Slf<'_, '_>, field: usize, received: &Received) -> PyResult<Option<Py<PyAny>>> {
    let py = slf.py();
    let Some(kind) = received.kind else { return Ok(None) };
    let Ok(raw) = received.raw.bind(py).cast::<PyBytes>() else { return Ok(None) };
    let text = raw.as_bytes();
    if field == DATA {
        return read_data(py, received, kind, text);
    }
    let parts = received.parts.or_else(|| {
        let parts = EventParts::find(text, &received.data)?;
        if let Some(received) = &mut slf.borrow_mut().received {
            received.parts = Some(parts);
        }
        Some(parts)
    });
    let Some(parts) = parts else { return Ok(None) };
    let makers = &received.hooks.makers;
    Ok(match (field, parts.ephemeral) {
        (ID, _) => makers.uuid(py, text, parts.id),
        (PARENT_ID, _) => makers.uuid_or_none(py, text, parts.parent_id),
        (TIMESTAMP, _) => makers.time(py, text, parts.timestamp),
        (AGENT_ID, _) => quick::text_or_none(py, text, parts.agent_id),
        (EPHEMERAL, Part::Bool(value)) => Some(value.into_pyobject(py)?.to_owned().into_any().unbind()),
        (EPHEMERAL, Part::Null | Part::Missing) => Some(py.None()),
        _ => None,
    })
}

fn read_data(
    py: Python<'_>,
    received: &Received,
    kind: &'static Kind,
    text: &[u8],
) -> PyResult<Option<Py<PyAny>>> {
    if received.data.is_empty() {
        return Ok(None);
    }
    let known = || kind.reader.lock().unwrap_or_else(PoisonError::into_inner);
    let known_reader = known().as_ref().map(|reader| reader.clone_ref(py));
    let reader = match known_reader {
        Some(reader) => reader,
        None => {
            let reader = received.hooks.reader_of.call1(py, (&kind.wire,))?;
            *known() = Some(reader.clone_ref(py));
            reader
        }
    };
    let data = PyBytes::new(py, &text[received.data.start as usize..received.data.end as usize]);
    match reader.call1(py, (data,)) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<PyException>(py) => {
            // The long way may know a better reader by then.
            let before = known().take();
            drop(before);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What the long way reads from; opened when first needed.
fn envelope(slf: Slf<'_, '_>) -> PyResult<Py<PyAny>> {
    let py = slf.py();
    let received = {
        let this = slf.borrow();
        if let Some(envelope) = &this.envelope {
            return Ok(envelope.clone_ref(py));
        }
        let Some(received) = &this.received else { return Ok(py.None()) };
        received.clone_ref(py)
    };
    let kind = received.kind.map(|kind| kind.wire.clone_ref(py));
    let envelope = received.hooks.open.call1(py, (received.raw, kind))?;
    slf.borrow_mut().envelope = Some(envelope.clone_ref(py));
    Ok(envelope)
}

#[pymethods]
impl SessionEvent {
    /// The fields are set by `__init__`, which the generated module gives.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    /// Reads received text; what is no event is an error. `kind` is its type, for text that does not say.
    #[staticmethod]
    fn _from_json<'py>(
        py: Python<'py>,
        raw: Bound<'py, PyAny>,
        kind: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let hooks = hooks().ok_or_else(|| PyRuntimeError::new_err("copilot.session_events is not loaded"))?;
        let scanned = raw
            .cast_exact::<PyBytes>()
            .ok()
            .and_then(|raw| Event::from_json(Bytes::copy_from_slice(raw.as_bytes())).ok());
        let known = scanned.and_then(|event| {
            hooks.kinds.get(event.event_type().as_bytes()).map(|kind| (kind, data_range(&event)))
        });
        let (envelope, kind, data) = match known {
            Some((kind, data)) => (None, Some(kind), data),
            None => (Some(hooks.open.call1(py, (&raw, kind))?), None, 0..0),
        };
        let received = Some(Received { raw: raw.unbind(), hooks, kind, data, parts: None });
        Bound::new(py, Self { received, envelope, ..Self::default() })
    }

    /// The text as it was received; None for an event that a program made.
    #[getter]
    fn raw(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.received.as_ref().map(|received| received.raw.clone_ref(py))
    }

    /// What `vars()` gives.
    #[getter(__dict__)]
    fn fields<'py>(slf: Slf<'_, 'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(slf.py());
        for (index, name) in FIELDS.iter().enumerate() {
            found.set_item(name, get(slf, index)?)?;
        }
        Ok(found)
    }

    /// The key of the session that the event is for.
    #[getter(_session_key)]
    fn session_key(&self) -> SessionKey {
        self.key
    }

    #[getter(_envelope)]
    fn envelope(slf: Slf<'_, '_>) -> PyResult<Py<PyAny>> {
        envelope(slf)
    }

    /// Whether a field was read or set.
    fn _is_made(&self, name: &str) -> bool {
        FIELDS.iter().position(|field| *field == name).is_some_and(|at| self.values[at].is_some())
    }

    /// The members that the class does not know, once somebody has looked for them.
    #[getter(_extra)]
    fn extra(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.extra.as_ref().map(|extra| extra.clone_ref(py))
    }
    #[setter(_extra)]
    fn set_extra(&mut self, value: Option<Py<PyAny>>) {
        self.extra = value;
    }

    #[getter]
    fn data(slf: Slf<'_, '_>) -> PyResult<Py<PyAny>> {
        get(slf, DATA)
    }
    #[setter]
    fn set_data(slf: Slf<'_, '_>, value: Py<PyAny>) {
        set(slf, DATA, value);
    }
    #[getter]
    fn id(slf: Slf<'_, '_>) -> PyResult<Py<PyAny>> {
        get(slf, ID)
    }
    #[setter]
    fn set_id(slf: Slf<'_, '_>, value: Py<PyAny>) {
        set(slf, ID, value);
    }
    #[getter]
    fn timestamp(slf: Slf<'_, '_>) -> PyResult<Py<PyAny>> {
        get(slf, TIMESTAMP)
    }
    #[setter]
    fn set_timestamp(slf: Slf<'_, '_>, value: Py<PyAny>) {
        set(slf, TIMESTAMP, value);
    }
    #[getter(r#type)]
    fn event_type(slf: Slf<'_, '_>) -> PyResult<Py<PyAny>> {
        get(slf, TYPE)
    }
    #[setter(r#type)]
    fn set_event_type(slf: Slf<'_, '_>, value: Py<PyAny>) {
        set(slf, TYPE, value);
    }
    #[getter]
    fn agent_id(slf: Slf<'_, '_>) -> PyResult<Py<PyAny>> {
        get(slf, AGENT_ID)
    }
    #[setter]
    fn set_agent_id(slf: Slf<'_, '_>, value: Py<PyAny>) {
        set(slf, AGENT_ID, value);
    }
    #[getter]
    fn ephemeral(slf: Slf<'_, '_>) -> PyResult<Py<PyAny>> {
        get(slf, EPHEMERAL)
    }
    #[setter]
    fn set_ephemeral(slf: Slf<'_, '_>, value: Py<PyAny>) {
        set(slf, EPHEMERAL, value);
    }
    #[getter]
    fn parent_id(slf: Slf<'_, '_>) -> PyResult<Py<PyAny>> {
        get(slf, PARENT_ID)
    }
    #[setter]
    fn set_parent_id(slf: Slf<'_, '_>, value: Py<PyAny>) {
        set(slf, PARENT_ID, value);
    }
    #[getter]
    fn raw_type(slf: Slf<'_, '_>) -> PyResult<Py<PyAny>> {
        get(slf, RAW_TYPE)
    }
    #[setter]
    fn set_raw_type(slf: Slf<'_, '_>, value: Py<PyAny>) {
        set(slf, RAW_TYPE, value);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.values
            .iter()
            .chain([&self.envelope, &self.extra])
            .flatten()
            .try_for_each(|value| visit.call(value))
    }

    fn __clear__(&mut self) {
        self.values = Default::default();
        self.envelope = None;
        self.extra = None;
    }
}
