//! `copilot._native`: the private half of the Python door. It holds a [`copilot_core::host::HostClient`], converts
//! arguments, and hands whole batches of deliveries to Python; everything a user sees is in the `copilot` package.

mod client;
mod delivery;
mod error;
mod wake;

/// The private extension module.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::client::Client;

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
