"""Type checkers see every public name, and refuse every other."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MISSPELT = [
    ("copilot", "Nonsense"),
    ("copilot.client", "CopilotClinet"),
    ("copilot.session", "Nonsense"),
    ("copilot.tools", "Nonsense"),
    ("copilot.canvas", "Nonsense"),
    ("copilot.host", "Nonsense"),
    ("copilot.rpc", "Nonsense"),
    ("copilot.session_events", "Nonsense"),
]


@pytest.fixture(scope="module")
def names() -> list[tuple[str, str]]:
    """Every public name and its module."""
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[2]); import fresh_names; print(json.dumps(fresh_names._names()))"
    )
    arguments = [str(HERE / "data" / "surface.json"), str(HERE)]
    run = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return [(module, name) for module, name in json.loads(run.stdout) if name != "*"]


def lines(names: list[tuple[str, str]]) -> str:
    return "".join(f"from {module} import {name} as _{index}\n" for index, (module, name) in enumerate(names))


def checked(command: str, program: Path) -> str:
    tool = shutil.which(command, path=str(Path(sys.executable).parent))
    assert tool is not None, f"{command} is missing; run: make setup"
    options = ["--pythonpath", sys.executable] if command == "pyright" else ["--no-incremental", "--hide-error-context"]
    run = subprocess.run(
        [tool, *options, program.name], capture_output=True, text=True, check=False, cwd=program.parent
    )
    return run.stdout


@pytest.mark.parametrize("command", ["mypy", "pyright"])
def test_every_public_name_is_seen_and_no_other(command: str, names: list[tuple[str, str]], tmp_path: Path) -> None:
    program = tmp_path / "names.py"
    program.write_text(lines([*MISSPELT, *names]))
    # Fewer would mean that the list of names was not found.
    assert len(names) > 2000
    errors = [line for line in checked(command, program).splitlines() if "names.py:" in line and "error" in line]
    found = {int(error.split(":")[1]) for error in errors}
    assert found == set(range(1, len(MISSPELT) + 1)), errors
