//! Configuration of sessions: JSON in wire spelling plus the callbacks.

use std::collections::HashMap;
use std::sync::Arc;

use copilot_core::Result;
use copilot_core::host::CallKind;
use libc::{c_void, size_t};
use serde_json::{Map, Value, json};

use crate::boundary::{boundary, code_of};
use crate::call::{CallHandler, copilot_call_fn};
use crate::code::copilot_code;
use crate::handle::{self, Handled};
use crate::input::{CStruct, Out, copilot_str, invalid, sized};
use crate::json::{check_json, object};
use crate::opaque::{copilot_error, copilot_session_config};
use crate::session_entry::{
    EndedHandler, EventHandler, Handlers, copilot_event_fn, copilot_session_ended_fn,
};
use crate::sync::{Mutex, lock};
use crate::user_data::{UserData, copilot_destroy_fn};

/// A tool that the model can call. Initialise with `COPILOT_TOOL_INIT`. All text is copied.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct copilot_tool {
    /// `sizeof(copilot_tool)`.
    pub size: size_t,
    /// Unique name; required.
    pub name: copilot_str,
    /// What it does, for the model.
    pub description: copilot_str,
    /// JSON Schema of its arguments; absent for none.
    pub parameters: copilot_str,
    /// More members of the tool as a JSON object, for example `{"skipPermission":true}`; absent for none.
    pub json: copilot_str,
    /// Runs the tool. Asked with `{"toolCallId","toolName","arguments",…}`; answered with a text
    /// (`copilot_call_reply_text`) or a result object. NULL only declares the tool: somebody else answers.
    pub call: copilot_call_fn,
    /// Passed to `call`.
    pub user_data: *mut c_void,
    /// Frees `user_data`, exactly once, also when the registration fails. May be NULL.
    pub destroy: copilot_destroy_fn,
}

// SAFETY: integers, pointers and nullable function pointers; all-zero is the default; the first field is the size.
unsafe impl CStruct for copilot_tool {
    const NAME: &'static str = "copilot_tool";
    const LEAST: usize = size_of::<Self>();
}

#[derive(Default)]
pub(crate) struct SessionConfig(Mutex<State>);

#[derive(Default)]
struct State {
    config: Map<String, Value>,
    tools: Vec<Value>,
    handlers: Handlers,
    listeners: Vec<Arc<EventHandler>>,
    ended: Option<Arc<EndedHandler>>,
}

/// A configuration as the engine wants it, with the callbacks beside it.
pub(crate) struct Ready {
    pub(crate) config: String,
    pub(crate) served: String,
    pub(crate) handlers: Handlers,
    pub(crate) listeners: Vec<Arc<EventHandler>>,
    pub(crate) ended: Option<Arc<EndedHandler>>,
}

impl Handled for SessionConfig {
    type Opaque = copilot_session_config;
    const TAG: usize = 3;
    const NAME: &'static str = "copilot_session_config";
}

impl SessionConfig {
    pub(crate) fn ready(&self) -> Result<Ready> {
        let state = lock(&self.0);
        Ok(Ready {
            config: Value::Object(state.with_tools()?).to_string(),
            served: served(&state.handlers, !state.listeners.is_empty()),
            handlers: state.handlers.clone(),
            listeners: state.listeners.clone(),
            ended: state.ended.clone(),
        })
    }
}

impl SessionConfig {
    /// Its tools, as `session.setTools` wants them, and their handlers by name.
    pub(crate) fn tools(&self) -> Result<(Value, HashMap<String, Arc<CallHandler>>)> {
        let state = lock(&self.0);
        let declared = state.with_tools()?.remove("tools").unwrap_or_else(|| json!([]));
        let tools = state.handlers.iter().filter(|((kind, _), _)| *kind == CallKind::Tool);
        let handlers = tools.map(|((_, name), handler)| (name.clone(), Arc::clone(handler)));
        Ok((declared, handlers.collect()))
    }
}

impl State {
    /// The options, with the tools that were added one by one among them.
    fn with_tools(&self) -> Result<Map<String, Value>> {
        let mut config = self.config.clone();
        if !self.tools.is_empty() {
            match config.entry("tools").or_insert_with(|| json!([])) {
                Value::Array(tools) => tools.extend(self.tools.iter().cloned()),
                _ => return Err(invalid("config: tools must be a list")),
            }
        }
        Ok(config)
    }
}

/// What the host serves, which decides what the runtime asks.
fn served(handlers: &Handlers, events: bool) -> String {
    let mut served = Map::new();
    served.insert("events".into(), events.into());
    for (kind, name) in handlers.keys() {
        let none = if kind.is_named() { json!([]) } else { json!(true) };
        if let Value::Array(names) = served.entry(kind.served()).or_insert(none) {
            names.push(name.as_str().into());
        }
    }
    Value::Object(served).to_string()
}

/// Makes a configuration.
///
/// @param json options in wire spelling, for example `{"model":"…","streaming":true}`; absent for none.
/// @param[out] config the new configuration, which the caller frees with `copilot_session_config_free`; written only on
///   success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_config_new(
    json: copilot_str,
    config: *mut *mut copilot_session_config,
) -> *mut copilot_error {
    boundary!({
        let out = Out::required(config, "config")?;
        // SAFETY: the header's contract of text views.
        let members = object(unsafe { json.or_empty("json") }?, "json")?;
        let state = State { config: members, ..State::default() };
        // SAFETY: the place is writable by the contract.
        unsafe { out.set(handle::insert(Arc::new(SessionConfig(Mutex::new(state))))) };
        Ok(())
    })
}

