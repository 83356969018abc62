"""Requests, results and namespaces of every method of the runtime."""

from .generated.rpc import *  # noqa: F403
