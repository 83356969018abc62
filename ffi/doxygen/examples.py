"""Holds that every function of copilot.h is shown by an example.

usage: examples.py           in the examples of C: each function is called by one of them
       examples.py FOLDER    in the man pages there: each function lists its examples, or says where they are

A form that does not wait, `f_async`, is shown by the example of `f` and by waiting.c, which shows the pattern.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "c"
PATTERN = EXAMPLES / "functions" / "waiting.c"
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# What `f_async` says instead of examples of its own.
LINK = "copilot_client_start_async"


def functions() -> list[str]:
    header = COMMENT.sub("", (ROOT / "include" / "copilot.h").read_text(encoding="utf-8"))
    found = re.findall(r"\b(copilot_\w+)\(", header)
    return sorted(set(found))


def called(path: pathlib.Path) -> set[str]:
    return set(re.findall(r"\b(copilot_\w+)\(", COMMENT.sub("", path.read_text(encoding="utf-8"))))


def without_example() -> list[str]:
    calls = {path: called(path) for path in sorted(EXAMPLES.rglob("*.[ch]"))}
    shown = set().union(*calls.values())
    has_pattern = any(name.endswith("_async") for name in calls[PATTERN])

    def is_shown(name: str) -> bool:
        return name in shown or (has_pattern and name.endswith("_async") and name.removesuffix("_async") in shown)

    return [name for name in functions() if not is_shown(name)]


def without_link(folder: pathlib.Path) -> list[str]:
    texts: dict[str, str] = {}
    for page in folder.glob("copilot_*.3"):
        for section in re.split(r"^(?=\.S[SH] )", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
            heading = re.sub(r"\\f.", "", section.partition("\n")[0])
            if name := re.match(r'\.SS "(?!typedef).*?\b(copilot_\w+) \(', heading):
                texts[name[1]] = section

    def has_link(name: str) -> bool:
        text = texts.get(name, "")
        return "Examples" in text or (name.endswith("_async") and LINK in text)

    return [name for name in functions() if not has_link(name)]


def main() -> int:
    missing = without_link(pathlib.Path(sys.argv[1])) if sys.argv[1:] else without_example()
    for name in missing:
        where = "its page lists no example" if sys.argv[1:] else "no program in examples/c calls it"
        print(f"{name}: {where}")
    if not missing:
        print(f"examples: every one of {len(functions())} functions of copilot.h has one")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
