"""The bridge to OpenTelemetry, which is optional and imported only when it is there."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator
from typing import Any


def _propagator() -> Any:
    # A program that traces has imported the package already; importing it here would slow everybody else down.
    if "opentelemetry" not in sys.modules:
        return None
    try:
        from opentelemetry.trace.propagation.tracecontext import (  # type: ignore[import-not-found,unused-ignore]
            TraceContextTextMapPropagator,  # pyright: ignore
        )
    except ImportError:
        return None
    return TraceContextTextMapPropagator()  # pyright: ignore


def get_trace_context() -> dict[str, str]:
    """The current W3C trace context: ``traceparent`` and ``tracestate``, or nothing."""
    carrier: dict[str, str] = {}
    propagator = _propagator()
    if propagator is not None:
        propagator.inject(carrier)
    return {key: carrier[key] for key in ("traceparent", "tracestate") if key in carrier}


@contextlib.contextmanager
def trace_context(traceparent: str | None, tracestate: str | None) -> Generator[None]:
    """Runs the body inside the given trace context."""
    propagator = None
    if traceparent:
        with contextlib.suppress(ImportError):
            import opentelemetry.trace  # type: ignore[import-not-found,unused-ignore] # noqa: F401 # pyright: ignore
        propagator = _propagator()
    if propagator is None:
        yield
        return
    from opentelemetry import context  # type: ignore[import-not-found,unused-ignore] # pyright: ignore

    carrier = {"traceparent": traceparent or ""}
    if tracestate:
        carrier["tracestate"] = tracestate
    attach: Any = context  # pyright: ignore
    token = attach.attach(propagator.extract(carrier))
    try:
        yield
    finally:
        attach.detach(token)
