//! Work of the runtime's library that belongs on the application's main thread.

use async_trait::async_trait;

use crate::error::{Result, reasons};
use crate::runtime::Hosted;

/// One action of the library, to be run once.
pub struct UiAction {
    id: u32,
    hosted: Hosted,
}

impl UiAction {
    pub(crate) const fn new(id: u32, hosted: Hosted) -> Self {
        Self { id, hosted }
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Runs it on the calling thread, which must be the application's main thread: macOS allows windows nowhere else.
    /// Blocks for as long as the action takes.
    ///
    /// # Errors
    /// `InvalidState` when the action is over already, or this is not the thread that the library wants.
    pub fn run(self) -> Result<()> {
        if self.hosted.run_ui_action(self.id) {
            return Ok(());
        }
        Err(reasons::ui_action(f64::from(self.id)))
    }
}

impl std::fmt::Debug for UiAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UiAction").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Takes the actions to the application's main thread. Asked only by a runtime inside this process.
#[async_trait]
pub trait UiThreadHandler: Send + Sync {
    /// Has [`UiAction::run`] called on the main thread; the runtime is told once this returns.
    async fn run(&self, action: UiAction) -> Result<()>;
}
