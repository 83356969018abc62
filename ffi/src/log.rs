//! What the engine logs, for hosts that want to see it.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Once, PoisonError, RwLock};

use copilot_core::{Error, ErrorKind, Result};
use libc::c_void;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Event, Level, Metadata};

use crate::boundary::boundary;
use crate::input::{copilot_str, invalid};
use crate::opaque::copilot_error;
use crate::user_data::{UserData, copilot_destroy_fn};

/// How much is logged: all of the level that is named, and what is more important.
#[repr(u32)]
#[allow(dead_code, reason = "names numbers for C, which passes them as integers")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum copilot_log_level {
    /// Nothing, as before the first call.
    COPILOT_LOG_OFF = 0,
    /// What failed and nobody else is told of.
    COPILOT_LOG_ERROR = 1,
    /// Handlers that failed, runtimes that died.
    COPILOT_LOG_WARN = 2,
    /// Starts, stops, sessions.
    COPILOT_LOG_INFO = 3,
    /// Requests and handlers, with their times.
    COPILOT_LOG_DEBUG = 4,
    /// Messages, without their content.
    COPILOT_LOG_TRACE = 5,
}

/// Takes one line. `level` is one of `copilot_log_level`; `target` is where it comes from, such as `copilot_core::rpc`. Both
/// texts are valid during the call only, and hold no secrets that the library knows. Any thread of the library or of the
/// host, also several at a time; it must not call the library.
pub type copilot_log_fn = Option<
    unsafe extern "C" fn(user_data: *mut c_void, level: u32, target: copilot_str, message: copilot_str),
>;

struct Sink {
    log: unsafe extern "C" fn(*mut c_void, u32, copilot_str, copilot_str),
    user_data: UserData,
}

static SINK: RwLock<Option<Arc<Sink>>> = RwLock::new(None);
static LEVEL: AtomicU8 = AtomicU8::new(0);
static INSTALLED: Once = Once::new();

/// Says who gets what the library logs, from now on and for the whole process; the one before is let go of. Without a call
/// nothing is logged.
///
/// @param level a `copilot_log_level`.
/// @param log NULL for silence.
/// @param destroy frees `user_data`, exactly once, also when this function returns an error; may be NULL.
/// @return `COPILOT_ERROR_UNSUPPORTED` when the process has another receiver of Rust's `tracing` already.
#[unsafe(no_mangle)]
pub extern "C" fn copilot_log_set(
    level: u32,
    log: copilot_log_fn,
    user_data: *mut c_void,
    destroy: copilot_destroy_fn,
) -> *mut copilot_error {
    let user_data = UserData::new(user_data, destroy);
    boundary!({
        let level = u8::try_from(level).ok().filter(|level| *level <= 5);
        let level = level.ok_or_else(|| invalid("level is no copilot_log_level"))?;
        let sink = log.map(|log| Arc::new(Sink { log, user_data }));
        install()?;
        LEVEL.store(if sink.is_some() { level } else { 0 }, Ordering::Release);
        let before = std::mem::replace(&mut *SINK.write().unwrap_or_else(PoisonError::into_inner), sink);
        tracing::callsite::rebuild_interest_cache();
        // Its destructor may call the library, which must not wait for the lock.
        drop(before);
        Ok(())
    })
}

fn install() -> Result<()> {
    let mut outcome = Ok(());
    INSTALLED.call_once(|| outcome = tracing::subscriber::set_global_default(Lines).map_err(|_| ()));
    // A second attempt finds the first one's receiver in place.
    if outcome.is_err() || !tracing::dispatcher::get_default(|current| current.is::<Lines>()) {
        let text = "This process has another receiver of Rust's `tracing`, which gets what the library logs";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    Ok(())
}

/// Writes each event as one line: its message, then its fields. Spans are not shown.
struct Lines;

fn wanted(level: Level) -> bool {
    number(level) <= LEVEL.load(Ordering::Acquire)
}

fn number(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && metadata.target().starts_with("copilot")
}

impl Subscriber for Lines {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_ours(metadata) && wanted(*metadata.level()) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_ours(metadata) && wanted(*metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match LEVEL.load(Ordering::Acquire) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        // Held while calling: whoever sets another one may free the user data afterwards.
        let sink = SINK.read().unwrap_or_else(PoisonError::into_inner);
        let Some(sink) = sink.as_ref() else { return };
        let mut line = Line::default();
        event.record(&mut line);
        let metadata = event.metadata();
        let level = u32::from(number(*metadata.level()));
        let (target, message) = (copilot_str::of(metadata.target()), copilot_str::of(&line.0));
        // SAFETY: the user gave the function for exactly this pointer; the texts live until the call returns.
        unsafe { (sink.log)(sink.user_data.get(), level, target, message) }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }
}

impl Line {
    fn add(&mut self, field: &Field, value: std::fmt::Arguments<'_>) {
        if field.name() == "message" {
            self.0.insert_str(0, &value.to_string());
        } else {
            // Writing to a String does not fail.
            let _ = write!(self.0, " {}={value}", field.name());
        }
    }
}
