//! Handles are checked, not trusted. What C holds looks like a pointer but is a number: slot, generation and type tag.
//! Each call looks the number up, so that a null, freed, invented or differently typed handle is an error and never
//! undefined behaviour. `tools/handle_cost.c` measures what a look-up costs.
//!
//! ```text
//! 64 bit:  0 | generation 34 | slot 24 | tag 4 | 1        32 bit:  generation 12 | slot 15 | tag 4 | 1
//! ```
//!
//! The lowest bit is always set, so that no address of an aligned object is a handle. A slot whose generations are used
//! up is retired, so that a stale handle is recognised for ever. Slots live in segments that are never moved or freed: a
//! look-up takes one lock of its own slot and no global one.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use copilot_core::{Error, ErrorKind, Result};

use crate::sync::{Mutex, lock};

const TAG_BITS: u32 = 4;
const SLOT_BITS: u32 = if usize::BITS == 64 { 24 } else { 15 };
const SLOT_SHIFT: u32 = 1 + TAG_BITS;
const GENERATION_SHIFT: u32 = SLOT_SHIFT + SLOT_BITS;
const LAST_GENERATION: usize = if usize::BITS == 64 { (1 << 34) - 1 } else { (1 << 12) - 1 };
const FIRST_SEGMENT: usize = 64;
const SEGMENTS: usize = (SLOT_BITS - 6) as usize;

/// A Rust object that C holds by a handle.
pub(crate) trait Handled: Send + Sync + Sized + 'static {
    /// The incomplete type in the header.
    type Opaque;
    /// Tells handles of this type from those of others; each type has its own.
    const TAG: usize;
    /// The incomplete type's name, for errors.
    const NAME: &'static str;
}

type Object = Arc<dyn Any + Send + Sync>;

#[derive(Default)]
struct Slot {
    generation: usize,
    /// Name of the type that is, or was last, in it.
    name: &'static str,
    object: Option<Object>,
}

struct Table {
    segments: [OnceLock<Box<[Mutex<Slot>]>>; SEGMENTS],
    free: Mutex<Free>,
}

struct Free {
    slots: Vec<usize>,
    /// The first slot that was never used.
    next: usize,
}

static TABLE: Table = Table::new();

/// Segment `n` starts at slot `64 * (2^n - 1)` and has `64 * 2^n` slots.
fn place(slot: usize) -> (usize, usize) {
    let segment = (slot / FIRST_SEGMENT + 1).ilog2() as usize;
    (segment, slot - FIRST_SEGMENT * ((1 << segment) - 1))
}

impl Table {
    const fn new() -> Self {
        Self {
            segments: [const { OnceLock::new() }; SEGMENTS],
            free: Mutex::new(Free { slots: Vec::new(), next: 0 }),
        }
    }

    /// The slot of that number if it was ever used.
    fn slot(&self, number: usize) -> Option<&Mutex<Slot>> {
        let (segment, index) = place(number);
        self.segments.get(segment)?.get()?.get(index)
    }

    fn reserve(&self) -> usize {
        let mut free = lock(&self.free);
        if let Some(slot) = free.slots.pop() {
            return slot;
        }
        let slot = free.next;
        let (segment, _) = place(slot);
        assert!(segment < SEGMENTS, "all handles are in use");
        self.segments[segment]
            .get_or_init(|| (0..FIRST_SEGMENT << segment).map(|_| Mutex::new(Slot::default())).collect());
        free.next += 1;
        slot
    }

    fn insert<T: Handled>(&self, object: Arc<T>) -> *mut T::Opaque {
        let number = self.reserve();
        let Some(slot) = self.slot(number) else { unreachable!("the slot was just reserved") };
        let mut slot = lock(slot);
        slot.name = T::NAME;
        slot.object = Some(object);
        let bits = slot.generation << GENERATION_SHIFT | number << SLOT_SHIFT | T::TAG << 1 | 1;
        std::ptr::without_provenance_mut(bits)
    }

    fn with<T: Handled, R>(
        &self,
        handle: *const T::Opaque,
        f: impl FnOnce(&mut Slot, usize) -> Option<R>,
    ) -> Result<R> {
        let bits = handle.addr();
        let tag = bits >> 1 & ((1 << TAG_BITS) - 1);
        let number = bits >> SLOT_SHIFT & ((1 << SLOT_BITS) - 1);
        let generation = bits >> GENERATION_SHIFT;
        if bits & 1 == 0 || generation > LAST_GENERATION {
            return Err(bad_handle::<T>(bits, None));
        }
        let Some(slot) = self.slot(number) else { return Err(bad_handle::<T>(bits, None)) };
        let mut slot = lock(slot);
        if tag != T::TAG || slot.generation != generation {
            return Err(bad_handle::<T>(bits, Some((tag == T::TAG, slot.name))));
        }
        let name = slot.name;
        f(&mut slot, number).ok_or_else(|| bad_handle::<T>(bits, Some((true, name))))
    }

