"""``python -m copilot`` tells the truth: nothing is downloaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from copilot._cli_version import CLI_VERSION


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "copilot", *args], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("args", "version"),
    [((), CLI_VERSION), (("--force",), CLI_VERSION), (("--version", "9.9.9"), "9.9.9")],
)
def test_download_says_what_to_do_and_fails(args: tuple[str, ...], version: str) -> None:
    done = run("download-runtime", *args)
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not download" in done.stderr
    assert f"(version {version})" in done.stderr
    assert "COPILOT_CLI_PATH" in done.stderr


def test_without_a_command_the_help_is_shown() -> None:
    done = run()
    assert done.returncode == 1
    assert done.stdout.startswith("usage: python -m copilot")
