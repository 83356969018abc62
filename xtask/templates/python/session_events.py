"""Session events; declared in `session_events.pyi`, made on first use."""


def __getattr__(name):
    from . import _runtime

    return _runtime.attribute("session_events", name)


def __dir__():
    from . import _runtime

    return _runtime.names("session_events")
