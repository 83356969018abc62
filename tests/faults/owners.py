"""Owners of sessions in a store with leases: one that dies, and one that stands still for too long."""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from functools import partial
from typing import Any
from urllib.request import urlopen

from faults import REAL_SHORT, STEPS, Row, expect, in_turn, runtime, went_well
from host import Cell, Fault, eventually

#: Milliseconds for which an owner that says nothing is waited for.
TTL = 2000
#: Seconds within which the runtime has written what it was told, where nobody can look.
WRITTEN = 2.0

Store = dict[str, Any]


class Place:
    """Where one cell keeps its session."""

    def __init__(self, cell: Cell, store: Store | None) -> None:
        self.session = str(uuid.uuid4())
        self.store = store or {"kind": "folder", "path": str(cell.home / "files")}
        #: What can be looked at; servers are only asked by the programs.
        self.journal = None if store else cell.home / "files" / self.session / ".~journal"

    def options(self, owner: str) -> str:
        lease = {"owner": owner, "ttlMs": TTL, "waitMs": 60_000}
        files = {"initialCwd": "/work", "sessionStatePath": "/state", "conventions": "posix"}
        return json.dumps({"sessionFs": {**files, "store": self.store, "lease": lease}})

    def records(self) -> list[str]:
        """The names of the journal's objects."""
        if self.journal is None or not self.journal.exists():
            return []
        return sorted(file.name for file in self.journal.iterdir())

    def history(self) -> list[dict[str, Any]]:
        """The session's events as its journal has them: what was appended to the runtime's file of events, in order."""
        texts: dict[int, str] = {}
        for name in self.records():
            assert self.journal is not None
            content = (self.journal / name).read_bytes()
            while content:
                line, content = content.split(b"\n", 1)
                part = json.loads(line)
                if "record" in part:
                    number = part["record"]
                    texts.setdefault(number, "")
                elif "size" in part:
                    if part["path"].endswith("events.jsonl"):
                        was = "" if part["step"] == "write" else texts[number]
                        texts[number] = was + content[: part["size"]].decode()
                    content = content[part["size"] + 1 :]
        return [json.loads(line) for number in sorted(texts) for line in texts[number].splitlines()]

    def wait_for_message(self, cell: Cell) -> None:
        """The runtime writes its events while the model is being asked already."""
        if self.journal is None:
            time.sleep(WRITTEN)
        else:
            cell.while_running(lambda: "user.message" in types(self.history()), "the message was written")


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def messages(model_url: str) -> list[str]:
    """What the user said, in the last request that the model got."""
    with urlopen(f"{model_url.removesuffix('/v1')}/_requests") as answer:
        asked = json.load(answer)[-1]
    body = asked.get("body", asked)
    return [json.dumps(message) for message in body["messages"] if message["role"] == "user"]


def owner_killed(store: Store | None, cell: Cell) -> None:
    """The owner dies in a turn; another program goes on with all that it had said."""
    place = Place(cell, store)
    cell.session["sessionId"] = place.session
    in_turn(cell, "stdio", real=True, options=place.options("first"))
    place.wait_for_message(cell)
    os.kill(cell.process.pid, signal.SIGKILL)
    cell.ended()
    cell.alone("the runtime after SIGKILL")
    before = place.history()
    second = Cell(cell.door)
    try:
        second.scripted_model([{"text": "I am here"}])
        second.start("turn", runtime(), OPTIONS=place.options("second"), RESUME=place.session)
        went_well(second)
        said = messages(second.model_url)
        after = place.history()
    finally:
        second.close()
    if sum("go" in message for message in said) < 2:
        raise Fault(f"the message of the first owner is not in the history: {said}")
    ids = [event["id"] for event in after]
    if len(set(ids)) != len(ids):
        raise Fault("an event is in the history twice")
    if [event["id"] for event in before] != ids[: len(before)]:
        raise Fault("what the first owner had written is not what the second went on with")


def owner_stopped(store: Store | None, cell: Cell) -> None:
    """The owner stands still past its lease; another takes over, and the first ends without having written."""
    place = Place(cell, store)
    cell.session["sessionId"] = place.session
    cell.start("turn", cell.fake(STEPS["turn"][0]), OPTIONS=place.options("first"))
    cell.received("session.send")
    cell.process.send_signal(signal.SIGSTOP)
    second = Cell(cell.door)
    try:
        second.session["sessionId"] = place.session
        second.start("turn", second.fake(), OPTIONS=place.options("second"))
        went_well(second)
    finally:
        second.close()
    records = place.records()
    cell.process.send_signal(signal.SIGCONT)
    expect(cell, "turn", ("SessionClosed",), "taken over by second")
    eventually(lambda: cell.process.poll() is not None, "the end of the first")
    if place.records() != records:
        raise Fault("the first owner wrote after the second had begun")


def owner_rows() -> list[Row]:
    """In a folder, and in every store that `tests/scale/run.py` has started."""
    rows: list[Row] = []
    stores: list[Store | None] = [None, *json.loads(os.environ.get("COPILOT_TEST_STORES", "[]"))]
    for store in stores:
        kind = store["url"].split(":")[0] if store else ""
        name, where = (f"-{kind}", f", {kind}") if kind else ("", "")
        killed = f"owner of a session killed in a turn, resumed elsewhere{where}, real"
        rows.append(Row(f"owner-killed{name}", killed, partial(owner_killed, store), True, short_doors=REAL_SHORT))
        stopped = f"owner of a session stands still past its lease, and is taken over{where}"
        rows.append(Row(f"owner-stopped{name}", stopped, partial(owner_stopped, store)))
    return rows
