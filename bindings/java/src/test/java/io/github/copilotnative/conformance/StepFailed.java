package io.github.copilotnative.conformance;

/** What a case demands does not hold. */
final class StepFailed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StepFailed(String message) {
        super(message);
    }
}
