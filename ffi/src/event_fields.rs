//! What people read of an event, without a JSON parser.

use std::borrow::Cow;
use std::cell::RefCell;

use copilot_core::Result;
use libc::size_t;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::boundary::boundary;
use crate::input::{copilot_str, invalid};
use crate::opaque::copilot_error;
use crate::session_entry::copilot_event;

/// The fields that programs read most, of whichever events have them. Initialise with `COPILOT_EVENT_FIELDS_INIT`. The texts
/// are as they are meant, without escapes, not terminated by a NUL, and valid until the thread reads the fields of the
/// next event or leaves the callback. A text that the event does not have is absent.
#[repr(C)]
pub struct copilot_event_fields {
    /// `sizeof(copilot_event_fields)` of the program.
    pub size: size_t,
    /// What was added: `assistant.message_delta`, `assistant.reasoning_delta` and other events with `deltaContent`.
    pub delta: copilot_str,
    /// The whole text: `assistant.message`, `assistant.reasoning`, `user.message`, `system.message`.
    pub content: copilot_str,
    /// The tool, in events of tools, also those of the program, and of permissions.
    pub tool_name: copilot_str,
    /// Which call of a tool.
    pub tool_call_id: copilot_str,
    /// What the tool is called with, as JSON text.
    pub arguments: copilot_str,
    /// Which question, in events of permissions, forms, and tools of the program.
    pub request_id: copilot_str,
    /// The model of `assistant.usage` and `session.model_change`.
    pub model: copilot_str,
    /// What kind of failure: `errorCode`, `errorType`, or `code` of `error`.
    pub error_code: copilot_str,
    /// What to tell people: `message`, or that of `error`.
    pub message: copilot_str,
    /// 1 or 0 as the event says whether something worked; -1 when it does not say.
    pub success: i32,
    /// Tokens of `assistant.usage`; -1 when the event does not say.
    pub input_tokens: i64,
    /// Tokens of `assistant.usage`; -1 when the event does not say.
    pub output_tokens: i64,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    data: Lenient<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data<'a> {
    #[serde(borrow)]
    delta_content: Lenient<'a>,
    #[serde(borrow)]
    content: Lenient<'a>,
    #[serde(borrow)]
    tool_name: Lenient<'a>,
    #[serde(borrow)]
    tool_call_id: Lenient<'a>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    request_id: Lenient<'a>,
    #[serde(borrow)]
    model: Lenient<'a>,
    #[serde(borrow)]
    new_model: Lenient<'a>,
    #[serde(borrow)]
    error_code: Lenient<'a>,
    #[serde(borrow)]
    error_type: Lenient<'a>,
    #[serde(borrow)]
    message: Lenient<'a>,
    #[serde(borrow)]
    error: Lenient<'a>,
    #[serde(borrow)]
    success: Lenient<'a>,
    #[serde(borrow)]
    input_tokens: Lenient<'a>,
    #[serde(borrow)]
    output_tokens: Lenient<'a>,
}

/// A member of whatever type the runtime gave it; read as the type that is wanted.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
struct Lenient<'a>(#[serde(borrow)] Option<&'a RawValue>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure<'a> {
    #[serde(borrow)]
    code: Lenient<'a>,
    #[serde(borrow)]
    message: Lenient<'a>,
}

/// Borrowed where it can be. `Cow` itself would always be a copy.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Lenient<'a> {
    fn read<T: Deserialize<'a>>(self) -> Option<T> {
        self.0.and_then(|value| serde_json::from_str(value.get()).ok())
    }

    fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }

    /// A view into the event, or into what the thread keeps of it.
    fn view(self, kept: &mut Vec<String>) -> copilot_str {
        match self.read() {
            Some(Text(Cow::Borrowed(text))) => copilot_str::of(text),
            // The buffer of a text stays where it is when the list grows.
            Some(Text(Cow::Owned(text))) => {
                let view = copilot_str::of(&text);
                kept.push(text);
                view
            }
            None => copilot_str::ABSENT,
        }
    }
}

thread_local! {
    /// Texts with escapes, as they are meant, of the event that was read last.
    static KEPT: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Reads the fields that programs read most. A member of another type than usual counts as absent.
///
/// @param event the event of a callback.
/// @param[out] fields with its size set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copilot_event_get_fields(
    event: *const copilot_event,
    fields: *mut copilot_event_fields,
) -> *mut copilot_error {
    boundary!({
        // SAFETY: the event of a callback, or NULL.
        let Some(event) = (unsafe { event.as_ref() }) else { return Err(invalid("event is NULL")) };
        // SAFETY: the header's contract of text views.
        let json = unsafe { event.json.required("json") }?;
        let Envelope { data } =
            serde_json::from_str(json).map_err(|error| invalid(format!("event: {error}")))?;
        let data: Data<'_> = data.read().unwrap_or_default();
        KEPT.with_borrow_mut(|kept| {
            kept.clear();
            // SAFETY: the header's contract of sized structs.
            unsafe { write(fields, &data, kept) }
        })
    })
}

/// # Safety
/// `place` is NULL or a struct of the size its first field says.
unsafe fn write(place: *mut copilot_event_fields, data: &Data<'_>, kept: &mut Vec<String>) -> Result<()> {
    // SAFETY: the first field is read only when the pointer is not null.
    if place.is_null() || unsafe { (*place).size } < size_of::<copilot_event_fields>() {
        return Err(invalid("fields is NULL or its size was not set"));
    }
    let failure: Failure<'_> = data.error.read().unwrap_or_default();
    let arguments = data.arguments.map_or(copilot_str::ABSENT, |json| copilot_str::of(json.get()));
    // SAFETY: the caller's struct is at least as large as ours; its size field stays as it is.
    unsafe {
        (*place).delta = data.delta_content.view(kept);
        (*place).content = data.content.view(kept);
        (*place).tool_name = data.tool_name.view(kept);
        (*place).tool_call_id = data.tool_call_id.view(kept);
        (*place).arguments = arguments;
        (*place).request_id = data.request_id.view(kept);
        (*place).model = data.model.or(data.new_model).view(kept);
        (*place).error_code = data.error_code.or(data.error_type).or(failure.code).view(kept);
        (*place).message = data.message.or(failure.message).view(kept);
        (*place).success = data.success.read::<bool>().map_or(-1, i32::from);
        (*place).input_tokens = data.input_tokens.read().unwrap_or(-1);
        (*place).output_tokens = data.output_tokens.read().unwrap_or(-1);
    }
    Ok(())
}
