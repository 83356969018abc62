//! A pointer of the user with its destructor, which runs exactly once: when the last holder lets go.

use libc::c_void;

/// Frees a `user_data`. Runs exactly once per registration, after the last call of the callback it was given with, also
/// when the registration failed. May be NULL. It may run on any thread that calls the library, or on the callback thread.
pub type copilot_destroy_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

pub(crate) struct UserData {
    pointer: *mut c_void,
    destroy: copilot_destroy_fn,
}

// SAFETY: the header demands that a `user_data` may be used on the thread that runs callbacks and be destroyed on any
// thread; this type itself only passes the pointer on.
unsafe impl Send for UserData {}
// SAFETY: as above; callbacks of one registration may overlap only where the header says so.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void, destroy: copilot_destroy_fn) -> Self {
        Self { pointer, destroy }
    }

    pub(crate) fn get(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the user gave the function for exactly this pointer, and drop runs once.
            unsafe { destroy(self.pointer) }
        }
    }
}
