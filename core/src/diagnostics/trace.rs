//! Spans with a beginning, an end and an outcome.

use std::time::Instant;

use tracing::Span;

/// A stretch of work under a span. When nobody listens it holds nothing and looks at no clock.
pub(crate) struct Timed {
    pub(crate) span: Span,
    begin: Option<Instant>,
}

impl Timed {
    pub(crate) fn new(span: Span) -> Self {
        let begin = (!span.is_disabled()).then(Instant::now);
        Self { span, begin }
    }

    /// Ends the work with its outcome, a word: `ok`, or what became of it.
    pub(crate) fn end(&self, outcome: &str) {
        if let Some(begin) = self.begin {
            let elapsed_ms = millis(begin);
            tracing::debug!(target: "copilot_core::timing", parent: &self.span, outcome, elapsed_ms, "done");
        }
    }
}

/// Milliseconds since an instant.
pub(crate) fn millis(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1e3
}
