"""The verbs of the cases."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any

from . import canned
from .matching import in_order, matches
from .runner import Run, StepFailed, kind_of, text_of

Args = dict[str, Any]


async def do_client(run: Run, args: Args) -> None:
    run.make_client(args)


async def do_start(run: Run, args: Args) -> None:
    name = args.get("client", "client")
    client = run.clients.get(name) or run.make_client(args)
    await client.start()


async def do_stop(run: Run, args: Args) -> None:
    await run.client(args).stop()


async def do_force_stop(run: Run, args: Args) -> None:
    await run.client(args).force_stop()


async def do_ping(run: Run, args: Args) -> Any:
    return (await run.client(args).ping(args.get("message"))).to_dict()


async def do_invoke(run: Run, args: Args) -> Any:
    limit = args.get("timeout_ms")
    timeout = None if limit is None else limit / 1000
    return await run.client(args).request(args["method"], args.get("params"), timeout=timeout)


async def do_list_models(run: Run, args: Args) -> Any:
    return [model.to_dict() for model in await run.client(args).list_models()]


async def do_host(run: Run, args: Args) -> Any:
    behaviour = run.hosts[args.get("client", "client")]
    options = canned.ahp_host(args["options"], behaviour, run.session_of)
    host = await run.client(args).start_ahp_host(options)
    return {"hostId": host.host_id, "url": host.url, "token": host.token}


async def do_kill_runtime(run: Run, args: Args) -> None:
    run.kill()


async def do_expect_no_process(run: Run, args: Args) -> None:
    await run.until("the process is gone", lambda: not run.alive(), args.get("within_ms", 5000))


async def do_create(run: Run, args: Args) -> Any:
    return await run.open(args, resume=False)


async def do_resume(run: Run, args: Args) -> Any:
    return await run.open(args, resume=True)


async def do_send(run: Run, args: Args) -> Any:
    return await run.session(args).send(args["prompt"])


async def do_send_and_wait(run: Run, args: Args) -> Any:
    options: Args = {"timeout": args["timeout_ms"] / 1000} if "timeout_ms" in args else {}
    event = await run.session(args).send_and_wait(
        args["prompt"], idempotency_key=args.get("idempotency_key"), **options
    )
    return None if event is None else event.to_dict()


async def do_abort(run: Run, args: Args) -> None:
    await run.session(args).abort()


async def do_disconnect(run: Run, args: Args) -> None:
    await run.session(args).disconnect()


async def do_get_events(run: Run, args: Args) -> None:
    events = [event.to_dict() for event in await run.session(args).get_events()]
    if not in_order(args.get("expect_in_order", []), events):
        raise StepFailed(f"not in this order: {events}")
    if any(event["type"] in args.get("absent", []) for event in events):
        raise StepFailed(f"something unwanted: {events}")


async def do_on(run: Run, args: Args) -> None:
    kept: list[Any] = []
    run.kept[args["as"]] = kept

    def handler(event: Any) -> None:
        kept.append(event.to_dict())
        if args.get("throws"):
            raise RuntimeError("the handler failed")

    run.leave[args["as"]] = run.session(args).on(handler)


async def do_iterate(run: Run, args: Args) -> None:
    events = run.session(args).events()

    async def iterate() -> tuple[str, str]:
        last = ""
        try:
            async for event in events:
                last = event.to_dict()["type"]
        except Exception as error:
            return kind_of(error), last
        return "done", last

    run.iterations[args["as"]] = asyncio.create_task(iterate())
    await asyncio.sleep(0)


async def do_iteration(run: Run, args: Args) -> None:
    ended, last = await run.iterations.pop(args["name"])
    if (ended, last) != (args["ended"], args["last"]):
        raise StepFailed(f"it ended with {ended} after {last}")


async def do_listen_after_create(run: Run, args: Args) -> None:
    seen: list[list[str]] = []
    for _ in range(args["count"]):
        types: list[str] = []
        seen.append(types)
        session = await run.client(args).create_session()
        session.on(partial(_keep_type, types))

    def everywhere() -> bool:
        return all(args["type"] in types for types in seen)

    await run.until(f"{args['type']} by all; seen: {seen}", everywhere, args.get("within_ms", 5000))


def _keep_type(types: list[str], event: Any) -> None:
    types.append(event.to_dict()["type"])


async def do_off(run: Run, args: Args) -> None:
    run.leave[args["subscription"]]()


async def do_counters(run: Run, args: Args) -> None:
    session = run.session(args)

    def reached() -> bool:
        found = session.counters()
        wanted = {"received": "received_at_least", "delivered": "delivered_at_least"}
        return all(found[name] >= args.get(key, 0) for name, key in wanted.items())

    await run.until(f"counters {args}, not {session.counters()}", reached, args.get("within_ms", 5000))


async def do_expect_event(run: Run, args: Args) -> None:
    pattern = {"type": args["type"], **({"data": args["data"]} if "data" in args else {})}
    events = run.events(args)
    if args.get("absent"):
        await asyncio.sleep(0.1)
        if any(matches(pattern, event) for event in events):
            raise StepFailed(f"an event matches {pattern}")
        return
    await run.until(
        f"{pattern}; seen: {[each['type'] for each in events]}",
        lambda: any(matches(pattern, event) for event in events),
        args.get("within_ms", 5000),
    )


async def do_expect_events_in_order(run: Run, args: Args) -> None:
    events = run.events(args)
    what = f"{args['events']} in {[each['type'] for each in events]}"
    await run.until(what, lambda: in_order(args["events"], events), args.get("within_ms", 5000))


async def do_expect_sequence(run: Run, args: Args) -> None:
    events, field, count = run.events(args), args["field"], args["count"]

    def numbers() -> list[Any]:
        data = [event["data"] for event in list(events) if event["type"] == args["type"]]
        return [each[field] for each in data if field in each]

    await run.until(f"{count} events", lambda: len(numbers()) >= count, args.get("within_ms", 5000))
    if numbers() != list(range(count)):
        raise StepFailed(f"{len(numbers())} events, not 0…{count - 1} in order")


async def do_expect_value(run: Run, args: Args) -> None:
    value = args["value"]
    if "equals" in args and value != args["equals"]:
        raise StepFailed(f"{value!r} is not {args['equals']!r}")
    if not in_order(args.get("contains_in_order", []), value if isinstance(value, list) else []):
        raise StepFailed(f"{value!r} lacks {args['contains_in_order']!r}")


def _method(pattern: Args, frame: Args) -> bool:
    return matches(pattern["method"], frame["method"]) and matches(pattern.get("where", {}), frame["params"] or {})


async def do_received(run: Run, args: Args) -> None:
    def count() -> int:
        return sum(_method(args, frame) for frame in run.frames())

    wanted = args.get("count")
    if wanted == 0:
        await asyncio.sleep(0.2)
        if count():
            raise StepFailed(f"received {args}")
        return
    await run.until(
        f"received {args}; {[f['method'] for f in run.frames()]}",
        lambda: count() == wanted if wanted else count(),
        args.get("within_ms", 5000),
    )


async def do_received_in_order(run: Run, args: Args) -> None:
    def holds() -> bool:
        rest = iter(run.frames())
        return all(any(_method(pattern, frame) for frame in rest) for pattern in args["messages"])

    await run.until(f"received {args['messages']}", holds, args.get("within_ms", 5000))


async def do_model_received(run: Run, args: Args) -> None:
    def holds() -> bool:
        found = sum(args.get("contains", "") in text for text in run.model_requests())
        return found == args["count"] if "count" in args else found > 0

    await run.until(f"model received {args}", holds, args.get("within_ms", 5000))


async def do_expect_error(run: Run, args: Args) -> None:
    try:
        await run.step(args["step"])
    except StepFailed:
        raise
    except (Exception, asyncio.CancelledError) as error:
        wanted = args["kind"] if isinstance(args["kind"], list) else [args["kind"]]
        if kind_of(error) not in wanted:
            raise StepFailed(f"{kind_of(error)} instead of {wanted}: {error!r}") from error
        if not re.search(re.escape(args.get("contains", "")), text_of(error)):
            raise StepFailed(f"{text_of(error)!r} lacks {args['contains']!r}") from error
        reason = (getattr(error, "reason", None) or {}).get("code")
        if args.get("reason") not in (None, reason):
            raise StepFailed(f"the reason is {reason}, not {args['reason']}") from error
        return
    raise StepFailed(f"no error from {args['step']}")


async def do_begin(run: Run, args: Args) -> None:
    run.tasks[args["as"]] = asyncio.create_task(run.step(args["step"]))
    await asyncio.sleep(0)


async def do_await(run: Run, args: Args) -> Any:
    return await run.tasks.pop(args["name"])


async def do_parallel(run: Run, args: Args) -> None:
    results = await asyncio.gather(*(run.step(step) for step in args["steps"]), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def do_sleep(run: Run, args: Args) -> None:
    await asyncio.sleep(args["ms"] / 1000)
