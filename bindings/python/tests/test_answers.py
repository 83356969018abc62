"""Every question is answered, whatever its handler does: raises anything, is cancelled, or returns what has no JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from copilot import (
    CopilotClient,
    CopilotRequestHandler,
    PermissionHandler,
    RuntimeConnection,
    Tool,
    ToolInvocation,
    ToolResult,
)
from copilot._base import BY_KIND as OF_CLIENT
from copilot._question import Question
from copilot._serve import BY_KIND as OF_SESSION
from copilot.generated._kinds import KINDS as CALL_KINDS
from copilot.rpc import PermissionDecisionReject

from .peer import act, ask, reports, until
from .questions import KINDS, Kind
from .test_providers import CONFIG, Files

kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
# How an operating system that does not decode names hands over a name in Latin-1.
NAME = b"caf\xe9".decode("utf-8", "surrogateescape")
SHOWN = "caf\ufffd"
FAULTS = [
    GeneratorExit("left"),
    BaseExceptionGroup("several", [GeneratorExit(), KeyError("k")]),
    pytest.fail.Exception("failed"),
]


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


@kinds
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_handler_that_ends_by_more_than_an_exception(
    client: CopilotClient, kind: Kind, fault: BaseException, is_async: bool
) -> None:
    told = reports(asyncio.get_running_loop())

    def plain(*args: Any) -> Any:
        raise fault

    async def waits(*args: Any) -> Any:
        await asyncio.sleep(0)
        raise fault

    session = await client.create_session(**kind.options(waits if is_async and kind is not KINDS["canvas"] else plain))
    assert kind.failed(await kind.ask(client, session))
    await until(lambda: told, "the loop is not told")
    assert [each["exception"] for each in told] == [fault]
    assert client._inbox._tasks == {}


@kinds
async def test_a_handler_that_cancels_itself(client: CopilotClient, kind: Kind) -> None:
    def cancels(*args: Any) -> Any:
        raise asyncio.CancelledError

    session = await client.create_session(**kind.options(cancels))
    assert kind.failed(await kind.ask(client, session))


@kinds
@pytest.mark.parametrize("fault", [RuntimeError(NAME), Unspeakable()], ids=["surrogate", "unspeakable"])
async def test_an_error_whose_text_is_no_text(client: CopilotClient, kind: Kind, fault: Exception) -> None:
    def fails(*args: Any) -> Any:
        raise fault

    session = await client.create_session(**kind.options(fails))
    answer = await kind.ask(client, session)
    assert kind.failed(answer)
    if kind is KINDS["tool"]:
        assert answer["error"] == (SHOWN if isinstance(fault, RuntimeError) else "Unspeakable")


@kinds
async def test_an_answer_without_a_json_form(client: CopilotClient, kind: Kind) -> None:
    async def answers(*args: Any) -> Any:
        return object()

    def answers_at_once(*args: Any) -> Any:
        return object()

    session = await client.create_session(**kind.options(answers_at_once if kind is KINDS["canvas"] else answers))
    answer = await kind.ask(client, session)
    # What a command returns is not looked at, a section is made a text.
    if kind not in (KINDS["command"], KINDS["systemMessageTransform"]):
        assert kind.failed(answer)


async def test_a_task_that_is_cancelled_before_it_begins(client: CopilotClient) -> None:
    loop = asyncio.get_running_loop()

    def cancelled_at_once(loop: Any, work: Any, **options: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **options)
        if "_serve" in getattr(work, "__qualname__", "") or work.__name__ == "serve":
            task.cancel()
        return task

    kind = KINDS["userInput"]
    session = await client.create_session(**kind.options(lambda *args: {"answer": "x", "wasFreeform": True}))
    loop.set_task_factory(cancelled_at_once)
    answer = await kind.ask(client, session)
    loop.set_task_factory(None)
    assert answer["error"]["message"] == "the handler was cancelled"


async def test_a_task_that_cannot_be_made(client: CopilotClient) -> None:
    loop = asyncio.get_running_loop()
    told = reports(loop)
    kind = KINDS["userInput"]
    session = await client.create_session(**kind.options(lambda *args: {"answer": "x", "wasFreeform": True}))

    def refuses(loop: Any, work: Any, **options: Any) -> asyncio.Task[Any]:
        if work.__name__ == "serve":
            raise RuntimeError("no more tasks")
        return asyncio.Task(work, loop=loop, **options)

    loop.set_task_factory(refuses)
    answer = await kind.ask(client, session)
    loop.set_task_factory(None)
    assert answer["error"]["message"] == "no more tasks"
    assert [str(each["exception"]) for each in told] == ["no more tasks"]


@pytest.mark.parametrize("fault", [*FAULTS, ValueError("x")], ids=lambda fault: type(fault).__name__)
async def test_a_session_file_handler(connect: Callable[..., RuntimeConnection], fault: BaseException) -> None:
    class Broken(Files):
        async def read_file(self, path: str) -> str:
            raise fault

    async with CopilotClient(connection=connect(), session_fs=CONFIG) as client:
        reports(asyncio.get_running_loop())
        session = await client.create_session(create_session_fs_handler=lambda session: Broken())
        answer = await ask(client, session, "sessionFs.readFile", path="/a")
        assert answer["result"]["error"]["message"]


class Launcher:
    def __init__(self, fault: BaseException) -> None:
        self.fault = fault

    async def resolve(self, params: Any) -> Any:
        raise self.fault


class Requests(CopilotRequestHandler):
    def __init__(self, fault: BaseException) -> None:
        self.fault = fault

    async def send_request(self, request: Any, ctx: Any) -> Any:
        raise self.fault


@pytest.mark.parametrize("fault", [*FAULTS, ValueError("x")], ids=lambda fault: type(fault).__name__)
async def test_handlers_of_the_client(connect: Callable[..., RuntimeConnection], fault: BaseException) -> None:
    accepted = {"reply": {"result": {"accepted": True}}}
    names = ("llmInference.setProvider", "llmInference.httpResponseStart", "llmInference.httpResponseChunk")
    rules = [{"on": {"method": name}, "do": [accepted]} for name in names]
    rules.append({"on": {"method": "registerExtensionLaunchProvider"}, "do": [{"reply": {"result": None}}]})
    launcher: Any = Launcher(fault)
    client = CopilotClient(
        connection=connect(rules), request_handler=Requests(fault), extension_launch_provider=launcher
    )
    reports(asyncio.get_running_loop())
    await client.start()
    wanted = {"id": "e", "name": "E", "modulePath": "/e.js", "source": "user"}
    answer = await client.request("fake.request", {"method": "extensionLaunchProvider.resolve", "params": wanted})
    assert answer.get("error") or answer["result"] == {}
    start = {"requestId": "1", "method": "POST", "url": "http://m/", "headers": {}}
    await client.request("fake.request", {"method": "llmInference.httpRequestStart", "params": start})
    chunk = {"requestId": "1", "data": "body", "end": True}
    await client.request("fake.request", {"method": "llmInference.httpRequestChunk", "params": chunk})
    last: dict[str, Any] = {}
    async with asyncio.timeout(10):
        while not last.get("end"):
            sent = await client.request("fake.received", {"method": "llmInference.httpResponseChunk"})
            last = sent["messages"][-1]["params"] if sent["messages"] else {}
    assert "error" in last
    await client.force_stop()


# -- what the engine asks and what is served ---------------------------------------------------------------------------


def test_every_kind_of_question_is_served() -> None:
    assert {kind.number for kind in CALL_KINDS if not kind.client_wide} == {*OF_SESSION}
    assert {kind.number for kind in CALL_KINDS if kind.client_wide} == {*OF_CLIENT}


def test_the_tests_know_every_kind_of_question() -> None:
    elsewhere = {"sessionFs", "llmRequest", "listModels", "gitHubToken", "extensionLaunch", "installationConfirmation"}
    elsewhere |= {"uiThread", "ahpHost"}
    assert {kind.name for kind in CALL_KINDS} == {*KINDS} | elsewhere


# -- text that is no UTF-8 ---------------------------------------------------------------------------------------------


async def test_names_that_are_no_text_reach_the_runtime(client: CopilotClient) -> None:
    session = await client.create_session(
        tools=[Tool("t", "", lambda invocation: ToolResult(NAME, session_log=NAME))],
        on_permission_request=lambda request, invocation: PermissionDecisionReject(feedback=NAME),
        hooks={"on_pre_tool_use": lambda hook_input, context: {"additionalContext": NAME}},
        on_user_input_request=lambda request, context: {"answer": NAME, "wasFreeform": True},
        client_name=NAME,
    )
    sent = await client.request("fake.received", {"method": "session.create"})
    assert sent["messages"][-1]["params"]["clientName"] == SHOWN
    tool = await KINDS["tool"].ask(client, session)
    assert (tool["result"]["textResultForLlm"], tool["result"]["sessionLog"]) == (SHOWN, SHOWN)
    permission = await KINDS["permission"].ask(client, session)
    assert permission["result"] == {"kind": "reject", "feedback": SHOWN}
    hook = await KINDS["hook"].ask(client, session)
    assert hook["result"]["output"] == {"additionalContext": SHOWN}
    answer = await KINDS["userInput"].ask(client, session)
    assert answer["result"]["answer"] == SHOWN
    event = await session.send_and_wait(f"what is {NAME}?", attachments=[{"type": "file", "path": NAME}])  # type: ignore[list-item]
    assert event is not None
    sent = await client.request("fake.received", {"method": "session.send"})
    assert sent["messages"][-1]["params"]["prompt"] == f"what is {SHOWN}?"
    assert sent["messages"][-1]["params"]["attachments"][0]["path"] == SHOWN
    assert (await client.ping(NAME)).message == f"pong: {SHOWN}"
    assert await client.request("fake.echo", {NAME: [NAME, float("nan"), b"x"]}) == {SHOWN: [SHOWN, None, "eA=="]}


async def test_what_a_tool_returns_may_hold_such_names(client: CopilotClient) -> None:
    from copilot import define_tool

    @define_tool()
    def listing() -> Any:
        return {"files": [NAME]}

    kind = KINDS["tool"]
    listing.name = "t"
    session = await client.create_session(tools=[listing])
    answer = await kind.ask(client, session)
    assert "caf" in answer["result"]["textResultForLlm"]


async def test_a_question_with_such_text_reaches_its_handler(client: CopilotClient) -> None:
    asked: list[Any] = []

    def handler(request: Any, invocation: Any) -> Any:
        asked.append(request)
        return PermissionHandler.approve_all(request, invocation)

    session = await client.create_session(on_permission_request=handler)
    # JSON with an escape of an unpaired surrogate, which the fake runtime would mend in a script.
    request = '{"kind":"url","intention":"\\udce9","url":"u"}'
    event = '{"id":"i","timestamp":"2026-01-02T03:04:05Z","parentId":null,"type":"permission.requested","data":'
    event += '{"requestId":"r","permissionRequest":' + request + "}}"
    params = '{"sessionId":"' + session.session_id + '","event":' + event + "}"
    frame = '{"jsonrpc":"2.0","method":"session.event","params":' + params + "}"
    wait = {
        "expect": {"method": "session.permissions.handlePendingPermissionRequest", "as": "answer", "timeoutMs": 5000}
    }
    answer = await act(client, session, {"raw": {"body": frame}}, wait, {"reply": {"result": "$answer.params.result"}})
    assert answer == {"kind": "approve-once"}
    assert asked[0].url == "u"


async def test_an_answer_is_given_once(client: CopilotClient) -> None:
    """A second answer of the program, late or not, is dropped."""
    sent: list[Any] = []

    class Native:
        def reply(self, call: int, text: bytes) -> None:
            sent.append(text)

        def reply_error(self, *args: Any) -> None:
            sent.append(args)

    inbox: Any = type("Inbox", (), {"native": Native()})()
    question = Question(inbox, 1, 1, 1, b"{}")
    question.answer("x")
    question.answer("y")
    question.fail("z")
    assert sent == [b'"x"']
    failed = Question(inbox, 2, 1, 1, b"{}")
    with pytest.raises(TypeError, match="not JSON serializable"):
        failed.answer(object())
    failed.fail("could not")
    failed.answer("too late")
    assert sent[1:] == [(2, "could not", None, None)]


async def test_a_tool_that_raises_such_text(client: CopilotClient) -> None:
    async def raises(invocation: ToolInvocation) -> ToolResult:
        raise OSError(2, "No such file", NAME)

    session = await client.create_session(tools=[Tool("t", "", raises)])
    answer = await KINDS["tool"].ask(client, session)
    assert "No such file" in answer["error"]
