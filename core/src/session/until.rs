//! What ends a wait for the agent.

/// What ends a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// `session.idle`: the agent and everything it left running in the background have finished.
    #[default]
    Idle,
    /// `assistant.idle`: the agent has finished; background agents and shells may go on.
    ForegroundIdle,
}

impl Until {
    /// The event that ends the wait.
    pub(super) const fn event_type(self) -> &'static str {
        match self {
            Self::Idle => "session.idle",
            Self::ForegroundIdle => "assistant.idle",
        }
    }
}
