"""The faults: what each does to a program or its runtime, and what must be seen then."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from host import Cell, Fault, carriers, state_of

FOR_EVER = {"sleep": 3_600_000}
TOOL = {"requestId": "r1", "toolCallId": "c1", "toolName": "probe", "arguments": {}}
ASKED = {"event": {"type": "external_tool.requested", "data": {"sessionId": "$sessionId", **TOOL}}}
#: Where the runtime gets stuck: its script, and what shows that it is there.
STEPS: dict[str, tuple[Any, str]] = {
    "announce": ({"onStart": [FOR_EVER]}, "start"),
    "connect": ([{"on": {"method": "connect"}, "do": [{"hang": True}]}], "connect"),
    "create": ([{"on": {"method": "session.create"}, "do": [{"hang": True}]}], "session.create"),
    "turn": ([{"on": {"method": "session.send"}, "do": [{"reply": "default"}]}], "session.send"),
    "tool": ([{"on": {"method": "session.send"}, "do": [{"reply": "default"}, ASKED]}], "tool"),
    "stop": ([{"on": {"method": "session.destroy"}, "do": [{"hang": True}]}], "session.destroy"),
}
#: In which call of the program that shows.
CALLS = {"announce": "start", "connect": "start", "create": "create", "turn": "turn", "tool": "turn", "stop": "stop"}
NAMES = {
    "announce": "before it announces itself",
    "connect": "during the handshake",
    "create": "during session.create",
    "turn": "during a turn",
    "tool": "during a tool call",
    "stop": "during stop",
}
GONE = ("ProcessExited", "SessionClosed")
#: The caller's own limit, in ms, for the call that hangs.
LIMIT = 1000
REASON = "error: no licence on this machine"


@dataclass(frozen=True)
class Row:
    """One row."""

    name: str
    title: str
    run: Callable[[Cell], str | None]
    real: bool = False
    #: Part of the short form.
    short: bool = True
    #: Doors that it does not concern, with the reason.
    without: dict[str, str] = field(default_factory=dict)
    #: In the short form, only these doors.
    short_doors: tuple[str, ...] = ()


def expect(cell: Cell, call: str, kinds: tuple[str, ...], *texts: str) -> None:
    result = cell.result()
    kind = result["kind"].replace("_", "").lower()
    if result["step"] != call or kind not in {name.lower() for name in kinds}:
        said = f"{result['step'] or 'nothing'} failed: {result['kind']} {result['message']}"
        raise Fault(f"{said}; wanted: {call or 'nothing'} {'|'.join(kinds)}")
    for text in texts:
        if text not in result["message"]:
            raise Fault(f"the error does not say {text!r}: {result['message'][:300]}")
    cell.alone("the runtime after the program")


def went_well(cell: Cell) -> None:
    expect(cell, "", ("",))


def reached(cell: Cell, step: str) -> None:
    sign = STEPS[step][1]
    if sign == "tool":
        cell.said("tool")
    else:
        cell.received(sign)


def killed(step: str, connection: str, cell: Cell) -> None:
    cell.start("turn", cell.fake(STEPS[step][0]), connection, TOOL="wait")
    reached(cell, step)
    os.kill(cell.runtime_pid(), signal.SIGKILL)
    if step == "stop":
        # Whether a stop fails that only finds nobody left to stop is the engine's to say.
        result = cell.result()
        if result["step"] not in {"", "stop"}:
            raise Fault(f"{result['step']} failed: {result['kind']} {result['message']}")
        cell.alone("the runtime after the program")
    else:
        expect(cell, CALLS[step], GONE)


def hung(step: str, connection: str, cell: Cell) -> None:
    cell.start("turn", cell.fake(STEPS[step][0]), connection, TOOL="wait", HANGS=CALLS[step], LIMIT=LIMIT)
    expect(cell, CALLS[step], ("Timeout",))


def exits_early(connection: str, cell: Cell) -> None:
    script = {"onStart": [{"stderr": f"{REASON}\n"}], "exitAtStart": 7}
    cell.start("turn", cell.fake(script), connection)
    expect(cell, "start", ("ProcessExited",), REASON, "7")


def floods(megabytes: int, cell: Cell) -> None:
    """Lines and one line without end before it speaks, and lines beside all that it says."""
    count = megabytes * 1024 * 1024 // 4
    lines, endless = f"yes 'not of interest' | head -c {2 * count} >&2", f"head -c {count} /dev/zero | tr '\\0' x >&2"
    beside = f"(yes 'beside the turn' | head -c {count} >&2) &"
    cell.start("turn", cell.fake(before=f"{lines}\n{endless}\n{beside}"))
    went_well(cell)


def no_port(cell: Cell) -> None:
    cell.start("turn", cell.fake({"announce": False}), "tcp", HANGS="start", LIMIT=LIMIT)
    expect(cell, "start", ("Timeout",))


# -- what happens to the program ---------------------------------------------------------------------------------------


def in_turn(cell: Cell, connection: str, real: bool, options: str = "", key: str = "") -> None:
    """Brings a program into a turn that does not end; the fake runtime does not look after its parent by itself."""
    if real:
        cell.scripted_model([{"hang": True, "repeat": True}])
        cell.start("turn", runtime(), connection, OPTIONS=options, KEY=key)
        cell.while_running(cell.model_asked, "the model was asked")
    else:
        cell.start("turn", cell.fake(STEPS["turn"][0], detached=True), connection, OPTIONS=options, KEY=key)
        cell.received("session.send")


def signalled(number: signal.Signals, connection: str, real: bool, cell: Cell) -> None:
    in_turn(cell, connection, real)
    if not cell.others():
        raise Fault("there is no runtime to be left behind")
    cell.process.send_signal(number)
    cell.ended()
    cell.alone(f"the runtime after {number.name}")


def unblocked(connection: str, cell: Cell) -> None:
    """A runtime that inherits blocked signals would not end by SIGTERM, nor would the commands that it runs."""
    in_turn(cell, connection, real=False)
    status = Path(f"/proc/{cell.runtime_pid()}/status").read_text()
    mask = next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:"))
    os.kill(cell.runtime_pid(), signal.SIGKILL)
    expect(cell, "turn", GONE)
    blocked = int(mask, 16)
    if cell.door.name == "java":
        # The virtual machine blocks SIGQUIT in all of its threads but one.
        blocked &= ~(1 << (signal.SIGQUIT - 1))
    if blocked != 0:
        raise Fault(f"the runtime was started with blocked signals: {mask}")


def forks(cell: Cell) -> None:
    cell.start("fork", cell.fake())
    went_well(cell)


def runtime() -> Path:
    return Path(os.environ["COPILOT_CLI_PATH"])


def killed_real(cell: Cell) -> None:
    in_turn(cell, "stdio", real=True)
    name = str(runtime().resolve())
    pids = [pid for pid, line in carriers(cell.mark).items() if name in line and pid != cell.process.pid]
    if not pids:
        raise Fault("no process of the runtime was found")
    os.kill(min(pids), signal.SIGKILL)
    expect(cell, "turn", GONE)


# -- what the machine refuses ------------------------------------------------------------------------------------------

#: A place of 64 KiB that is full, as this user, without privileges.
FULL = """mount -t tmpfs -o size=64k full "$COPILOT_HOME" || exit 9
head -c 65536 /dev/zero >"$COPILOT_HOME/fill" 2>/dev/null
exec "$@"
"""


@cache
def may_mount() -> bool:
    probe = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=64k full /mnt"]
    try:
        return subprocess.run(probe, capture_output=True, timeout=30, check=False).returncode == 0
    except OSError:
        return False


def what_came(cell: Cell) -> str:
    """A turn that went through is as good as an error that says what was wrong: nothing may hang or be left."""
    result = cell.result()
    cell.alone("the runtime after the program")
    if result["step"] and not result["message"]:
        raise Fault(f"{result['step']} failed without a word: {result['kind']}")
    if not result["step"]:
        return "the turn went through"
    # What doors put in front of the runtime's words differs.
    words = result["message"].splitlines()[0].rsplit("failed with message: ", 1)[-1]
    return f"{result['step']} fails: {words[:90]}"


def disk_full(cell: Cell) -> str:
    if not may_mount():
        return "-no file system can be mounted here"
    cell.scripted_model([])
    cell.start("turn", runtime(), under=["unshare", "-rm", "sh", "-c", FULL, "full"])
    return what_came(cell)


def no_home(cell: Cell) -> str:
    """Nobody, root included, can make a folder there."""
    cell.scripted_model([])
    place = "/proc/self/nobody"
    cell.start("turn", runtime(), env={"HOME": place, "COPILOT_HOME": f"{place}/copilot", "XDG_STATE_HOME": place})
    return what_came(cell)


# -- over and over -----------------------------------------------------------------------------------------------------


def cycles(connection: str, real: bool, count: int, cell: Cell) -> str | None:
    warm = max(count // 5, 2)
    if real:
        cell.scripted_model([])
        cell.start("cycles", runtime(), connection, COUNT=count, WARM=warm)
    else:
        cell.fake()
        library = Path(os.environ.get("COPILOT_FAKE_LIBRARY", ""))
        program = library if connection == "inprocess" else cell.fake()
        cell.start("cycles", program, connection, COUNT=count, WARM=warm)
    cell.said("mark")
    cell.alone("runtimes of the first cycles")
    before = state_of(cell.process.pid)
    cell.go_on()
    cell.said("mark", 2)
    cell.alone("runtimes of all cycles")
    after = state_of(cell.process.pid)
    cell.go_on()
    went_well(cell)
    for what, was, now, more in zip(
        ("descriptors", "threads", "KiB"), before, after, (0, 2, cell.door.grows), strict=True
    ):
        if now > was + more:
            raise Fault(f"{was} {what} after {warm} cycles, {now} after {count}")
    return None


NO_FORK = {
    "rust": "its standard library cannot fork",
    "cpp": "the library under it is C's",
    "node": "the language cannot fork",
    "go": "the language cannot fork",
    "java": "the language cannot fork",
}
REAL_SHORT = ("c", "python", "node")


def all_faults(short: bool) -> list[Row]:
    """Every row in the order of the table."""
    rows: list[Row] = []
    for what, does in (("killed", killed), ("hung", hung)):
        rows += [Row(f"{what}-{step}", f"runtime {what} {NAMES[step]}", partial(does, step, "stdio")) for step in STEPS]
        steps = ("announce", "turn")
        rows += [
            Row(f"{what}-{step}-tcp", f"… {NAMES[step]}, TCP", partial(does, step, "tcp"), short=False)
            for step in steps
        ]
    rows.append(
        Row("killed-real", "runtime killed during a turn, real", killed_real, real=True, short_doors=REAL_SHORT)
    )
    rows.append(Row("exits", "runtime exits early: its code and its words are told", partial(exits_early, "stdio")))
    rows.append(Row("exits-tcp", "… over TCP", partial(exits_early, "tcp"), short=False))
    size = 8 if short else 64
    rows.append(Row("floods", f"runtime writes {size} MiB to standard error", partial(floods, size)))
    rows.append(Row("no-port", "runtime announces no port", no_port))
    for number, title in ((signal.SIGKILL, "killed"), (signal.SIGTERM, "terminated"), (signal.SIGINT, "sees Ctrl-C")):
        name = number.name.lower()
        rows.append(Row(name, f"host {title} in a turn", partial(signalled, number, "stdio", False)))
        rows.append(
            Row(f"{name}-tcp", "… over TCP", partial(signalled, number, "tcp", False), short=number == signal.SIGKILL)
        )
        real = partial(signalled, number, "stdio", True)
        rows.append(Row(f"{name}-real", "… real runtime", real, True, number == signal.SIGKILL, short_doors=REAL_SHORT))
    over_tcp = partial(signalled, signal.SIGKILL, "tcp", True)
    rows.append(Row("sigkill-real-tcp", "host killed in a turn, real runtime, TCP", over_tcp, True, short=False))
    rows.append(Row("unblocked", "the runtime starts with no signal blocked", partial(unblocked, "stdio")))
    rows.append(Row("forks", "host forks: the child is refused, the parent goes on", forks, without=NO_FORK))
    rows.append(Row("disk-full", "disk full, real runtime", disk_full, True, short_doors=REAL_SHORT))
    rows.append(Row("no-home", "home that cannot be written, real runtime", no_home, True, short_doors=REAL_SHORT))
    count = 10 if short else 200
    for connection, title in (("stdio", "stdio"), ("tcp", "TCP"), ("inprocess", "in-process")):
        rows.append(
            Row(f"cycles-{connection}", f"{count} starts and stops, {title}", partial(cycles, connection, False, count))
        )
    real_count = 3 if short else 25
    real_cycles = partial(cycles, "stdio", True, real_count)
    rows.append(
        Row("cycles-real", f"{real_count} starts and stops, real runtime", real_cycles, True, short_doors=REAL_SHORT)
    )
    return rows
