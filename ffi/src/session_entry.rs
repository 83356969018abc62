//! What the driver knows of a session: its listeners and handlers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use copilot_core::host::{CallKind, Counters, HostClient, SessionKey};
use copilot_core::{Error, Event, Result};
use libc::c_void;

use crate::call::CallHandler;
use crate::error_object::owned;
use crate::input::{copilot_str, invalid};
use crate::opaque::{copilot_error, copilot_session};
use crate::user_data::UserData;

/// An event of a session. Borrowed: valid only during the callback; copy what is needed later.
#[repr(C)]
pub struct copilot_event {
    /// `sizeof(copilot_event)` of the library.
    pub size: libc::size_t,
    /// Type of the event, for example `assistant.message_delta`.
    pub type_name: copilot_str,
    /// The whole event as JSON text: `{"id","timestamp","parentId","type","data",…}`.
    pub json: copilot_str,
}

/// Receives events, one at a time and in order. `session` and `event` are borrowed; do not free them. Runs where
/// callbacks run: the next event waits until it returns.
pub type copilot_event_fn = Option<
    unsafe extern "C" fn(user_data: *mut c_void, session: *mut copilot_session, event: *const copilot_event),
>;

/// A function of the user that receives events.
pub(crate) struct EventHandler {
    function: copilot_event_fn,
    user_data: UserData,
}

impl EventHandler {
    pub(crate) fn new(function: copilot_event_fn, user_data: UserData) -> Result<Arc<Self>> {
        let handler = Self { function, user_data };
        if handler.function.is_none() { Err(invalid("the callback is NULL")) } else { Ok(Arc::new(handler)) }
    }
}

/// Told once when a session has ended, behind its last event: it was left, deleted or resumed elsewhere, the client was stopped,
/// or the connection was lost. `error` says which, and is the callback's, to be freed with `copilot_error_free`; `session`
/// is borrowed. Runs where callbacks run.
pub type copilot_session_ended_fn = Option<
    unsafe extern "C" fn(user_data: *mut c_void, session: *mut copilot_session, error: *mut copilot_error),
>;

/// A function of the user that is told of the end.
pub(crate) struct EndedHandler {
    function: copilot_session_ended_fn,
    user_data: UserData,
}

impl EndedHandler {
    pub(crate) fn new(function: copilot_session_ended_fn, user_data: UserData) -> Result<Arc<Self>> {
        let handler = Self { function, user_data };
        if handler.function.is_none() { Err(invalid("the callback is NULL")) } else { Ok(Arc::new(handler)) }
    }
}

#[derive(Clone)]
pub(crate) struct Listener {
    id: u64,
    /// The event type it is for; `None` for every type.
    only: Option<Arc<str>>,
    handler: Arc<EventHandler>,
}

/// Handlers by kind and, for kinds that have several, name.
pub(crate) type Handlers = HashMap<(CallKind, String), Arc<CallHandler>>;

/// What the driver needs to deliver to a session.
pub(crate) struct SessionEntry {
    pub(crate) key: SessionKey,
    handle: AtomicPtr<copilot_session>,
    gone: AtomicBool,
    next_listener: AtomicU64,
    /// Copied on change, so that a listener may add and remove listeners while it runs.
    listeners: RwLock<Arc<[Listener]>>,
    handlers: RwLock<Handlers>,
    ended: Mutex<Option<Arc<EndedHandler>>>,
    /// State and counters of an ended session.
    last: OnceLock<(Option<String>, Option<Counters>)>,
}

impl SessionEntry {
    pub(crate) fn new(
        key: SessionKey,
        listeners: Vec<Arc<EventHandler>>,
        handlers: Handlers,
        ended: Option<Arc<EndedHandler>>,
    ) -> Self {
        let listeners: Vec<_> =
            (1..).zip(listeners).map(|(id, handler)| Listener { id, only: None, handler }).collect();
        Self {
            key,
            handle: AtomicPtr::default(),
            gone: AtomicBool::new(false),
            next_listener: AtomicU64::new(listeners.len() as u64 + 1),
            listeners: RwLock::new(listeners.into()),
            handlers: RwLock::new(handlers),
            ended: Mutex::new(ended),
            last: OnceLock::new(),
        }
    }

