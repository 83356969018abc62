"""Handlers of a session run in the context it was made in: several tenants may share one client."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

import pytest

from copilot import (
    CopilotClient,
    CopilotRequestHandler,
    CopilotSession,
    ModelCapabilities,
    ModelInfo,
    ModelLimits,
    ModelSupports,
    RuntimeConnection,
    SessionFsProvider,
    sync,
)

from .peer import act, ask, delta, number, until
from .questions import KINDS, Kind
from .test_providers import CONFIG, Files

Connect = Callable[..., RuntimeConnection]
tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant", default="nobody")


async def as_tenant(name: str, work: Callable[[], Any]) -> Any:
    """Awaits something in a context where this is the tenant."""

    async def inside() -> Any:
        tenant.set(name)
        return await work()

    return await asyncio.create_task(inside())


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize("is_async", [False, True])
async def test_questions(client: CopilotClient, kind: Kind, is_async: bool) -> None:
    seen: list[str] = []

    def plain(*args: Any) -> Any:
        seen.append(tenant.get())
        tenant.set("changed by a handler")

    async def waits(*args: Any) -> Any:
        await asyncio.sleep(0)
        plain()

    handler = waits if is_async and kind is not KINDS["canvas"] else plain
    options = kind.options(handler)
    sessions: list[CopilotSession] = [
        await as_tenant(name, lambda: client.create_session(**options)) for name in ("red", "blue")
    ]
    for session in (*sessions, *sessions):
        await as_tenant("caller", lambda session=session: kind.ask(client, session))  # type: ignore[misc]
    assert seen == ["red", "blue"] * 2


async def test_events(client: CopilotClient) -> None:
    seen: list[tuple[str, str]] = []

    def on_event(event: Any) -> None:
        seen.append(("option", tenant.get()))

    sessions: list[CopilotSession] = []
    for name in ("red", "blue"):
        session = await as_tenant(name, lambda: client.create_session(on_event=on_event))
        # It is the session that counts, not who subscribes.
        tenant.set("subscriber")
        session.on(lambda event: seen.append(("on", tenant.get())))
        sessions.append(session)
    for session in sessions:
        await as_tenant("caller", lambda session=session: act(client, session, delta(1), delta(2)))  # type: ignore[misc]
    assert seen == [(kind, name) for name in ("red", "blue") for _ in (1, 2) for kind in ("option", "on")]


async def test_what_an_event_handler_sets_stays_in_its_session(client: CopilotClient) -> None:
    seen: list[str] = []

    def counts(event: Any) -> None:
        seen.append(tenant.get())
        tenant.set(f"{tenant.get()} {number(event)}")

    red = await as_tenant("red", lambda: client.create_session(on_event=counts))
    blue = await as_tenant("blue", lambda: client.create_session(on_event=counts))
    for session in (red, blue):
        await act(client, session, delta(1), delta(2))
    assert seen == ["red", "red 1", "blue", "blue 1"]
    assert tenant.get() == "nobody"


async def test_a_resumed_session_is_of_who_resumes_it(client: CopilotClient) -> None:
    kind, seen = KINDS["userInput"], []

    def handler(*args: Any) -> Any:
        seen.append(tenant.get())
        return {"answer": "x", "wasFreeform": True}

    first = await as_tenant("red", lambda: client.create_session())
    options = kind.options(handler)
    second = await as_tenant("blue", lambda: client.resume_session(first.session_id, **options))
    await kind.ask(client, second)
    assert seen == ["blue"]


async def test_replaced_tools(client: CopilotClient) -> None:
    kind, seen = KINDS["tool"], []
    options = kind.options(lambda invocation: None)
    session = await as_tenant("red", lambda: client.create_session(**options))
    tools = kind.options(lambda invocation: seen.append(tenant.get()))["tools"]
    answer = {"on": {"method": "session.tools.set"}, "do": [{"reply": {"result": {}}}]}
    await client.request("fake.script", {"script": [answer]})
    await as_tenant("blue", lambda: session.set_tools(tools))
    await kind.ask(client, session)
    assert seen == ["red"]


async def test_session_files(connect: Connect) -> None:
    seen: list[str] = []

    class Told(Files):
        async def read_file(self, path: str) -> str:
            seen.append(tenant.get())
            return "x"

    def provide(session: CopilotSession) -> SessionFsProvider:
        return Told()

    async with CopilotClient(connection=connect(), session_fs=CONFIG) as client:
        for name in ("red", "blue"):
            session = await as_tenant(name, lambda: client.create_session(create_session_fs_handler=provide))
            await ask(client, session, "sessionFs.readFile", path="/a")
    assert seen == ["red", "blue"]


class Launcher:
    def __init__(self, seen: list[str]) -> None:
        self.seen = seen

    async def resolve(self, params: Any) -> Any:
        self.seen.append(f"launch {tenant.get()}")


class Requests(CopilotRequestHandler):
    def __init__(self, seen: list[str]) -> None:
        self.seen = seen

    async def send_request(self, request: Any, ctx: Any) -> Any:
        self.seen.append(f"request {tenant.get()}")
        raise RuntimeError("no")


async def test_handlers_of_the_client(connect: Connect) -> None:
    seen: list[str] = []

    async def models() -> list[ModelInfo]:
        seen.append(f"models {tenant.get()}")
        return [ModelInfo("m", "M", ModelCapabilities(ModelSupports(), ModelLimits()))]

    async def telemetry(notification: Any) -> None:
        seen.append(f"telemetry {tenant.get()}")

    def make() -> CopilotClient:
        launcher: Any = Launcher(seen)
        return CopilotClient(
            connection=connect(rules),
            on_list_models=models,
            on_github_telemetry=telemetry,
            extension_launch_provider=launcher,
            request_handler=Requests(seen),
        )

    accepted = {"reply": {"result": {"accepted": True}}}
    names = ("llmInference.setProvider", "llmInference.httpResponseStart", "llmInference.httpResponseChunk")
    rules = [{"on": {"method": name}, "do": [accepted]} for name in names]
    rules.append({"on": {"method": "registerExtensionLaunchProvider"}, "do": [{"reply": {"result": None}}]})
    context = contextvars.copy_context()
    context.run(tenant.set, "owner")
    client = context.run(make)
    client.on_lifecycle(lambda event: seen.append(f"lifecycle {tenant.get()}"))
    await client.start()
    tenant.set("caller")
    await client.list_models()
    event = {"sessionId": "s", "restricted": False, "event": {"kind": "k", "properties": {}, "metrics": {}}}
    lifecycle = {"type": "session.updated", "sessionId": "s"}
    start = {"requestId": "1", "method": "POST", "url": "http://m/", "headers": {}}
    chunk = {"requestId": "1", "data": "body", "end": True}
    await act(
        client,
        None,
        {"notify": {"method": "gitHubTelemetry.event", "params": event}},
        {"notify": {"method": "session.lifecycle", "params": lifecycle}},
    )
    await client.request("fake.script", {"script": rules})
    wanted = {"id": "e", "name": "E", "modulePath": "/e.js", "source": "user"}
    for method, params in (
        ("extensionLaunchProvider.resolve", wanted),
        ("llmInference.httpRequestStart", start),
        ("llmInference.httpRequestChunk", chunk),
    ):
        await client.request("fake.request", {"method": method, "params": params})
    await until(lambda: len(seen) == 5)
    assert sorted(seen) == [
        *("launch owner", "lifecycle owner", "models owner", "request owner", "telemetry owner"),
    ]
    assert tenant.get() == "caller"
    await client.force_stop()


def test_the_blocking_twin(connect: Connect) -> None:
    """There the session is made on another thread; the context goes along."""
    seen: list[str] = []
    with sync.CopilotClient(connection=connect()) as client:
        for name in ("red", "blue"):
            context = contextvars.copy_context()
            context.run(tenant.set, name)
            session = context.run(client.create_session)
            session.on(lambda event: seen.append(tenant.get()))
            session.send_and_wait("x")
    assert seen == ["red"] * 8 + ["blue"] * 8
