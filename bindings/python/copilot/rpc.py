"""Requests, results and namespaces of every method of the runtime; each is made when it is first used."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .generated.rpc import *  # noqa: F403
else:
    _ALIASES = {"SessionFSReaddirWithTypesEntryType": "SessionFsReaddirWithTypesEntryType"}

    def __getattr__(name: str) -> Any:
        from .generated import rpc

        if name == "__all__":
            return sorted({*rpc.__all__, *_ALIASES})
        if name.startswith("__"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(rpc, name, None)
        return getattr(rpc, _ALIASES.get(name, name)) if found is None else found

    def __dir__() -> list[str]:
        from .generated import rpc

        return dir(rpc)
