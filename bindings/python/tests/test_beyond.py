"""What goes beyond the official package, on the real runtime: waits, checked answers, ready stores for files."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from copilot import CopilotClient, CopilotError, PermissionHandler, RuntimeConnection

from .test_real_groups import Model, model, opened, real, text

__all__ = ["model", "real"]


async def test_concurrent_messages_get_their_own_answers(real: CopilotClient, model: Model) -> None:
    session = await opened(real, model())
    fruits = ["apples", "pears", "plums"]
    answers = await asyncio.gather(*(session.send_and_wait(each, timeout=120) for each in fruits))
    for fruit, answer in zip(fruits, answers, strict=True):
        assert fruit in text(answer)


async def test_silence_ends_a_wait(real: CopilotClient, model: Model) -> None:
    session = await opened(real, model({"hang": True}, {"text": "later"}))
    with pytest.raises(TimeoutError, match=r"Timeout after 1\.5s without an event") as caught:
        await session.send_and_wait("wait", timeout=120, inactivity_timeout=1.5)
    assert "lastEvent" in caught.value.__notes__[0]
    await session.abort()
    assert text(await session.send_and_wait("now", timeout=120, until="foreground")) == "later"
    with pytest.raises(ValueError, match="until"):
        await session.send_and_wait("now", until="never")  # type: ignore[arg-type]


@dataclasses.dataclass
class City:
    name: str
    people: int


async def test_a_wrong_answer_is_asked_for_again(real: CopilotClient, model: Model) -> None:
    scripted = model({"text": "Paris"}, {"text": '{"name": "Paris", "people": 2100000}'}, {"text": "?", "repeat": True})
    session = await opened(real, scripted)
    city = await session.send_and_wait_typed("The capital of France?", City, retries=1, timeout=120)
    assert city == City("Paris", 2_100_000)
    assert "not JSON" in scripted.asked()
    with pytest.raises(CopilotError) as caught:
        await session.send_and_wait_typed("And of Spain?", City, retries=1, timeout=120)
    assert caught.value.kind == "SchemaMismatch"
    assert isinstance(caught.value.data, dict)
    assert caught.value.data["text"] == "?"


async def test_a_folder_carries_a_session_to_another_runtime(real_runtime: str, model: Model, tmp_path: Path) -> None:
    scripted = model({"text": "noted"}, {"text": "I remember"})

    def client(home: str) -> CopilotClient:
        return CopilotClient(
            connection=RuntimeConnection.for_stdio(path=real_runtime),
            base_directory=str(tmp_path / home),
            use_logged_in_user=False,
            session_fs={
                "initial_working_directory": "/work",
                "session_state_path": "/state",
                "conventions": "posix",
                "store": {"kind": "folder", "path": str(tmp_path / "sessions")},
            },
        )

    async with client("here") as here:
        session = await opened(here, scripted)
        await session.send_and_wait("my name is Ada", timeout=120)
    assert "Ada" in (tmp_path / "sessions" / session.session_id / "state" / "events.jsonl").read_text()
    async with client("there") as there:
        again = await there.resume_session(
            session.session_id,
            on_permission_request=PermissionHandler.approve_all,
            model="scripted",
            provider=scripted.provider,
        )
        assert text(await again.send_and_wait("who am I?", timeout=120)) == "I remember"
    assert "my name is Ada" in scripted.asked()
