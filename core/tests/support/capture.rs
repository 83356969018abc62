//! Everything that `tracing` tells, at the most talkative level, as lines of text.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

thread_local! {
    static INSIDE: RefCell<Vec<(Id, &'static Metadata<'static>)>> = const { RefCell::new(Vec::new()) };
}

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[derive(Default)]
struct Capture {
    next: AtomicU64,
    known: Mutex<HashMap<u64, &'static Metadata<'static>>>,
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

/// Listens in the whole process from now on. Calling it again does nothing.
pub fn begin() {
    drop(tracing::subscriber::set_global_default(Capture::default()));
}

fn store() -> MutexGuard<'static, Vec<String>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All lines so far: `LEVEL target: name field=value …`; spans begin with `span N`, later fields with `record N`.
pub fn lines() -> Vec<String> {
    store().clone()
}

fn line(start: String, metadata: &Metadata<'_>, fields: Fields) -> String {
    format!("{start}{} {}: {}{}", metadata.level(), metadata.target(), metadata.name(), fields.0)
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("copilot")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        self.known.lock().unwrap().insert(id, span.metadata());
        let mut fields = Fields(String::new());
        span.record(&mut fields);
        store().push(line(format!("span {id} "), span.metadata(), fields));
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        store().push(format!("record {}{}", span.into_u64(), fields.0));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        let current = INSIDE.with_borrow(|inside| inside.last().map(|(id, _)| id.clone()));
        let parent = event.parent().cloned().or(current);
        let parent = parent.map_or_else(String::new, |id| format!("in {} ", id.into_u64()));
        store().push(line(parent, event.metadata(), fields));
    }

    fn enter(&self, span: &Id) {
        let metadata = self.known.lock().unwrap()[&span.into_u64()];
        INSIDE.with_borrow_mut(|inside| inside.push((span.clone(), metadata)));
    }

    fn exit(&self, span: &Id) {
        INSIDE.with_borrow_mut(|inside| {
            if let Some(at) = inside.iter().rposition(|(id, _)| id == span) {
                inside.remove(at);
            }
        });
    }

    fn current_span(&self) -> Current {
        INSIDE.with_borrow(|inside| {
            inside.last().map_or_else(Current::none, |(id, metadata)| Current::new(id.clone(), metadata))
        })
    }
}