/// Merges the members of a JSON object into a configuration; a member given again replaces the older one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_config_set(
    config: *mut copilot_session_config,
    json: copilot_str,
) -> *mut copilot_error {
    boundary!({
        let config = handle::get::<SessionConfig>(config)?;
        // SAFETY: the header's contract of text views.
        let members = object(unsafe { json.or_empty("json") }?, "json")?;
        lock(&config.0).config.extend(members);
        Ok(())
    })
}

/// Adds a tool. A later tool of the same name replaces the handler of the earlier one.
///
/// @param tool is copied; its user data is freed by its `destroy`, exactly once, also when this function returns an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_config_tool(
    config: *mut copilot_session_config,
    tool: *const copilot_tool,
) -> *mut copilot_error {
    boundary!({
        if tool.is_null() {
            return Err(invalid("tool is NULL"));
        }
        // SAFETY: the header's contract of sized structs.
        let tool = unsafe { sized(tool) }?;
        let user_data = UserData::new(tool.user_data, tool.destroy);
        let config = handle::get::<SessionConfig>(config)?;
        // SAFETY: the header's contract of text views, for these and the views below.
        let name = unsafe { tool.name.required("name") }?;
        // SAFETY: as above.
        let mut members = object(unsafe { tool.json.or_empty("json") }?, "json")?;
        members.insert("name".into(), name.into());
        // SAFETY: as above.
        members.insert("description".into(), unsafe { tool.description.or_empty("description") }?.into());
        // SAFETY: as above.
        if let Some(schema) = unsafe { tool.parameters.optional("parameters") }? {
            members
                .insert("parameters".into(), object(check_json(schema, "parameters")?, "parameters")?.into());
        }
        let handler = tool.call.is_some().then(|| CallHandler::new(tool.call, user_data)).transpose()?;
        let mut state = lock(&config.0);
        state.tools.retain(|other| other["name"] != name);
        state.tools.push(members.into());
        let old =
            handler.and_then(|handler| state.handlers.insert((CallKind::Tool, name.to_owned()), handler));
        drop(state);
        drop(old);
        Ok(())
    })
}

/// Receives all events of the session, from the very first one. May be called several times: listeners are called in
/// the order they were added.
///
/// @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_config_on_event(
    config: *mut copilot_session_config,
    on_event: copilot_event_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
) -> *mut copilot_error {
    let user_data = UserData::new(user_data, destroy);
    boundary!({
        let config = handle::get::<SessionConfig>(config)?;
        let handler = EventHandler::new(on_event, user_data)?;
        lock(&config.0).listeners.push(handler);
        Ok(())
    })
}

/// Is told when the session has ended, and why. Called once for each session that is made from the configuration, unless its
/// handle was freed before. A second call replaces the first.
///
/// @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_config_on_ended(
    config: *mut copilot_session_config,
    on_ended: copilot_session_ended_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
) -> *mut copilot_error {
    let user_data = UserData::new(user_data, destroy);
    boundary!({
        let config = handle::get::<SessionConfig>(config)?;
        let handler = EndedHandler::new(on_ended, user_data)?;
        let before = lock(&config.0).ended.replace(handler);
        drop(before);
        Ok(())
    })
}

/// Answers questions of a kind, a `copilot_call_kind`. Which handlers there are decides what the runtime asks at all.
///
/// @param name the hook type, section, command, provider or tool, for kinds that have several; absent for the others.
///   Commands, sections and providers must be declared in the JSON options as well.
/// @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_session_config_on_call(
    config: *mut copilot_session_config,
    kind: u32,
    name: copilot_str,
    on_call: copilot_call_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
) -> *mut copilot_error {
    let user_data = UserData::new(user_data, destroy);
    boundary!({
        let config = handle::get::<SessionConfig>(config)?;
        let found = CallKind::ALL.iter().copied().find(|known| known.number() == kind);
        let kind = match found {
            Some(kind) if kind.is_client_wide() => {
                return Err(invalid(
                    "kind: this question is client-wide; see copilot_client_options.on_call",
                ));
            }
            Some(kind) => kind,
            None => return Err(invalid(format!("kind: {kind} is not a copilot_call_kind"))),
        };
        // SAFETY: the header's contract of text views.
        let name = unsafe { name.or_empty("name") }?;
        if kind.is_named() == name.is_empty() {
            let must = if name.is_empty() { "needs a name" } else { "has no name" };
            return Err(invalid(format!("name: {} {must}", kind.name())));
        }
        let handler = CallHandler::new(on_call, user_data)?;
        let old = lock(&config.0).handlers.insert((kind, name.to_owned()), handler);
        drop(old);
        Ok(())
    })
}

/// Frees a configuration. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_session_config_free(config: *mut copilot_session_config) -> copilot_code {
    boundary!(copilot_code::COPILOT_ERROR_INTERNAL, {
        code_of(handle::free::<SessionConfig>(config).map(drop))
    })
}
