"""Starts the stores that this machine has on loopback, and runs a command that finds them in COPILOT_TEST_STORES.

One that is unsteady, by SEED, it finds in COPILOT_TEST_UNSTEADY.

python3 tests/scale/run.py cargo test -p copilot-core --features stores --lib stores
"""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Store = dict[str, Any]
#: Seconds that a server may take to come up.
PATIENCE = 60.0
HERE = Path(__file__).resolve().parent
#: Where `make test-scale` puts what no package manager of the system brings.
TOOLS = Path(sys.executable).parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def running(command: list[str], port: int, **more: Any) -> Iterator[None]:
    """Runs a server until the end of the block."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    try:
        end = time.monotonic() + PATIENCE
        while not answers(port):
            if server.poll() is not None or time.monotonic() > end:
                sys.exit(f"stores: {command[0]} does not come up")
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait()


def program(*names: str) -> str | None:
    """A program of the path, or of where Debian has those of PostgreSQL."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[Store | None]:
    server = program("redis-server", "valkey-server")
    if server is None:
        yield None
        return
    port = free_port()
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    with running([*command, "--save", "", "--requirepass", "secret"], port):
        yield {"kind": "url", "url": f"redis://:secret@127.0.0.1:{port}/0"}


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[Store | None]:
    server, make = program("postgres"), program("initdb")
    if server is None or make is None:
        yield None
        return
    more: dict[str, Any] = {}
    if os.geteuid() == 0:
        # The server refuses to be run by root.
        user = next((user for user in ("postgres", "nobody") if _is_there(user)), "")
        more = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()
    secret = folder / "secret"
    secret.write_text("secret")
    secret.chmod(0o644)
    words = [make, "-D", str(data), "-U", "copilot", f"--pwfile={secret}", "-A", "scram-sha-256", "-E", "UTF8"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=folder, **more)
    words = [server, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)]
    with running(words, port, cwd=folder, **more):
        yield {"kind": "url", "url": f"postgresql://copilot:secret@127.0.0.1:{port}/postgres"}


def _is_there(user: str) -> bool:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(user) is not None
    return False


@contextlib.contextmanager
def s3(_folder: Path, *seed: str) -> Iterator[Store | None]:
    if importlib.util.find_spec("moto") is None:
        yield None
        return
    port = free_port()
    with running([sys.executable, str(HERE / "s3.py"), str(port), *seed], port):
        options = {
            "endpoint": f"http://127.0.0.1:{port}",
            "region": "us-east-1",
            "access_key_id": "none",
            "secret_access_key": "secret",
            "disable_ec2_metadata": "true",
            "disable_config_load": "true",
        }
        yield {"kind": "url", "url": "s3://sessions/some/folder", "options": options}


@contextlib.contextmanager
def azure(_folder: Path) -> Iterator[Store | None]:
    server = TOOLS / "node_modules/.bin/azurite-blob"
    if not server.exists() or importlib.util.find_spec("azure.storage.blob") is None:
        yield None
        return
    blobs: Any = importlib.import_module("azure.storage.blob")
    port, key = free_port(), base64.b64encode(b"secret").decode()
    words = [str(server), "--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence"]
    env = {**os.environ, "AZURITE_ACCOUNTS": f"copilot:{key}"}
    with running([*words, "--silent", "--disableTelemetry", "--skipApiVersionCheck"], port, env=env):
        endpoint = f"http://127.0.0.1:{port}/copilot"
        blobs.ContainerClient(
            endpoint, "sessions", credential={"account_name": "copilot", "account_key": key}
        ).create_container()
        options = {"endpoint": endpoint, "account_name": "copilot", "account_key": key}
        yield {"kind": "url", "url": "azblob://sessions/some/folder", "options": options}


@contextlib.contextmanager
def google(_folder: Path) -> Iterator[Store | None]:
    server = TOOLS / "bin/fake-gcs-server"
    if not server.exists():
        yield None
        return
    port = free_port()
    words = [str(server), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
    with running([*words, "-public-host", f"127.0.0.1:{port}"], port):
        endpoint = f"http://127.0.0.1:{port}"
        bucket = urllib.request.Request(f"{endpoint}/storage/v1/b", json.dumps({"name": "sessions"}).encode())
        bucket.add_header("Content-Type", "application/json")
        urllib.request.urlopen(bucket).close()
        options = {"endpoint": endpoint, "allow_anonymous": "true", "disable_vm_metadata": "true"}
        options["disable_config_load"] = "true"
        yield {"kind": "url", "url": "gcs://sessions/some/folder", "options": options}


@contextlib.contextmanager
def sqlite(folder: Path) -> Iterator[Store | None]:
    (folder / "sessions").mkdir()
    yield {"kind": "url", "url": f"sqlite:{folder}//sessions/files.db"}


SERVERS: dict[str, Callable[[Path], contextlib.AbstractContextManager[Store | None]]] = {
    "redis": redis,
    "postgresql": postgresql,
    "s3": s3,
    "azure": azure,
    "google": google,
    "sqlite": sqlite,
}


def main() -> int:
    stores: list[Store] = []
    with contextlib.ExitStack() as held:
        for name, start in SERVERS.items():
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix=f"{name}-")))
            folder.chmod(0o755)
            store = held.enter_context(start(folder))
            if store is None:
                print(f"stores: {name} is not on this machine: left out", flush=True)
            else:
                stores.append(store)
        # One that refuses, loses and delays what is asked of it.
        unsteady = held.enter_context(s3(Path(), os.environ.get("SEED", "1")))
        env = {
            **os.environ,
            "COPILOT_TEST_STORES": json.dumps(stores),
            "COPILOT_TEST_UNSTEADY": json.dumps([unsteady] if unsteady else []),
        }
        return subprocess.run(sys.argv[1:], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
