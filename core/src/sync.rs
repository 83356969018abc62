//! The locks by which threads meet here: those of the standard library, or, with `--cfg shuttle`, those of a model checker that
//! tries the orders in which threads may run (`make models`). A file whose models are checked takes its locks from here.

#[cfg(not(shuttle))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, RwLock, RwLockWriteGuard};

#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard, RwLock, RwLockWriteGuard};

/// How models are run.
#[cfg(all(test, shuttle))]
pub(crate) mod models {
    /// How many orders are tried for each model, half of them by each scheduler.
    const ORDERS: usize = 4000;

    /// Runs a model in many orders of its threads. Tasks that it starts are held by a runtime which does not run them.
    pub(crate) fn check(model: impl Fn() + Send + Sync + 'static) {
        let model = std::sync::Arc::new(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let inside = runtime.enter();
            model();
            drop(inside);
        });
        let by_chance = std::sync::Arc::clone(&model);
        shuttle::check_random(move || by_chance(), ORDERS / 2);
        // Few switches at the worst places: finds what chance rarely does.
        shuttle::check_pct(move || model(), ORDERS / 2, 3);
    }
}
