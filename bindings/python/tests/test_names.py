"""Names do not depend on what was imported before: each is found by a program that asks for nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_every_public_name_in_an_interpreter_of_its_own(tmp_path: Path) -> None:
    code = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    run = subprocess.run(
        [sys.executable, str(HERE / "fresh_names.py"), str(HERE / "data" / "surface.json")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **code},
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["failed"] == {}
    # Fewer would mean that the list of names was not found.
    assert report["count"] > 2000


@pytest.mark.parametrize(
    "names",
    [
        "from copilot import PermissionDecisionSource",
        "from copilot.session import SessionMode",
        "from copilot.session import PermissionPromptRequest",
        "from copilot.rpc import ContextTier",
        "from copilot import define_factory, FactoryContext",
    ],
)
def test_a_program_that_imports_only_this(names: str) -> None:
    run = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
