"""Holds that no function of copilot.h is without a test in C, and no blocking method of C++ without one of its stop.

`--table` prints a C table of every function that takes a handle, made from the header, for tests/abi/misuse.c and
machine.c: each is called with handles that are NULL, freed, invented or of another kind, and in any order. A new
function is misused without a line by hand.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "abi"
HEADERS = ROOT / "include"
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
PROTOTYPE = re.compile(r"^(?!static|typedef|#)((?:const )?\w+ \**)(copilot_\w+)\(([^;{}]*)\);", re.MULTILINE)
METHOD = re.compile(r"^  [\w:<>]+ (?!try_)(\w+)\([^\n]*\bWait wait = \{\}", re.MULTILINE)
KINDS = ["call", "cancel_token", "client", "error", "op", "session", "session_config", "string"]
CALLBACKS = ["call", "cancel", "done", "event", "session_done", "session_ended"]

# What a function is given beside its handle, by the type of the parameter; outputs and user data are written out below.
GIVEN = {
    "copilot_str": 'copilot_s("{}")',
    "const copilot_wait *": "NULL",
    "const copilot_tool *": "&tool",
    "copilot_counters *": "&counters",
    "copilot_session_config *": "NULL",
    "int64_t": "0",
    "uint64_t": "1",
    "uint32_t": "COPILOT_CALL_PERMISSION",
    "void *": "&destroyed",
    "copilot_destroy_fn": "count_destroyed",
    **{f"copilot_{name}_fn": f"on_{name}" for name in CALLBACKS},
}


class Function:
    def __init__(self, result: str, name: str, parameters: str) -> None:
        self.result, self.name = result.strip(), name
        self.parameters: list[str] = []
        for parameter in " ".join(parameters.split()).split(", "):
            found = re.fullmatch(r"(.*?)\w+", parameter)
            if found and parameter != "void":
                self.parameters.append(found.group(1).strip())

    @property
    def kind(self) -> str | None:
        """The handle that comes first."""
        found = re.fullmatch(r"(?:const )?copilot_(\w+) \*", self.parameters[0]) if self.parameters else None
        return found.group(1) if found and found.group(1) in KINDS else None

    def wrapper(self) -> str:
        """A function of C that calls it with any handle, and tells what came of it."""
        lines: list[str] = []
        outputs: list[tuple[str, str]] = []
        arguments = [f"({self.parameters[0]})handle"]
        for number, kind in enumerate(self.parameters[1:]):
            if kind in GIVEN:
                arguments.append(GIVEN[kind])
            elif kind.endswith("*"):
                # An output: not to be written without success.
                output = f"out{number}"
                lines += [f"{kind[:-1]}{output};", f"memset(&{output}, 0x5a, sizeof {output});"]
                handle = re.fullmatch(r"copilot_(\w+) \*\*", kind)
                outputs.append((output, handle.group(1) if handle else ""))
                arguments.append(f"&{output}")
            else:
                raise SystemExit(f"abi_calls: {self.name} takes a {kind}, which scripts/abi_calls.py does not know")
        if "copilot_destroy_fn" in self.parameters:
            lines.append("int before = destroyed;")
        call = f"{self.name}({', '.join(arguments)})"
        told = {"copilot_error *": "of_error", "const char *": "of_text"}.get(self.result)
        if told is None:
            told = {"copilot_code": "of_code", "bool": "of_number", "size_t": "of_number"}[self.result]
        lines.append(f"copilot_code code = {told}({call});")
        kept = [f"KEEP(KIND_{kind.upper()}, {name});" for name, kind in outputs if kind in KINDS]
        refused = [f"CHECK(is_untouched(&{name}, sizeof {name}));" for name, _ in outputs]
        if "copilot_destroy_fn" in self.parameters:
            refused.append("CHECK_DESTROYED(before + 1);")
        lines += [f"if (code == COPILOT_OK) {each}" for each in kept]
        lines += [f"if (code != COPILOT_OK) {each}" for each in refused]
        body = "\n  ".join([*lines, "return code;"])
        return f"static copilot_code misuse_{self.name}(void *handle) {{\n  {body}\n}}\n"

    def row(self) -> str:
        null = "COPILOT_OK" if self.result == "copilot_code" else "COPILOT_ERROR_BAD_HANDLE"
        waits = int("const copilot_wait *" in self.parameters)
        return f'  {{"{self.name}", {KINDS.index(self.kind or "")}, {null}, {waits}, misuse_{self.name}}},'


def functions() -> list[Function]:
    text = COMMENT.sub("", (HEADERS / "copilot.h").read_text())
    found = [Function(*groups) for groups in PROTOTYPE.findall(text)]
    inline = {"copilot_s", "copilot_sn", "copilot_string_view"}
    if {each.name for each in found} != set(re.findall(r"\bcopilot_\w+(?=\()", text)) - inline:
        raise SystemExit("abi_calls: copilot.h has a function that scripts/abi_calls.py cannot read")
    return found


def table() -> str:
    taken = [function for function in functions() if function.kind]
    names = ", ".join(f'"copilot_{kind}"' for kind in KINDS)
    kinds = ", ".join(f"KIND_{kind.upper()}" for kind in KINDS)
    return "\n".join(
        [
            "/* Made by scripts/abi_calls.py from copilot.h. */",
            f"enum kind {{ {kinds}, KINDS }};",
            f"static const char *const kind_names[] = {{{names}}};",
            *(function.wrapper() for function in taken),
            "static const struct function functions[] = {",
            *(function.row() for function in taken),
            "};",
            "",
        ]
    )


def main() -> int:
    if "--table" in sys.argv:
        print(table())
        return 0
    tested = " ".join(COMMENT.sub("", path.read_text()) for path in sorted(TESTS.glob("*.c")))
    untested = [each.name for each in functions() if not re.search(rf"\b{each.name}\b", tested)]
    missing = [f"{name}: no test in tests/abi/*.c" for name in untested]
    stopped = (TESTS / "stops.cpp").read_text()
    methods = {name for path in sorted(HEADERS.glob("*.hpp")) for name in METHOD.findall(path.read_text())}
    missing += [f"{name}: no stop in tests/abi/stops.cpp" for name in sorted(methods) if f", {name}(" not in stopped]
    counts = f"{len(functions())} functions and {len(methods)} blocking methods"
    print("\n".join(missing) or f"abi_calls: {counts} have tests")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
