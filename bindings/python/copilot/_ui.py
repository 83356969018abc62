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
        schema = params["requestedSchema"]
        answer: ElicitationResult = await self._ask("elicitation", params["message"], requestedSchema=schema)
        return answer

    async def confirm(self, message: str) -> bool:
        """Yes or no."""
        return bool(await self._ask("confirm", message))

    async def select(self, message: str, options: list[str]) -> str | None:
        """One of several texts."""
        chosen: str | None = await self._ask("select", message, options=options)
        return chosen

    async def input(self, message: str, options: InputOptions | None = None) -> str | None:
        """A text."""
        entered: str | None = await self._ask("input", message, options=options or {})
        return entered

    async def _ask(self, form: str, message: str, **members: Any) -> Any:
        return await self._session._call("session.ui", form=form, message=message, **members)
