"""The programs of the suite: how each is built, found and started."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclass(frozen=True)
class Door:
    """One column of the table."""

    name: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)
    #: The column that this one is compared with.
    peer: str | None = None


class Missing(Exception):
    """The door is not there; the text says what would bring it."""


def target() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"


def executable(name: str) -> Path:
    path = target() / name
    if not path.exists():
        raise Missing(f"{path} is not built")
    return path


def build(ffi: bool) -> None:
    packages = ["copilot-bench", "copilot-testkit", *(["copilot-ffi"] if ffi else [])]
    command = ["cargo", "build", "--release", "--quiet", *(part for name in packages for part in ("-p", name))]
    subprocess.run(command, cwd=ROOT, check=True, timeout=1800)


def has_ffi() -> bool:
    return (ROOT / "ffi" / "Cargo.toml").exists()


def raw() -> list[Door]:
    return [Door("raw", [str(executable("bench-raw"))])]


def rust() -> list[Door]:
    program = [str(executable("bench-rust"))]
    doors = [
        Door("rust", program, peer="raw"),
        Door("rust-mt", program, {"BENCH_THREADS": "multi"}, peer="raw"),
    ]
    return doors


def versioned(shared: Path) -> Path:
    """A folder where the library is found by all names that programs ask for, as after an installation."""
    folder = target() / "bench-c-lib"
    folder.mkdir(exist_ok=True)
    for name in (shared.name, f"{shared.name}.0"):
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(shared.resolve())
    return folder


def c_library() -> tuple[Path, Path]:
    """The folder of the header, and one where the library is found."""
    include = Path(os.environ.get("BENCH_C_INCLUDE", ROOT / "include"))
    library = Path(os.environ.get("BENCH_C_LIB", target()))
    shared = next(iter(sorted(library.glob("libcopilot.so")) or sorted(library.glob("libcopilot.dylib"))), None)
    if shared is None or not (include / "copilot.h").exists():
        raise Missing("include/copilot.h or libcopilot is not there (BENCH_C_INCLUDE, BENCH_C_LIB)")
    return include, versioned(shared)


def c() -> list[Door]:
    include, linked = c_library()
    program = target() / "bench-c"
    source = HERE / "bench_c.c"
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", f"-I{include}", f"-L{linked}"]
    command = [os.environ.get("CC", "cc"), *flags, str(source), "-o", str(program)]
    subprocess.run([*command, "-lcopilot", f"-Wl,-rpath,{linked}"], check=True, timeout=120)
    return [
        Door("c-thread", [str(program), "thread"], peer="rust"),
        Door("c-poll", [str(program), "poll"], peer="rust"),
    ]


def go() -> list[Door]:
    include, linked = c_library()
    program = target() / "bench-go"
    flags = {
        "GOFLAGS": "-tags=copilot_flags -buildvcs=false",
        "CGO_CFLAGS": f"-O2 -I{include}",
        "CGO_LDFLAGS": f"-L{linked} -lcopilot -Wl,-rpath,{linked}",
    }
    try:
        command = ["go", "build", "-o", str(program), "."]
        subprocess.run(command, cwd=HERE / "go", env={**os.environ, **flags}, check=True, timeout=600)
    except FileNotFoundError as error:
        raise Missing("Go is not installed") from error
    return [Door("go", [str(program)], peer="c-thread")]


def java() -> list[Door]:
    _, linked = c_library()
    package = ROOT / "bindings" / "java" / "target"
    try:
        path = f"{package / 'classes'}:{(package / 'classpath').read_text()}"
    except FileNotFoundError as error:
        raise Missing("the Java package is not built (make build-java)") from error
    options = [f"-Dcopilot.library={linked / 'libcopilot.so'}", "-cp", path]
    return [Door("java", ["java", *options, str(HERE / "java" / "Bench.java")], peer="c-poll")]


def python_door(name: str, interpreter: str, path: str | None, peer: str | None) -> Door:
    env = {"PYTHONPATH": path or "", "PYTHONDONTWRITEBYTECODE": ""}
    check = [interpreter, "-c", "import copilot, copilot.session_events"]
    probe = subprocess.run(check, env={**os.environ, **env}, capture_output=True, text=True, timeout=60, check=False)
    if probe.returncode != 0:
        raise Missing(f"{interpreter} cannot import copilot: {(probe.stderr.strip().splitlines() or ['?'])[-1]}")
    return Door(name, [interpreter, str(HERE / "bench_python.py")], env, peer)


def python() -> list[Door]:
    interpreter = os.environ.get("BENCH_PYTHON", "python3")
    path = os.environ.get("BENCH_PYTHONPATH", str(ROOT / "bindings" / "python"))
    return [python_door("python", interpreter, path, "py-peer")]


def node_door(name: str, package: Path, peer: str | None) -> Door:
    if not (package / "package.json").exists():
        raise Missing(f"no package in {package}")
    return Door(name, ["node", str(HERE / "bench_node.mjs")], {"BENCH_NODE_PACKAGE": str(package)}, peer)


def node() -> list[Door]:
    package = Path(os.environ.get("BENCH_NODE_PACKAGE", ROOT / "bindings" / "node"))
    if not (package / "dist" / "index.js").exists():
        raise Missing(f"{package} is not built (BENCH_NODE_PACKAGE)")
    return [node_door("node", package, "node-peer")]


def peers() -> list[Door]:
    """Other packages, installed by the user outside of this project."""
    doors = []
    if interpreter := os.environ.get("PEER_PYTHON"):
        doors.append(python_door("py-peer", interpreter, None, None))
    if folder := os.environ.get("PEER_NODE_DIR"):
        doors.append(node_door("node-peer", Path(folder) / "node_modules" / "@github" / "copilot-sdk", None))
    if program := os.environ.get("PEER_RUST"):
        doors.append(Door("rust-peer", [program]))
    if not doors:
        raise Missing("--peer needs PEER_PYTHON, PEER_NODE_DIR or PEER_RUST")
    return doors


def versions() -> dict[str, str]:
    """What the peers and the languages are, as far as it is told here; `BENCH_VERSIONS` is a list of name=version."""
    told = dict(pair.split("=", 1) for pair in os.environ.get("BENCH_VERSIONS", "").split(",") if "=" in pair)
    for name, command in {"rustc": ["rustc", "-V"], "Node": ["node", "-v"], "Python": ["python3", "-V"]}.items():
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        told[name] = done.stdout.split()[min(1, len(done.stdout.split()) - 1)] if done.stdout else "?"
    return told


GROUPS = {"raw": raw, "rust": rust, "c": c, "go": go, "java": java, "python": python, "node": node}
