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

from faults import REAL_SHORT, STEPS, Row, expect, in_turn, may_mount, runtime, went_well
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
        # What each record does; a record may be in several objects.
        records: dict[int, list[tuple[dict[str, Any], bytes]]] = {}
        for name in self.records():
            assert self.journal is not None
            content = (self.journal / name).read_bytes()
            while content:
                line, content = content.split(b"\n", 1)
                part = json.loads(line)
                if "record" in part:
                    records[part["record"]] = steps = []
                    continue
                size = part.get("size")
                steps.append((part, content[:size] if size is not None else b""))
                content = content if size is None else content[size + 1 :]
        files: dict[str, bytes] = {}
        for number in sorted(records):
            for part, more in records[number]:
                match part["step"]:
                    case "clear":
                        files.clear()
                    case "write":
                        files[part["path"]] = more
                    case "append":
                        files[part["path"]] = files.get(part["path"], b"") + more
                    case "rename":
                        files[part["to"]] = files.pop(part["from"], b"")
        events = next((text for path, text in files.items() if path.endswith("/events.jsonl")), b"")
        return [json.loads(line) for line in events.splitlines()]

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
    """The owner dies in a turn; another program has all that was before it, and the turn once."""
    place = Place(cell, store)
    cell.session["sessionId"] = place.session
    in_turn(cell, "stdio", real=True, options=place.options("first"), key="go 1")
    place.wait_for_message(cell)
    os.kill(cell.process.pid, signal.SIGKILL)
    cell.ended()
    cell.alone("the runtime after SIGKILL")
    before = place.history()
    second = Cell(cell.door)
    try:
        second.scripted_model([{"text": "I am here"}])
        second.start("turn", runtime(), OPTIONS=place.options("second"), RESUME=place.session, KEY="go 1")
        went_well(second)
        said = messages(second.model_url)
        after = place.history()
    finally:
        second.close()
    if sum("go" in message for message in said) != 1:
        raise Fault(f"the model did not get the message once: {said}")
    if place.journal is None:
        return
    ids = [event["id"] for event in after]
    if len(set(ids)) != len(ids):
        raise Fault("an event is in the history twice")
    earlier = before[: types(before).index("user.message")]
    if [event["id"] for event in earlier] != ids[: len(earlier)]:
        raise Fault("what the first owner had written is not what the second went on with")
    if (types(after).count("user.message"), types(after).count("assistant.message")) != (1, 1):
        raise Fault(f"the turn is not in the history once: {types(after)}")


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


#: The folder of the store is full.
FULL = """mkdir -p "$STORE" && mount -t tmpfs -o size=64k full "$STORE" || exit 9
head -c 65536 /dev/zero >"$STORE/fill" 2>/dev/null
exec "$@"
"""


def store_full(cell: Cell) -> str | None:
    """Opening a session says what the store's file system says, after having asked for as long as the lease lasts."""
    if not may_mount():
        return "-no file system can be mounted here"
    place = Place(cell, None)
    cell.session["sessionId"] = place.session
    under = ["unshare", "-rm", "sh", "-c", FULL, "full"]
    env = {"STORE": str(cell.home / "files")}
    cell.start("turn", cell.fake(STEPS["turn"][0]), OPTIONS=place.options("first"), under=under, env=env)
    expect(cell, "create", ("HandlerFailed",), "the store folder failed to", "No space left")
    return None


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
    rows.append(Row("store-full", "folder of the session files is full", store_full))
    return rows
