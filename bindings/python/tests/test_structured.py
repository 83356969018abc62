"""Answers in a given form: what the engine has accepted is what the program gets."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import msgspec
import pydantic
import pytest

from copilot import CopilotClient, CopilotError

from .peer import answering


@dataclasses.dataclass
class City:
    name: str
    people: int


class Town(pydantic.BaseModel):
    name: str
    people: Annotated[int, pydantic.Field(ge=0)]


class Village(msgspec.Struct):
    name: str
    people: int


PLAIN = '{"name": "Oslo", "people": 700000}'
FENCED = f"```json\n{PLAIN}\n```"
models = pytest.mark.parametrize("model", [City, Town, Village])


@models
@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize("text", [PLAIN, FENCED], ids=["plain", "fenced"])
async def test_an_answer_that_fits(client: CopilotClient, model: Any, retries: int, text: str) -> None:
    session = await answering(client, text)
    city = await session.send_and_wait_typed("?", model, retries=retries)
    assert type(city) is model
    assert (city.name, city.people) == ("Oslo", 700_000)
    sent = await client.request("fake.received", {"method": "session.send"})
    form = sent["messages"][-1]["params"]["responseFormat"]
    assert form["type"] == "json_schema"
    assert form["jsonSchema"]["name"] == "response"
    assert form["jsonSchema"]["strict"] is True
    assert set(form["jsonSchema"]["schema"]["required"]) == {"name", "people"}


@models
@pytest.mark.parametrize("text", ["Oslo", '{"name": "Oslo"}', '{"name": "Oslo", "people": "many"}', FENCED[:-5]])
async def test_an_answer_that_does_not_fit(client: CopilotClient, model: Any, text: str) -> None:
    """Without retries the exceptions are those of the model's library, as programs expect them."""
    session = await answering(client, text)
    expected = pydantic.ValidationError if model is Town else msgspec.DecodeError
    with pytest.raises(expected):
        await session.send_and_wait_typed("?", model)


async def test_what_only_the_model_refuses(client: CopilotClient) -> None:
    class Picky(pydantic.BaseModel):
        name: str

        @pydantic.field_validator("name")
        @classmethod
        def known(cls, value: str) -> str:
            raise ValueError(f"{value} is not known")

    session = await answering(client, '{"name": "Oslo"}')
    with pytest.raises(pydantic.ValidationError, match="Oslo is not known"):
        await session.send_and_wait_typed("?", Picky, retries=1)


@pytest.mark.parametrize("retries", [0, 2])
async def test_no_answer_at_all(client: CopilotClient, retries: int) -> None:
    for text in ("", None):
        session = await answering(client, text)
        with pytest.raises(RuntimeError):
            await session.send_and_wait_typed("?", Town, retries=retries)


async def test_with_retries_the_error_is_the_engines(client: CopilotClient) -> None:
    session = await answering(client, "Oslo")
    with pytest.raises(CopilotError) as caught:
        await session.send_and_wait_typed("?", Town, retries=1)
    assert caught.value.kind == "SchemaMismatch"
    assert isinstance(caught.value.data, dict)
    assert (caught.value.data["text"], caught.value.data["tries"]) == ("Oslo", 2)


async def test_what_cannot_work_is_refused(client: CopilotClient) -> None:
    session = await answering(client, PLAIN)
    with pytest.raises(TypeError, match="must be a model class"):
        await session.send_and_wait_typed("?", Town(name="x", people=1))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="immediate"):
        await session.send_and_wait_typed("?", Town, mode="immediate")