    fn get<T: Handled>(&self, handle: *const T::Opaque) -> Result<Arc<T>> {
        self.with::<T, _>(handle, |slot, _| object_in(slot))
    }

    fn take<T: Handled>(&self, handle: *const T::Opaque) -> Result<Arc<T>> {
        let (object, number, reusable) = self.with::<T, _>(handle, |slot, number| {
            let object = object_in::<T>(slot)?;
            let old = slot.object.take();
            slot.generation += 1;
            Some(((object, old), number, slot.generation <= LAST_GENERATION))
        })?;
        // Both references are let go outside the slot's lock: a destructor of the user may call us again.
        if reusable {
            lock(&self.free).slots.push(number);
        }
        Ok(object.0)
    }
}

fn object_in<T: Handled>(slot: &Slot) -> Option<Arc<T>> {
    Arc::clone(slot.object.as_ref()?).downcast().ok()
}

/// Gives C a handle to `object`.
pub(crate) fn insert<T: Handled>(object: Arc<T>) -> *mut T::Opaque {
    TABLE.insert(object)
}

/// The object behind a handle.
pub(crate) fn get<T: Handled>(handle: *const T::Opaque) -> Result<Arc<T>> {
    TABLE.get::<T>(handle)
}

/// Takes the object away from C; from now on the handle is stale.
pub(crate) fn take<T: Handled>(handle: *const T::Opaque) -> Result<Arc<T>> {
    TABLE.take::<T>(handle)
}

/// Frees a handle; null is nothing to free.
pub(crate) fn free<T: Handled>(handle: *const T::Opaque) -> Result<Option<Arc<T>>> {
    if handle.is_null() { Ok(None) } else { take::<T>(handle).map(Some) }
}

/// `slot` says, for bits that name a slot, whether the handle is of this type, and what was in the slot last.
#[cold]
fn bad_handle<T: Handled>(bits: usize, slot: Option<(bool, &'static str)>) -> Error {
    let name = T::NAME;
    let text = match slot {
        None if bits == 0 => format!("The {name} is NULL"),
        Some((true, _)) => format!("The {name} was freed already"),
        Some((false, other)) if !other.is_empty() && other != name => {
            format!("A {other} was passed where a {name} is expected")
        }
        _ => format!("The {name} is not a handle of libcopilot"),
    };
    Error::new(ErrorKind::BadHandle, text)
}

#[cfg(all(test, shuttle))]
#[path = "handle_model_tests.rs"]
mod model_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::CancelToken;
    use crate::text_object::Text;
    use std::ptr;

    fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
        result.err().map(|error| error.kind())
    }

    #[test]
    fn null_foreign_stale_and_invented_handles_are_errors() {
        let text = insert(Arc::new(Text::from("x")));
        assert!(get::<Text>(text).is_ok());
        assert_eq!(kind(get::<Text>(ptr::null())), Some(ErrorKind::BadHandle));
        let message = get::<CancelToken>(text.cast()).err().unwrap();
        assert_eq!(message.message(), "A copilot_string was passed where a copilot_cancel_token is expected");
        let local = 5_u64;
        assert_eq!(kind(get::<Text>(ptr::from_ref(&local).cast())), Some(ErrorKind::BadHandle));
        assert!(take::<Text>(text).is_ok());
        assert_eq!(kind(take::<Text>(text)), Some(ErrorKind::BadHandle));
        // With the tag of a string, in a place that none has had: in the first ones, other tests keep theirs.
        let unused = 1 << 20 | Text::TAG << 1 | 1;
        for bits in [1, 3, unused, usize::MAX, usize::MAX - 1, 0x7fff_ffff_ffff_fff1] {
            assert_eq!(
                kind(get::<Text>(ptr::without_provenance(bits))),
                Some(ErrorKind::BadHandle),
                "{bits:x}"
            );
        }
    }

    #[test]
    fn a_reused_slot_does_not_revive_an_old_handle() {
        let old: Vec<_> = (0..1000).map(|n| insert(Arc::new(Text::from(n.to_string())))).collect();
        for &handle in &old {
            take::<Text>(handle).unwrap();
        }
        let new: Vec<_> = (0..1000).map(|n| insert(Arc::new(Text::from(n.to_string())))).collect();
        assert!(old.iter().all(|&handle| get::<Text>(handle).is_err()));
        for (n, &handle) in new.iter().enumerate() {
            assert_eq!(take::<Text>(handle).unwrap().as_str(), n.to_string());
        }
    }

    #[test]
    fn places_are_dense() {
        let mut expected = (0, 0);
        for slot in 0..10_000 {
            assert_eq!(place(slot), expected);
            expected.1 += 1;
            if expected.1 == FIRST_SEGMENT << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(place((1 << SLOT_BITS) - 1).0 <= SEGMENTS);
    }
}
