"""Puts functions and types of copilot.h into the group of their topic, for Doxygen, which reads the output instead."""

import pathlib
import re
import sys

# By the beginning of a name; the first that fits.
GROUPS = (
    ("copilot_client_llm", "copilot_models"),
    ("copilot_client", "copilot_clients"),
    ("copilot_session_config", "copilot_configs"),
    ("copilot_tool", "copilot_configs"),
    ("copilot_session", "copilot_sessions"),
    ("copilot_call", "copilot_questions"),
    ("copilot_event", "copilot_events"),
    ("copilot_error", "copilot_errors"),
    ("copilot_code", "copilot_errors"),
    ("copilot_log", "copilot_logs"),
    ("copilot_json", "copilot_texts"),
    ("copilot_state", "copilot_clients"),
    ("copilot_s", "copilot_texts"),
    ("copilot_op", "copilot_waiting"),
    ("copilot_wait", "copilot_waiting"),
    ("copilot_cancel", "copilot_waiting"),
    ("copilot_done", "copilot_waiting"),
    ("copilot_destroy", "copilot_waiting"),
    ("copilot_abi", "copilot_versions"),
    ("copilot_version", "copilot_versions"),
    ("copilot_has", "copilot_versions"),
    ("copilot_", "copilot_clients"),
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
