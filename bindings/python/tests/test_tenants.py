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


NAMES = ("red", "blue")


def of_tenant(name: str) -> dict[str, Any]:
    """Options of which every value says whose it is."""
    return {
        "working_directory": f"/home/{name}",
        "github_token": f"github-token-of-{name}",
        "provider": {
            "type": "openai",
            "base_url": f"http://{name}/v1",
            "api_key": f"key-of-{name}",
            "headers": {"h": name},
        },
        "mcp_servers": {name: {"command": "run", "env": {"WHO": name}}},
    }


async def test_options_of_one_do_not_reach_the_other(client: CopilotClient) -> None:
    sessions = [await client.create_session(**of_tenant(name)) for name in NAMES]
    for session, name in zip(sessions, NAMES, strict=True):
        await session.send("hello", request_headers={"authorization": f"header-of-{name}"})
    for method in ("session.create", "session.send"):
        sent = (await client.request("fake.received", {"method": method}))["messages"]
        for session, name, other in zip(sessions, NAMES, reversed(NAMES), strict=True):
            [own] = [each for each in sent if each["params"]["sessionId"] == session.session_id]
            assert name in str(own)
            assert other not in str(own).replace(session.session_id, "")


async def test_tokens_are_got_for_whoever_they_are_for(client: CopilotClient) -> None:
    def provider(name: str) -> Callable[[Any], Any]:
        async def token(args: Any) -> Any:
            return {"kind": "token", "accessToken": f"token-of-{name}-for-{tenant.get()}", "expiresIn": 60}

        return token

    for name in NAMES:
        await as_tenant(name, lambda name=name: client.create_session(github_token_provider=provider(name)))  # type: ignore[misc]
    sent = (await client.request("fake.received", {"method": "session.create"}))["messages"]
    registrations = [each["params"]["gitHubTokenProviderRegistrationId"] for each in sent]
    assert len(set(registrations)) == 2
    for name, registration in zip(NAMES, registrations, strict=True):
        params = {"registrationId": registration, "host": "h", "reason": "initial"}
        answer = await client.request("fake.request", {"method": "gitHubToken.getToken", "params": params})
        assert answer["result"]["accessToken"] == f"token-of-{name}-for-{name}"


@pytest.mark.parametrize("kind", ["memory", "folder"])
async def test_files_of_one_are_not_there_for_the_other(connect: Connect, tmp_path: Any, kind: str) -> None:
    store = {"kind": kind, **({"path": str(tmp_path / "store")} if kind == "folder" else {})}
    config: Any = {**CONFIG, "store": store}
    async with CopilotClient(connection=connect(), session_fs=config) as client:
        red, blue = [await client.create_session() for _ in NAMES]
        wrote = await ask(client, red, "sessionFs.writeFile", path="/state/secret", content="of red")
        assert "error" not in wrote
        assert (await ask(client, red, "sessionFs.readFile", path="/state/secret"))["result"]["content"] == "of red"
        theirs = f"/../{red.session_id}/state/secret"
        for path in ("/state/secret", theirs, f"/state/..{theirs}", f"..{theirs}", f"/{red.session_id}/state/secret"):
            answer = await ask(client, blue, "sessionFs.readFile", path=path)
            assert "of red" not in str(answer), path
        listed = await ask(client, blue, "sessionFs.readdir", path="/")
        assert "secret" not in str(listed)
        assert red.session_id not in str(listed)


async def test_two_clients_have_two_runtimes(connect: Connect, tmp_path: Any) -> None:
    found = []
    for name in NAMES:
        (tmp_path / name).mkdir()
        env = {"WHO": name, "PATH": "/usr/bin:/bin"}
        options: Any = {"env": env, "working_directory": str(tmp_path / name), "github_token": f"token-of-{name}"}
        client = CopilotClient(connection=connect(), **options)
        await client.start()
        found.append((client, await client.request("fake.info")))
    for (_, info), name, other in zip(found, NAMES, reversed(NAMES), strict=True):
        assert (info["env"]["WHO"], info["cwd"]) == (name, str(tmp_path / name))
        assert info["env"]["COPILOT_SDK_AUTH_TOKEN"] == f"token-of-{name}"
        assert other not in str(info)
    assert len({info["pid"] for _, info in found}) == 2
    for client, _ in found:
        await client.force_stop()
