"""The type checkers accept the good programs and report exactly the marked lines of the bad ones.

    python check_types.py [--tsc "npx tsc"]
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
PYTHON = HERE.parent.parent / "bindings" / "python"


def run(command):
    environment = {**os.environ, "MYPYPATH": str(PYTHON), "PYTHONPATH": str(PYTHON)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=HERE)
    return done.stdout + done.stderr


def marked(path):
    return {n for n, line in enumerate(path.read_text().splitlines(), 1) if "wrong" in line and "`" not in line}


def reported(output, name):
    """Lines of errors in `name`; `None` when an error is elsewhere."""
    lines = set()
    for line in output.splitlines():
        found = re.search(r"([\w.-]+)[:(](\d+)[:,].*error", line)
        if found:
            if found[1] != name:
                return None
            lines.add(int(found[2]))
    return lines


def check(label, command, good, bad):
    failures = []
    for path, expected in ((good, set()), (bad, marked(bad))):
        output = run([*command, str(path)])
        if reported(output, path.name) != expected:
            failures.append(f"{label}: {path.name}: expected errors in lines {sorted(expected)}\n{output}")
    print(f"{label}: {'failed' if failures else 'ok'}")
    print(*failures, sep="\n", end="")
    return bool(failures)


def main():
    tsc = shlex.split(sys.argv[sys.argv.index("--tsc") + 1]) if "--tsc" in sys.argv else ["npx", "tsc"]
    options = "--strict --noEmit --target es2022 --module nodenext --moduleResolution nodenext --skipLibCheck"
    python = (HERE / "python" / "good.py", HERE / "python" / "bad.py")
    typescript = (HERE / "typescript" / "good.ts", HERE / "typescript" / "bad.ts")
    bad = check("mypy", [sys.executable, "-m", "mypy", "--strict", "--namespace-packages"], *python)
    bad |= check("pyright", [sys.executable, "-m", "pyright", "-p", str(HERE / "python")], *python)
    bad |= check("tsc", [*tsc, *options.split()], *typescript)
    return bad


if __name__ == "__main__":
    sys.exit(main())
