"""Every event of a session and its payload."""

from .generated.session_events import *  # noqa: F403
