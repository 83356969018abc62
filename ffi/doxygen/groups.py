"""Puts functions and types of copilot.h into the group of their topic, for Doxygen, which reads the output instead."""

import pathlib
import re
import sys

# By the beginning of a name; the first that fits.
GROUPS = (
    ("copilot_client_llm", "models"),
    ("copilot_client", "client"),
    ("copilot_session_config", "config"),
    ("copilot_tool", "config"),
    ("copilot_session", "session"),
    ("copilot_call", "calls"),
    ("copilot_event", "events"),
    ("copilot_error", "errors"),
    ("copilot_code", "errors"),
    ("copilot_log", "logs"),
    ("copilot_json", "texts"),
    ("copilot_str", "texts"),
    ("copilot_op", "waiting"),
    ("copilot_wait", "waiting"),
    ("copilot_cancel", "waiting"),
    ("copilot_done", "waiting"),
    ("copilot_destroy", "waiting"),
    ("copilot_abi", "version"),
    ("copilot_version", "version"),
    ("copilot_has", "version"),
    ("copilot_", "client"),
)


def group(declaration: str) -> str | None:
    name = re.search(r"\(\*(copilot_\w+)\)|\b(copilot_\w+)\s*[(;{\n]", declaration)
    found = name and (name[1] or name[2])
    # Of a struct the name stands at its end.
    closed = re.match(r"typedef struct \{.*?\}\s*(copilot_\w+);", declaration, re.DOTALL)
    found = closed[1] if closed else found
    return next((topic for start, topic in GROUPS if found and found.startswith(start)), None)


def main() -> None:
    text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    out, at = [], 0
    for comment in re.finditer(r"/\*\*.*?\*/", text, re.DOTALL):
        # Comments of members are indented.
        topic = None if text[: comment.start()].endswith(" ") else group(text[comment.end() :].lstrip())
        out.append(text[at : comment.end() - 2])
        out.append(f"\n * @ingroup {topic}\n */" if topic else "*/")
        at = comment.end()
    print("".join(out) + text[at:], end="")


if __name__ == "__main__":
    main()
