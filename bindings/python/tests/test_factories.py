"""Factories: what the runtime asks of a program that offers them, and ``session.factory``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from copilot import (
    CopilotClient,
    CopilotSession,
    Factory,
    FactoryContext,
    FactoryResumeError,
    RuntimeConnection,
    define_factory,
    is_factory_run_terminal,
    sync,
)
from copilot._jsonrpc import JsonRpcError, ProcessExitedError
from copilot.rpc import FactoryRunStatus

from .peer import LIMIT, act, ask, until

Connect = Callable[..., RuntimeConnection]
Body = Callable[[FactoryContext], Any]
ATTEMPT = {"runId": "r", "executionToken": "t"}


def rule(method: str, *results: Any) -> list[dict[str, Any]]:
    """Answers to a method below ``session.factory.``: one after the other, the last for good."""
    method = f"session.factory.{method}"
    ordered = [
        {"on": {"method": method, "nth": nth}, "do": [{"reply": {"result": result}}]}
        for nth, result in enumerate(results[:-1], 1)
    ]
    return [*ordered, {"on": {"method": method}, "do": [{"reply": {"result": results[-1]}}]}]


def rules(**answers: Any) -> list[dict[str, Any]]:
    known = {"log": {}, "agent": {"result": "done"}, "journal.get": {"hit": False}, "journal.put": {}} | answers
    known.setdefault("pauseAtCheckpoint", {"action": "continue"})
    return [each for method, answer in known.items() for each in rule(method, answer)]


async def execute(client: CopilotClient, body: Body, **answers: Any) -> dict[str, Any]:
    """What the runtime gets for running a body."""
    await client.request("fake.script", {"script": rules(**answers)})
    session = await client.create_session(factories=[Factory("nightly", "d", body)])
    return await ask(client, session, "factory.execute", name="nightly", args={"n": 1}, **ATTEMPT)


async def sent(client: CopilotClient, method: str) -> list[dict[str, Any]]:
    received = await client.request("fake.received", {"method": f"session.factory.{method}"})
    return [{k: v for k, v in each["params"].items() if k != "sessionId"} for each in received["messages"]]


async def test_what_is_declared(client: CopilotClient) -> None:
    @define_factory(
        description="Tidies up",
        phases=["look", {"title": "sweep", "detail": "all of it"}],
        args_schema={"type": "object"},
        limits={"max_total_subagents": 3, "timeout_seconds": 60.5},
    )
    async def nightly(context: FactoryContext) -> None: ...

    assert nightly.name == "nightly"
    session = await client.create_session(factories=[nightly, Factory("other", "d", nightly.run)])
    await client.resume_session(session.session_id, factories=[nightly])
    for method, count in (("session.create", 2), ("session.resume", 1)):
        received = await client.request("fake.received", {"method": method})
        declared = received["messages"][-1]["params"]["factories"]
        assert len(declared) == count
        assert declared[0] == {
            "name": "nightly",
            "description": "Tidies up",
            "phases": [{"title": "look"}, {"title": "sweep", "detail": "all of it"}],
            "argsSchema": {"type": "object"},
            "limits": {"maxTotalSubagents": 3, "timeoutSeconds": 60.5},
        }
    with pytest.raises(ValueError, match="two factories called 'nightly'"):
        await client.create_session(factories=[nightly, nightly])


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (lambda context: None, {}),
        (lambda context: context.args, {"result": {"n": 1}}),
        (lambda context: [1, 2.5, True, None, "x", {"a": []}], {"result": [1, 2.5, True, None, "x", {"a": []}]}),
    ],
)
async def test_a_plain_body(client: CopilotClient, body: Body, answer: Any) -> None:
    assert (await execute(client, body))["result"] == answer


async def test_the_order_of_what_a_body_does(client: CopilotClient) -> None:
    async def body(context: FactoryContext) -> Any:
        assert context.run_id == "r"
        context.phase("look")
        context.log("looking")
        answer = await context.agent("look", label="l", schema={"type": "string"}, context_tier="default")
        context.log("seen")
        step = await context.step("key", lambda: {"made": answer})
        await context.pause("here")
        return step

    assert (await execute(client, body))["result"] == {"result": {"made": "done"}}
    opts = {"label": "l", "schema": {"type": "string"}, "contextTier": "default"}
    assert await sent(client, "agent") == [{"factoryRunId": "r", "executionToken": "t", "prompt": "look", "opts": opts}]
    assert await sent(client, "log") == [
        {
            **ATTEMPT,
            "lines": [
                {"seq": 0, "kind": "phase", "text": "look"},
                {"seq": 1, "kind": "log", "text": "looking"},
            ],
        },
        {**ATTEMPT, "lines": [{"seq": 2, "kind": "log", "text": "seen"}]},
    ]
    assert await sent(client, "journal.put") == [{**ATTEMPT, "key": "key", "resultJson": {"made": "done"}}]
    assert await sent(client, "pauseAtCheckpoint") == [{**ATTEMPT, "key": "here"}]
    received = await client.request("fake.received", {"where": {"executionToken": "t"}})
    order = [each["method"].removeprefix("session.factory.") for each in received["messages"]]
    assert order == ["log", "agent", "log", "journal.get", "journal.put", "pauseAtCheckpoint"]


async def test_lines_are_sent_without_anything_behind_them(client: CopilotClient) -> None:
    async def body(context: FactoryContext) -> None:
        context.log("alone")
        async with asyncio.timeout(LIMIT):
            while not await sent(client, "log"):
                await client.ping()

    assert (await execute(client, body))["result"] == {}


async def test_a_step_comes_from_the_journal(client: CopilotClient) -> None:
    made: list[int] = []

    async def body(context: FactoryContext) -> Any:
        known = await context.step("key", lambda: made.append(1))
        return [known, await context.step("other", lambda: len(made), volatile=True)]

    answer = await execute(client, body, **{"journal.get": {"hit": True, "resultJson": "old"}})
    assert answer["result"] == {"result": ["old", 0]}
    assert await sent(client, "journal.put") == []


async def test_nothing_is_a_result_of_a_step_too(client: CopilotClient) -> None:
    async def body(context: FactoryContext) -> None:
        assert await context.step("key", lambda: None) is None

    await execute(client, body)
    assert await sent(client, "journal.put") == [{**ATTEMPT, "key": "key", "resultJson": None}]


@pytest.mark.parametrize("value", [float("nan"), object(), {1: 2}, {"a": (1,)}])
async def test_what_json_cannot_keep(client: CopilotClient, value: Any) -> None:
    answer = await execute(client, lambda context: value)
    assert answer["error"]["data"] == {"code": "factory_result_not_json"}
    assert "JSON cannot keep" in answer["error"]["message"]

    async def body(context: FactoryContext) -> None:
        await context.step("key", lambda: value)

    answer = await execute(client, body)
    assert answer["error"]["data"] == {"code": "factory_step_not_json"}


async def test_branches(client: CopilotClient) -> None:
    async def fails() -> Any:
        raise ValueError("ordinary")

    async def body(context: FactoryContext) -> Any:
        async def slow() -> str:
            await asyncio.sleep(0)
            return "slow"

        both = await context.parallel([slow, fails, lambda: "plain"])
        line = await context.pipeline([1, 2], lambda value, item, index: value * 10, lambda v, i, n: [v, i, n])
        # A pause in a branch is refused there, which is an ordinary failure.
        assert await context.parallel([lambda: context.pause("x")]) == [None]
        with pytest.raises(ValueError, match="4096"):
            await context.parallel([slow] * 4097)
        with pytest.raises(RuntimeError, match="inside another factory"):
            await context.factory("other")
        return [both, line]

    answer = await execute(client, body)
    assert await sent(client, "pauseAtCheckpoint") == []
    assert answer["result"]["result"] == [["slow", None, "plain"], [[10, 1, 0], [20, 2, 1]]]


async def test_an_error_of_the_runtime_ends_all_branches(client: CopilotClient) -> None:
    ends: list[str] = []

    async def body(context: FactoryContext) -> Any:
        async def waits() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ends.append("cancelled")
                raise

        return await context.parallel([waits, lambda: context.agent("x")])

    await client.request("fake.script", {"script": []})
    session = await client.create_session(factories=[Factory("nightly", "d", body)])
    answer = await ask(client, session, "factory.execute", name="nightly", args=None, **ATTEMPT)
    assert answer["error"]["code"] == -32601
    await until(lambda: ends == ["cancelled"])


async def test_an_abort_cancels_the_body(client: CopilotClient) -> None:
    ends: list[str] = []
    began = asyncio.Event()

    async def body(context: FactoryContext) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("ended")

    session = await client.create_session(factories=[Factory("nightly", "d", body)])
    params = {"sessionId": session.session_id, "name": "nightly", "args": {}, **ATTEMPT}
    request = {"request": {"method": "factory.execute", "params": params, "wait": False}}
    await act(client, session, request)
    await asyncio.wait_for(began.wait(), LIMIT)
    assert (await ask(client, session, "factory.abort", **ATTEMPT))["result"] == {}
    await until(lambda: ends == ["ended"])


async def test_an_unknown_factory(client: CopilotClient) -> None:
    session = await client.create_session(factories=[Factory("nightly", "d", lambda context: None)])
    answer = await ask(client, session, "factory.execute", name="other", args={}, **ATTEMPT)
    assert answer["error"]["data"]["code"] == "factory_not_found"


# -- session.factory ---------------------------------------------------------------------------------------------------


def run(status: str, **more: Any) -> dict[str, Any]:
    return {"runId": "r", "status": status, **more}


async def scripted(client: CopilotClient, *script: list[dict[str, Any]]) -> CopilotSession:
    await client.request("fake.script", {"script": [each for part in script for each in part]})
    return await client.create_session()


async def test_a_run_is_waited_for(client: CopilotClient) -> None:
    updated = {"event": {"type": "factory.run_updated", "data": {"runId": "r", "revision": 1}}}
    running = {
        "on": {"method": "session.factory.getRun", "nth": 1},
        "do": [{"reply": {"result": run("running")}}, updated],
    }
    session = await scripted(
        client, rule("run", run("running")), [running], rule("getRun", run("completed", result={"a": 1}))
    )
    nightly = Factory("nightly", "d", lambda context: None)
    # Word of the change comes long before the run would be read again anyway.
    async with asyncio.timeout(4):
        done = await session.factory.run(nightly, {"n": 1}, limits={"max_ai_credits": None}, notify_on_complete=True)
    assert done.status is FactoryRunStatus.COMPLETED
    assert done.result == {"a": 1}
    options = {"limits": {"maxAiCredits": None}, "notifyOnComplete": True}
    assert await sent(client, "run") == [{"name": "nightly", "args": {"n": 1}, "options": options}]
    assert session._listeners == {}


async def test_a_run_that_ends_at_once(client: CopilotClient) -> None:
    session = await scripted(client, rule("run", run("error", error="x")))
    assert (await session.factory.run("nightly")).error == "x"
    assert await sent(client, "run") == [{"name": "nightly", "args": {}, "options": {}}]


async def test_resuming(client: CopilotClient) -> None:
    session = await scripted(client, rule("resume", {"factoryName": "nightly", "run": run("completed")}))
    done = await session.factory.resume("r", limits={"timeout_seconds": 5})
    assert done.status is FactoryRunStatus.COMPLETED
    assert await sent(client, "resume") == [{"runId": "r", "limits": {"timeoutSeconds": 5}}]


@pytest.mark.parametrize(("code", "expected"), [("not_found", FactoryResumeError), ("other", JsonRpcError)])
async def test_a_run_that_cannot_be_resumed(client: CopilotClient, code: str, expected: type[Exception]) -> None:
    error = {"code": -32000, "message": "no", "data": {"code": code}}
    refusal = {"on": {"method": "session.factory.resume"}, "do": [{"reply": {"error": error}}]}
    session = await scripted(client, [refusal])
    with pytest.raises(expected, match="no") as caught:
        await session.factory.resume("r")
    if isinstance(caught.value, FactoryResumeError):
        assert caught.value.code == "not_found"


async def test_a_wait_ends_with_its_session(connect: Connect) -> None:
    die = {"on": {"method": "die"}, "do": [{"exit": 1}]}
    script = [die, *rule("getRun", run("running"))]
    for end, error in ((CopilotSession.disconnect, JsonRpcError), (None, ProcessExitedError)):
        async with CopilotClient(connection=connect(script)) as client:
            session = await client.create_session()
            waiting = asyncio.ensure_future(session.factory.wait_for_run("r"))
            await until(lambda: client._inbox._idle)
            if end is not None:
                await end(session)
            else:
                with pytest.raises(ProcessExitedError):
                    await client.request("die")
            with pytest.raises(error):
                await asyncio.wait_for(waiting, 4)


async def test_reading_about_runs(client: CopilotClient) -> None:
    progress = {
        "records": [],
        "revision": 1,
        "hasMoreNewer": False,
        "hasMoreOlder": False,
        "newestSeq": None,
        "oldestSeq": None,
    }
    session = await scripted(
        client,
        rule("listRuns", {"runs": []}),
        rule("getRunProgress", progress),
        rule("pause", run("paused")),
        rule("cancel", run("cancelled")),
    )
    assert (await session.factory.list_runs(limit=5)).runs == []
    assert (await session.factory.get_run_progress("r", after_seq=3)).records == []
    assert (await session.factory.pause("r")).status is FactoryRunStatus.PAUSED
    assert (await session.factory.cancel("r")).status is FactoryRunStatus.CANCELLED
    assert await sent(client, "listRuns") == [{"limit": 5}]
    assert await sent(client, "getRunProgress") == [{"runId": "r", "afterSeq": 3}]


@pytest.mark.parametrize("what", ["run", "resume", "pause"])
async def test_a_body_cannot_wait_for_runs(client: CopilotClient, what: str) -> None:
    async def body(context: FactoryContext) -> Any:
        call: Callable[[str], Awaitable[Any]] = getattr(context.session.factory, what)
        await call("x")

    answer = await execute(client, body)
    assert "cannot be called from inside" in answer["error"]["message"]


def test_which_runs_have_ended() -> None:
    ended = {each for each in FactoryRunStatus if is_factory_run_terminal(each)}
    assert ended == {*FactoryRunStatus} - {FactoryRunStatus.PENDING, FactoryRunStatus.RUNNING}
    assert is_factory_run_terminal("paused")


def test_the_blocking_twin(connect: Connect) -> None:
    with sync.CopilotClient(connection=connect(rule("run", run("completed")))) as client:
        session = client.create_session(factories=[Factory("nightly", "d", lambda context: None)])
        assert session.factory.run("nightly").status is FactoryRunStatus.COMPLETED


NEWER = [
    {
        "on": {"method": "connect"},
        "do": [{"reply": {"result": {"ok": True, "protocolVersion": 3, "version": "1.0.102"}}}],
    }
]


async def test_newer_runtimes_call_them_workflows(connect: Connect) -> None:
    answers = {"log": {}, "agent": {"result": "done"}, "journal.get": {"hit": False}, "journal.put": {}}
    answers["run"] = {"runId": "r", "status": "completed"}
    known = [
        {"on": {"method": f"session.workflow.{method}"}, "do": [{"reply": {"result": result}}]}
        for method, result in answers.items()
    ]
    refusal = {"code": -32000, "message": "no", "data": {"code": "workflow_storage_corrupt"}}
    known.append({"on": {"method": "session.workflow.resume"}, "do": [{"reply": {"error": refusal}}]})

    async def body(context: FactoryContext) -> Any:
        context.log("on it")
        return [await context.step("k", lambda: 1), await context.agent("hi", label="x")]

    async with CopilotClient(connection=connect([*NEWER, *known])) as client:
        session = await client.create_session(workflows=[Factory("nightly", "d", body)])
        (made,) = (await client.request("fake.received", {"method": "session.create"}))["messages"]
        assert made["params"]["workflows"] == [{"name": "nightly", "description": "d", "phases": []}]
        answer = await ask(client, session, "workflow.execute", name="nightly", args={}, **ATTEMPT)
        assert answer == {"result": {"result": [1, "done"]}}
        (asked,) = (await client.request("fake.received", {"method": "session.workflow.agent"}))["messages"]
        assert asked["params"]["workflowRunId"] == "r"
        assert (await session.workflow.run("nightly")).run_id == "r"
        with pytest.raises(FactoryResumeError) as caught:
            await session.workflow.resume("r")
        assert caught.value.code == "workflow_storage_corrupt"


async def test_the_other_name_is_refused(client: CopilotClient, connect: Connect) -> None:
    job = Factory("nightly", "d", lambda context: None)
    with pytest.raises(RuntimeError, match=r"workflows needs runtime 1\.0\.89-7 or newer, and this is .*factories"):
        await client.create_session(workflows=[job])
    async with CopilotClient(connection=connect(NEWER)) as newer:
        with pytest.raises(
            RuntimeError, match=r"factories is not known .* this is 1\.0\.102: declare them as workflows"
        ):
            await newer.create_session(factories=[job])