    /// The session has ended.
    pub(crate) fn keep_last(&self, state: Option<String>, counters: Option<Counters>) {
        drop(self.last.set((state, counters)));
    }

    /// Tells the user, once.
    pub(crate) fn tell_ended(&self, error: Error) {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended
            && let Some(function) = ended.function
        {
            // SAFETY: the user gave the function together with this user data, and takes the error over.
            unsafe { function(ended.user_data.get(), self.handle(), owned(error)) }
        }
    }

    /// JSON of what is known of the session; none before it was made.
    pub(crate) fn state(&self, host: &HostClient) -> Option<String> {
        host.session_state(self.key).or_else(|| self.last.get()?.0.clone())
    }

    pub(crate) fn counters(&self, host: &HostClient) -> Option<Counters> {
        host.counters(self.key).or_else(|| self.last.get()?.1)
    }

    pub(crate) fn set_handle(&self, handle: *mut copilot_session) {
        self.handle.store(handle, Ordering::Release);
    }

    pub(crate) fn handle(&self) -> *mut copilot_session {
        self.handle.load(Ordering::Acquire)
    }

    fn listeners(&self) -> Arc<[Listener]> {
        Arc::clone(&self.listeners.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn event(&self, event: &Event) {
        let listeners = self.listeners();
        let (type_name, session) = (event.event_type(), self.handle());
        let view = copilot_event {
            size: size_of::<copilot_event>(),
            type_name: copilot_str::of(type_name),
            json: copilot_str::of(event.json()),
        };
        for listener in listeners.iter() {
            if self.gone.load(Ordering::Acquire) {
                return;
            }
            if let Some(function) = listener.handler.function
                && listener.only.as_deref().is_none_or(|only| only == type_name)
            {
                // SAFETY: the user gave the function together with this user data; `view` outlives the call.
                unsafe { function(listener.handler.user_data.get(), session, &raw const view) }
            }
        }
    }

    pub(crate) fn handler(&self, kind: CallKind, name: &str) -> Option<Arc<CallHandler>> {
        let handlers = self.handlers.read().unwrap_or_else(PoisonError::into_inner);
        handlers.get(&(kind, name.to_owned())).cloned()
    }

    /// From now on these serve the session's tools, and no others.
    pub(crate) fn set_tools(&self, tools: HashMap<String, Arc<CallHandler>>) {
        let named = tools.into_iter().map(|(name, handler)| ((CallKind::Tool, name), handler));
        let mut handlers = self.handlers.write().unwrap_or_else(PoisonError::into_inner);
        let (old, rest) =
            std::mem::take(&mut *handlers).into_iter().partition(|((kind, _), _)| *kind == CallKind::Tool);
        *handlers = rest;
        // A session that has ended keeps nothing of the user's.
        if !self.gone.load(Ordering::Acquire) {
            handlers.extend(named);
        }
        drop(handlers);
        // Outside the lock: a destructor of the user may call us again.
        drop::<Handlers>(old);
    }

    /// Adds a listener; returns its id and whether it is the first.
    pub(crate) fn listen(&self, only: Option<&str>, handler: Arc<EventHandler>) -> (u64, bool) {
        let id = self.next_listener.fetch_add(1, Ordering::Relaxed);
        let mut listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
        let mut list = listeners.to_vec();
        list.push(Listener { id, only: only.map(Arc::from), handler });
        let first = list.len() == 1;
        *listeners = list.into();
        (id, first)
    }

    /// Removes a listener; false if there is none of that id.
    pub(crate) fn unlisten(&self, id: u64) -> bool {
        let mut listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
        let rest: Vec<_> = listeners.iter().filter(|listener| listener.id != id).cloned().collect();
        let found = rest.len() != listeners.len();
        let old = std::mem::replace(&mut *listeners, rest.into());
        drop(listeners);
        // Outside the lock: a destructor of the user may call us again.
        drop(old);
        found
    }

    /// No further callback of this session starts, and its user data is let go.
    pub(crate) fn clear(&self) {
        self.gone.store(true, Ordering::Release);
        let listeners = std::mem::replace(
            &mut *self.listeners.write().unwrap_or_else(PoisonError::into_inner),
            Arc::new([]),
        );
        let handlers = std::mem::take(&mut *self.handlers.write().unwrap_or_else(PoisonError::into_inner));
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop((listeners, handlers, ended));
    }
}
