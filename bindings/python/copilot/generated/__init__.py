"""Types generated from the runtime's schemas."""
