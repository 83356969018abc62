//! What every event has beside its data.

use std::borrow::Cow;

use copilot_core::Result;
use libc::size_t;
use serde::Deserialize;

use crate::boundary::boundary;
use crate::input::{copilot_str, invalid};
use crate::opaque::copilot_error;
use crate::session_entry::copilot_event;

/// What every event has beside its data. Initialise with `COPILOT_EVENT_HEADER_INIT`. The texts are borrowed from the
/// event: valid only during the callback, not terminated by a NUL.
#[repr(C)]
pub struct copilot_event_header {
    /// `sizeof(copilot_event_header)` of the program.
    pub size: size_t,
    /// The event's id, a UUID.
    pub id: copilot_str,
    /// When it happened, ISO-8601.
    pub timestamp: copilot_str,
    /// The event before it; absent for the first one.
    pub parent_id: copilot_str,
    /// The sub-agent it comes from; absent for the root agent.
    pub agent_id: copilot_str,
    /// 1 when it is not kept in the session's history, else 0.
    pub ephemeral: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    parent_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    agent_id: Option<Text<'a>>,
    #[serde(default)]
    ephemeral: Option<bool>,
}

/// Borrowed where it can be. `Option<Cow>` itself would always be a copy.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A view into the event. A text with escapes is not there as it is meant, and counts as absent.
fn view(text: Option<Text<'_>>) -> copilot_str {
    match text {
        Some(Text(Cow::Borrowed(text))) => copilot_str::of(text),
        _ => copilot_str::ABSENT,
    }
}

/// Reads the common members of an event. An identifier that is written with escapes counts as absent;
/// `copilot_json_text` reads it.
///
/// @param event the event of a callback.
/// @param[out] header with its size set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_event_get_header(
    event: *const copilot_event,
    header: *mut copilot_event_header,
) -> *mut copilot_error {
    boundary!({
        // SAFETY: the event of a callback, or NULL.
        let Some(event) = (unsafe { event.as_ref() }) else { return Err(invalid("event is NULL")) };
        // SAFETY: the header's contract of text views.
        let json = unsafe { event.json.required("json") }?;
        let found: Header<'_> =
            serde_json::from_str(json).map_err(|error| invalid(format!("event: {error}")))?;
        // SAFETY: the header's contract of sized structs.
        unsafe { write(header, found) }
    })
}

/// # Safety
/// `place` is NULL or a struct of the size its first field says.
unsafe fn write(place: *mut copilot_event_header, found: Header<'_>) -> Result<()> {
    // SAFETY: the first field is read only when the pointer is not null.
    if place.is_null() || unsafe { (*place).size } < size_of::<copilot_event_header>() {
        return Err(invalid("header is NULL or its size was not set"));
    }
    // SAFETY: the caller's struct is at least as large as ours; its size field stays as it is.
    unsafe {
        (*place).id = view(found.id);
        (*place).timestamp = view(found.timestamp);
        (*place).parent_id = view(found.parent_id);
        (*place).agent_id = view(found.agent_id);
        (*place).ephemeral = found.ephemeral.unwrap_or_default().into();
    }
    Ok(())
}
