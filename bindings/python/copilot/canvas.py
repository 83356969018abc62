"""Canvases: panels that a program draws and the agent drives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from .generated.rpc import (
    CanvasAction,
    CanvasHostContext,
    CanvasHostContextCapabilities,
    CanvasJsonSchema,
    CanvasProviderCloseRequest,
    CanvasProviderInvokeActionRequest,
    CanvasProviderOpenRequest,
    CanvasProviderOpenResult,
    OpenCanvasInstance,
)

__all__ = [
    "CanvasAction",
    "CanvasDeclaration",
    "CanvasError",
    "CanvasHandler",
    "CanvasHostContext",
    "CanvasHostContextCapabilities",
    "CanvasJsonSchema",
    "CanvasProviderIdentity",
    "ExtensionInfo",
    "OpenCanvasInstance",
]


@dataclass
class ExtensionInfo:
    source: str
    name: str

    def to_dict(self) -> dict[str, Any]:
        return {"source": self.source, "name": self.name}


@dataclass
class CanvasProviderIdentity:
    id: str
    name: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id} if self.name is None else {"id": self.id, "name": self.name}


@dataclass
class CanvasDeclaration:
    id: str
    display_name: str
    description: str
    input_schema: CanvasJsonSchema | None = None
    actions: list[CanvasAction] | None = None

    def to_dict(self) -> dict[str, Any]:
        wire: dict[str, Any] = {
            "id": self.id,
            "displayName": self.display_name,
            "description": self.description,
        }
        if self.input_schema is not None:
            wire["inputSchema"] = self.input_schema
        if self.actions is not None:
            wire["actions"] = [action.to_dict() for action in self.actions]
        return wire


class CanvasError(Exception):
    """An error with a code that the agent sees."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def to_envelope(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message}

    @classmethod
    def no_handler(cls) -> CanvasError:
        return cls("canvas_action_no_handler", "No handler implemented for this canvas action")

    @classmethod
    def handler_unset(cls) -> CanvasError:
        return cls("canvas_handler_unset", "No canvas handler registered for this session")


class CanvasHandler(ABC):
    """Serves all canvases of a session."""

    @abstractmethod
    async def on_open(self, ctx: CanvasProviderOpenRequest) -> CanvasProviderOpenResult: ...

    async def on_close(self, ctx: CanvasProviderCloseRequest) -> None:
        return None

    async def on_action(self, ctx: CanvasProviderInvokeActionRequest) -> Any:
        raise CanvasError.no_handler()
