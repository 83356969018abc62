//! In place of the in-process runtime in builds without the feature `inprocess`: refuses, and has nothing to end.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{Empty, Sink};

use crate::error::{Error, ErrorKind, Result};

#[expect(dead_code, reason = "what only a build that loads the runtime reads")]
pub(crate) struct HostPlan {
    pub(crate) library: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: String,
    pub(crate) ui_thread: bool,
}

/// Never made.
#[derive(Clone)]
pub(crate) struct Hosted;

pub(crate) fn host(plan: &HostPlan) -> Result<(Hosted, Empty, Sink)> {
    let text = format!("cannot load {}: this build has no in-process connection", plan.library.display());
    Err(Error::new(ErrorKind::Unsupported, text))
}

impl Hosted {
    #[allow(clippy::unused_self, reason = "as in builds that load the runtime")]
    pub(crate) fn dispose(&self) {}

    #[allow(clippy::unused_self, reason = "as in builds that load the runtime")]
    pub(crate) fn run_ui_action(&self, _: u32) -> bool {
        false
    }

    #[allow(clippy::unused_self, reason = "as in builds that load the runtime")]
    pub(crate) async fn end_within(&self, _: Duration) -> bool {
        std::future::ready(true).await
    }
}
