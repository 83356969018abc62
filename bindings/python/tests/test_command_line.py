"""Getting a runtime: from a release server on loopback into the cache, and from there into a client."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from copilot import CopilotClient
from copilot.__main__ import main
from copilot._cli_download import asset
from copilot._cli_version import CLI_VERSION
from copilot._doctor import overlap

PROGRAM = b"#!/bin/sh\nexit 0\n"


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, body in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return out.getvalue()


class Releases:
    """A release server whose files a test chooses."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                body = outer.files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, version: str, members: dict[str, bytes], digest: str | None = None) -> None:
        archive, body = asset()[0], packed(members)
        self.files[f"/v{version}/{archive}"] = body
        digest = digest or hashlib.sha256(body).hexdigest()
        self.files[f"/v{version}/SHA256SUMS.txt"] = f"{digest} *{archive}\nnot a line of three\n".encode()


@pytest.fixture
def releases() -> Iterator[Releases]:
    server = Releases()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def env(releases: Releases, tmp_path: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("COPILOT_")}
    return {**own, "XDG_CACHE_HOME": str(tmp_path), "COPILOT_CLI_DOWNLOAD_BASE_URL": releases.url}


def run(env: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "copilot", *args]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is checked as it is on Linux")
def test_download_cache_and_force(releases: Releases, env: dict[str, str], tmp_path: Path) -> None:
    releases.publish("1.2/3", {"README": b"x", "package/copilot": PROGRAM})
    done = run(env, "download-runtime", "--version", "1.2/3")
    assert done.returncode == 0, done.stderr
    place = tmp_path / "github-copilot-sdk" / "cli" / "1.2_3" / "copilot"
    assert done.stdout.splitlines()[-1] == str(place)
    assert place.read_bytes() == PROGRAM
    assert place.stat().st_mode & 0o111 == 0o111
    assert [entry.name for entry in place.parent.iterdir()] == ["copilot"]
    count = len(releases.asked)
    assert run(env, "download-runtime", "--version", "1.2/3").returncode == 0
    assert len(releases.asked) == count
    releases.publish("1.2/3", {"copilot": PROGRAM + b"# newer\n"})
    assert run(env, "download-runtime", "--version", "1.2/3", "--force").returncode == 0
    assert place.read_bytes().endswith(b"# newer\n")


def test_what_does_not_fit_is_refused(releases: Releases, env: dict[str, str], tmp_path: Path) -> None:
    releases.publish("1", {"copilot": PROGRAM}, digest="0" * 64)
    done = run(env, "download-runtime", "--version", "1")
    assert done.returncode == 1
    assert "Checksum mismatch" in done.stderr
    releases.publish("2", {"other": PROGRAM})
    assert "does not contain" in run(env, "download-runtime", "--version", "2").stderr
    releases.files["/v3/SHA256SUMS.txt"] = b"00 another.tar.gz\n"
    assert "the list names: another.tar.gz" in run(env, "download-runtime", "--version", "3").stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_server_without_the_release_is_asked_three_times(releases: Releases, env: dict[str, str]) -> None:
    done = run(env, "download-runtime", "--version", "9.9.9")
    assert done.returncode == 1
    assert releases.asked == ["/v9.9.9/SHA256SUMS.txt"] * 3
    assert done.stderr.startswith("Error: Failed to download")
    assert "COPILOT_CLI_PATH" in done.stderr


def test_without_a_command_the_help_is_shown(env: dict[str, str]) -> None:
    done = run(env)
    assert done.returncode == 1
    assert done.stdout.startswith("usage: python -m copilot")


def test_a_client_takes_the_cached_runtime(releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COPILOT_CLI_PATH", raising=False)
    monkeypatch.setenv("COPILOT_CLI_EXTRACT_DIR", str(tmp_path))
    monkeypatch.setenv("COPILOT_CLI_DOWNLOAD_BASE_URL", releases.url)
    monkeypatch.setenv("COPILOT_SKIP_CLI_DOWNLOAD", "TRUE")
    with pytest.raises(RuntimeError, match="Copilot CLI not found"):
        CopilotClient()
    monkeypatch.delenv("COPILOT_SKIP_CLI_DOWNLOAD")
    assert CLI_VERSION is not None
    releases.publish(CLI_VERSION, {"copilot": PROGRAM})
    client = CopilotClient()
    place = tmp_path / asset()[1]
    assert client._connection.path == str(place)  # type: ignore[attr-defined]
    monkeypatch.setenv("COPILOT_CLI_PATH", "/elsewhere")
    assert CopilotClient()._connection.path == "/elsewhere"  # type: ignore[attr-defined]


def test_doctor_names_an_overlap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert overlap(str(tmp_path)) is None
    (tmp_path / "github_copilot_sdk-1.0.27+native.0.1.0.dist-info").mkdir()
    assert overlap(str(tmp_path)) is None
    (tmp_path / "github_copilot_sdk-1.0.27.dist-info").mkdir()
    assert overlap(str(tmp_path)) == "github-copilot-sdk-1.0.27"
    assert overlap(str(tmp_path / "nowhere")) is None
    assert main(["doctor"]) == 0
    assert "copilot-native" in capsys.readouterr().out


def test_doctor_names_a_runtime_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COPILOT_CLI_PATH", "/nowhere/runtime")
    assert main(["doctor"]) == 1
    assert "there is no file /nowhere/runtime" in capsys.readouterr().out


def native(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs the program that the package brings."""
    program = Path(sys.executable).parent / "copilot-native"
    words = [str(program), *arguments]
    return subprocess.run(
        words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_program_of_the_package_answers(real_runtime: str) -> None:
    told = native("exec", "--scripted", "hello", environment={**os.environ, "COPILOT_CLI_PATH": real_runtime})
    assert (told.returncode, told.stdout) == (0, "You said: hello\n"), told.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is set as on Linux")
def test_the_program_of_the_package_takes_the_cached_runtime(
    releases: Releases, env: dict[str, str], tmp_path: Path
) -> None:
    without = {name: value for name, value in env.items() if name != "COPILOT_CLI_PATH"}
    told = native("doctor", environment=without)
    assert told.returncode == 1
    assert "none is named" in told.stdout
    assert releases.asked == []
    assert CLI_VERSION is not None
    releases.publish(CLI_VERSION, {"copilot": PROGRAM})
    told = native("exec", "--scripted", "hello", environment=without)
    assert (told.returncode, len(releases.asked)) == (7, 2), told.stderr
    told = native("doctor", environment=without)
    assert f"{tmp_path}/" in told.stdout
    assert "(came with this package)" in told.stdout
