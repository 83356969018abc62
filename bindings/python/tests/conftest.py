"""Both peers as fixtures. The programs are named by the environment or taken from the workspace's target folder."""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot import CopilotClient, RuntimeConnection

ROOT = Path(__file__).parents[3]


def program(name: str, variable: str) -> str:
    found = os.environ.get(variable)
    if found:
        return found
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for profile in ("debug", "release"):
        if (target / profile / name).exists():
            return str(target / profile / name)
    pytest.fail(f"{name} is not built; run: cargo build -p copilot-testkit", pytrace=False)


# A test that hangs ends the run, and says where it hung; no test takes a tenth of this.
LIMIT = 3600 if os.environ.get("COPILOT_SOAK") or os.environ.get("ADVERSARY_SEEDS") else 180
STDERR = os.fdopen(os.dup(sys.__stderr__.fileno() if sys.__stderr__ else 2), "w")


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    faulthandler.dump_traceback_later(LIMIT, exit=True, file=STDERR)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="session")
def fake_runtime() -> str:
    return program("copilot-fake-runtime", "COPILOT_FAKE_RUNTIME")


@pytest.fixture(scope="session")
def real_runtime() -> str:
    path = os.environ.get("COPILOT_CLI_PATH")
    if not path:
        pytest.fail("COPILOT_CLI_PATH names no runtime; run: make test-python", pytrace=False)
    return path


@pytest.fixture
def model_url() -> Iterator[str]:
    model = subprocess.Popen(
        [program("copilot-scripted-model", "COPILOT_SCRIPTED_MODEL")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert model.stdout is not None
    yield model.stdout.readline().split()[-1]
    model.communicate()


@pytest.fixture
def connect(fake_runtime: str, tmp_path: Path) -> Callable[..., RuntimeConnection]:
    """A stdio connection to a fake runtime that follows a script."""

    def make(script: Any = (), record: Path | None = None) -> RuntimeConnection:
        args = ["--script-json", json.dumps(script)]
        args += ["--record", str(record)] if record else []
        return RuntimeConnection.for_stdio(path=fake_runtime, args=args)

    return make


@pytest.fixture
async def client(connect: Callable[..., RuntimeConnection]) -> AsyncIterator[CopilotClient]:
    client = CopilotClient(connection=connect())
    await client.start()
    yield client
    await client.force_stop()
