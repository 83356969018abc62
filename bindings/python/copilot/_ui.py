"""``session.ui``: questions to the person in front of the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._handlers import ElicitationParams, ElicitationResult, InputOptions

if TYPE_CHECKING:
    from .session import CopilotSession


class SessionUiApi:
    """Asks through the host that shows the session; needs its ``elicitation`` capability."""

    def __init__(self, session: CopilotSession) -> None:
        self._session = session

    async def elicitation(self, params: ElicitationParams) -> ElicitationResult:
        """Shows a form; the schema is sent as given."""
        return await self._ask(params["message"], params["requestedSchema"])

    async def confirm(self, message: str) -> bool:
        """Yes or no."""
        field = {"type": "boolean", "default": True}
        return await self._field(message, "confirmed", field) is True

    async def select(self, message: str, options: list[str]) -> str | None:
        """One of several texts."""
        chosen = await self._field(message, "selection", {"type": "string", "enum": options})
        return None if chosen is None else str(chosen)

    async def input(self, message: str, options: InputOptions | None = None) -> str | None:
        """A text."""
        entered = await self._field(message, "value", {"type": "string", **(options or {})})
        return None if entered is None else str(entered)

    async def _field(self, message: str, name: str, field: dict[str, Any]) -> Any:
        schema = {"type": "object", "properties": {name: field}, "required": [name]}
        answer = await self._ask(message, schema)
        return (answer.get("content") or {}).get(name) if answer["action"] == "accept" else None

    async def _ask(self, message: str, schema: dict[str, Any]) -> ElicitationResult:
        ui: dict[str, Any] = dict(self._session.capabilities.get("ui") or {})
        if not ui.get("elicitation"):
            raise RuntimeError("Elicitation is not supported by the host; check session.capabilities['ui']")
        answer: ElicitationResult = await self._session._rpc_call(
            "session.ui.elicitation", message=message, requestedSchema=schema
        )
        return answer
