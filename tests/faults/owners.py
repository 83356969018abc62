"""Owners of sessions in a store with leases: one that dies, and one that stands still for too long."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from faults import REAL_SHORT, STEPS, Row, expect, in_turn, runtime, went_well
from host import Cell, Fault, eventually

SESSION = "owned"
#: Milliseconds for which an owner that says nothing is waited for.
TTL = 2000


def options(folder: Path, owner: str) -> str:
    lease = {"owner": owner, "ttlMs": TTL, "waitMs": 60_000}
    files = {"initialCwd": "/work", "sessionStatePath": "/state", "conventions": "posix"}
    return json.dumps({"sessionFs": {**files, "store": {"kind": "folder", "path": str(folder)}, "lease": lease}})


def history(folder: Path) -> list[dict[str, Any]]:
    """The session's events as its journal has them: what was appended to the runtime's file of events, in order."""
    records: dict[int, str] = {}
    if not (folder / SESSION).exists():
        return []
    for file in sorted((folder / SESSION / ".~journal").iterdir()):
        content = file.read_bytes()
        while content:
            line, content = content.split(b"\n", 1)
            part = json.loads(line)
            if "record" in part:
                number = part["record"]
                records.setdefault(number, "")
                continue
            size = part.get("size")
            if size is None:
                continue
            if part["path"].endswith("events.jsonl"):
                was = "" if part["step"] == "write" else records[number]
                records[number] = was + content[:size].decode()
            content = content[size + 1 :]
    text = "".join(records[number] for number in sorted(records))
    return [json.loads(line) for line in text.splitlines()]


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def messages(model_url: str) -> list[str]:
    """What the user said, in the last request that the model got."""
    with urlopen(f"{model_url.removesuffix('/v1')}/_requests") as answer:
        asked = json.load(answer)[-1]
    body = asked.get("body", asked)
    return [json.dumps(message) for message in body["messages"] if message["role"] == "user"]


def owner_killed(cell: Cell) -> None:
    """The owner dies in a turn; another program goes on with all that it had said."""
    folder = cell.home / "files"
    cell.session["sessionId"] = SESSION
    in_turn(cell, "stdio", real=True, options=options(folder, "first"))
    # The runtime writes its events while the model is being asked already.
    cell.while_running(lambda: "user.message" in types(history(folder)), "the message was written")
    os.kill(cell.process.pid, signal.SIGKILL)
    cell.ended()
    cell.alone("the runtime after SIGKILL")
    before = history(folder)
    second = Cell(cell.door)
    try:
        second.scripted_model([{"text": "I am here"}])
        second.start("turn", runtime(), OPTIONS=options(folder, "second"), RESUME=SESSION)
        went_well(second)
        said = messages(second.model_url)
        after = history(folder)
    finally:
        second.close()
    if sum("go" in message for message in said) < 2:
        raise Fault(f"the message of the first owner is not in the history: {said}")
    ids = [event["id"] for event in after]
    if len(set(ids)) != len(ids):
        raise Fault("an event is in the history twice")
    if [event["id"] for event in before] != ids[: len(before)]:
        raise Fault("what the first owner had written is not what the second went on with")


def owner_stopped(cell: Cell) -> None:
    """The owner stands still past its lease; another takes over, and the first ends without having written."""
    folder = cell.home / "files"
    cell.session["sessionId"] = SESSION
    cell.start("turn", cell.fake(STEPS["turn"][0]), OPTIONS=options(folder, "first"))
    cell.received("session.send")
    cell.process.send_signal(signal.SIGSTOP)
    second = Cell(cell.door)
    try:
        second.session["sessionId"] = SESSION
        second.start("turn", second.fake(), OPTIONS=options(folder, "second"))
        went_well(second)
    finally:
        second.close()
    records = sorted(file.name for file in (folder / SESSION / ".~journal").iterdir())
    cell.process.send_signal(signal.SIGCONT)
    expect(cell, "turn", ("SessionClosed",), "taken over by second")
    eventually(lambda: cell.process.poll() is not None, "the end of the first")
    if sorted(file.name for file in (folder / SESSION / ".~journal").iterdir()) != records:
        raise Fault("the first owner wrote after the second had begun")


def owner_rows() -> list[Row]:
    return [
        Row(
            "owner-killed",
            "owner of a session killed in a turn, resumed elsewhere, real",
            owner_killed,
            True,
            short_doors=REAL_SHORT,
        ),
        Row("owner-stopped", "owner of a session stands still past its lease, and is taken over", owner_stopped),
    ]
