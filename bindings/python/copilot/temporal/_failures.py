"""Errors of turns in the words of Temporal."""

from __future__ import annotations

from temporalio.exceptions import ApplicationError

from copilot.generated._temporal import FINAL, LOST


def failure(error: Exception) -> ApplicationError:
    """What a workflow gets: the text, and the reason or else the kind of the error as its type."""
    if isinstance(error, ApplicationError):
        return error
    kind = getattr(error, "kind", None) or type(error).__name__
    reason = getattr(error, "reason", None) or {}
    final = kind in FINAL or (isinstance(error, TypeError | ValueError) and not hasattr(error, "code"))
    return ApplicationError(str(error), type=reason.get("code", kind), non_retryable=final)


def lost_runtime(error: BaseException) -> bool:
    return getattr(error, "kind", None) in LOST
