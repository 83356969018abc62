"""The runtime of the pinned version: where it is kept, and how it gets there.

Nothing here runs when a program names its runtime by path or by ``COPILOT_CLI_PATH``.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO

from ._cli_version import CLI_VERSION

_RELEASES = "https://github.com/github/copilot-cli/releases/download"
_ATTEMPTS = 3
_SUMS_SECONDS, _ARCHIVE_SECONDS = 30, 120
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "win32"}


def _is_musl() -> bool:
    try:
        said = subprocess.run(["ldd", "--version"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return "musl" in (said.stdout + said.stderr).lower()


def asset() -> tuple[str, str]:
    """The names of this platform's archive and of the program in it."""
    system = _SYSTEMS.get(sys.platform)
    machine = _MACHINES.get(platform.machine().lower())
    if system is None or machine is None:
        raise RuntimeError(f"Unsupported platform: no Copilot runtime for {sys.platform} on {platform.machine()}")
    if system == "win32":
        return f"copilot-win32-{machine}.zip", "copilot.exe"
    libc = "musl" if system == "linux" and _is_musl() else ""
    return f"copilot-{system}{libc}-{machine}.tar.gz", "copilot"


def cache_folder(version: str) -> Path:
    """Where a version is kept. ``COPILOT_CLI_EXTRACT_DIR`` is taken as it is, for every version."""
    chosen = os.environ.get("COPILOT_CLI_EXTRACT_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "github-copilot-sdk" / "cli" / re.sub(r"[^A-Za-z0-9._-]", "_", version)


def _fetch(url: str, seconds: int) -> bytes:
    from http.client import IncompleteRead
    from urllib.error import URLError
    from urllib.request import urlopen

    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urlopen(url, timeout=seconds) as answer:
                body: bytes = answer.read()
                return body
        except (URLError, IncompleteRead, TimeoutError) as error:
            if attempt == _ATTEMPTS:
                raise RuntimeError(f"Failed to download {url}: {error}") from error
            time.sleep(attempt)
    raise AssertionError("unreachable")


def _checksum(sums: str, archive: str) -> str:
    known = {name.lstrip("*"): digest.lower() for digest, name in _pairs(sums)}
    if archive not in known:
        raise RuntimeError(f"No checksum for {archive}; the list names: {', '.join(sorted(known)) or 'nothing'}")
    return known[archive]


def _pairs(sums: str) -> list[tuple[str, str]]:
    lines = (line.split() for line in sums.splitlines())
    return [(fields[0], fields[1]) for fields in lines if len(fields) == 2]


def _is_program(name: str, program: str) -> bool:
    return name == program or name.endswith(f"/{program}")


def _unpack(body: bytes, archive: str, program: str, target: Path) -> None:
    """Writes the one wanted member, whatever folder it is in; no other path of the archive is used."""
    if archive.endswith(".zip"):
        with zipfile.ZipFile(BytesIO(body)) as packed:
            for name in packed.namelist():
                if _is_program(name, program):
                    with packed.open(name) as source:
                        return _copy(source, target)
    else:
        with tarfile.open(fileobj=BytesIO(body), mode="r:gz") as packed_tar:
            for member in packed_tar:
                if member.isfile() and _is_program(member.name, program):
                    found = packed_tar.extractfile(member)
                    if found is not None:
                        return _copy(found, target)
    raise RuntimeError(f"{archive} does not contain {program}")


def _copy(source: IO[bytes], target: Path) -> None:
    with target.open("wb") as out:
        shutil.copyfileobj(source, out)


def download_cli(version: str, *, force: bool = False) -> Path:
    """The path of a version's program; downloaded, checked and put into the cache when it is not there yet."""
    archive, program = asset()
    folder = cache_folder(version)
    final = folder / program
    if final.exists() and not force:
        return final
    base = (os.environ.get("COPILOT_CLI_DOWNLOAD_BASE_URL") or _RELEASES).rstrip("/")
    place = f"{base}/v{version}"
    try:
        wanted = _checksum(_fetch(f"{place}/SHA256SUMS.txt", _SUMS_SECONDS).decode(), archive)
        body = _fetch(f"{place}/{archive}", _ARCHIVE_SECONDS)
    except RuntimeError as error:
        raise RuntimeError(
            f"{error}\nTo install it by hand, unpack {place}/{archive} so that {final} exists, "
            "or set COPILOT_CLI_PATH to the program."
        ) from error
    digest = hashlib.sha256(body).hexdigest()
    if digest != wanted:
        raise RuntimeError(f"Checksum mismatch for {archive}: expected {wanted}, got {digest}")
    _place(final, force, lambda staged: _unpack(body, archive, program, staged))
    return final


def _place(final: Path, force: bool, write: Callable[[Path], None]) -> None:
    """Writes beside the final place and moves the whole file there, so that nobody ever sees a part of it."""
    final.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".download-", dir=final.parent))
    try:
        staged = staging / final.name
        write(staged)
        if sys.platform != "win32":
            staged.chmod(staged.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        try:
            os.replace(staged, final)
        except OSError:
            # Another process was quicker and uses the file already.
            if force or not final.exists():
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _downloads_are_off() -> bool:
    return os.environ.get("COPILOT_SKIP_CLI_DOWNLOAD", "").strip().lower() in ("1", "true", "yes")


def _pinned() -> Path | None:
    """Where the pinned runtime is, or will be; ``None`` when there is none for this build or platform."""
    if not CLI_VERSION:
        return None
    try:
        _, program = asset()
    except RuntimeError:
        return None
    return cache_folder(CLI_VERSION) / program


def cached_cli() -> str | None:
    """The pinned runtime, when it is here already."""
    place = _pinned()
    return str(place) if place is not None and place.exists() else None


def find_cli() -> str | None:
    """The pinned runtime for a client that names none: from the cache, else downloaded; ``None`` when it may not be."""
    if not CLI_VERSION or _pinned() is None:
        return None
    return cached_cli() or (None if _downloads_are_off() else str(download_cli(CLI_VERSION)))
