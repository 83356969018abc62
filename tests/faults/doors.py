"""The programs of the matrix: how each is built and started. The soak uses the same."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclass(frozen=True)
class Door:
    """One column: what starts its program."""

    name: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)
    #: KiB that the program of this language may grow by in 200 cycles; heaps of collectors breathe.
    grows: int = 8 * 1024


class Missing(Exception):
    """The door is not there; the text says what would bring it."""


def target() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def debug() -> Path:
    return target() / "debug"


def out() -> Path:
    folder = target() / "faults"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(command: list[str], cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, check=True, timeout=1800)


def library() -> Path:
    """A folder where the library is found by the name that programs ask for."""
    shared = debug() / "libcopilot.so"
    if not shared.exists():
        raise Missing(f"{shared} is not built (make build-rust)")
    link = out() / "libcopilot.so.0"
    link.unlink(missing_ok=True)
    link.symlink_to(shared)
    return shared


def native(source: str, program: str, command: list[str]) -> list[str]:
    library()
    path = out() / program
    flags = ["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", f"-I{ROOT / 'include'}", f"-L{debug()}"]
    run([*command, *flags, str(HERE / source), "-o", str(path), "-lcopilot", f"-Wl,-rpath,{out()}"])
    return [str(path)]


def rust() -> Door:
    stores = ["--features", "stores"] if os.environ.get("COPILOT_TEST_STORES") else []
    run(["cargo", "build", "--quiet", "-p", "copilot-faults", *stores])
    return Door("rust", [str(debug() / "faults-rust")])


def c() -> Door:
    return Door("c", native("door_c.c", "door-c", [os.environ.get("CC", "cc"), "-std=c11"]))


def cpp() -> Door:
    return Door("cpp", native("door_cpp.cpp", "door-cpp", [os.environ.get("CXX", "c++"), "-std=c++17"]))


def python() -> Door:
    interpreter = os.environ.get("FAULTS_PYTHON", "python3")
    probe = [interpreter, "-c", "import copilot"]
    if subprocess.run(probe, capture_output=True, timeout=60, check=False).returncode != 0:
        raise Missing(f"{interpreter} cannot import copilot (make build-python)")
    return Door("python", [interpreter, str(HERE / "door_python.py")], grows=16 * 1024)


def node() -> Door:
    package = ROOT / "bindings" / "node"
    if not (package / "dist" / "index.js").exists() or not (package / "copilot.node").exists():
        raise Missing(f"{package} is not built (make build-node)")
    options = ["--expose-gc", "--max-semi-space-size=1"]
    env = {"FAULTS_NODE_PACKAGE": str(package)}
    return Door("node", ["node", *options, str(HERE / "door_node.mjs")], env, grows=16 * 1024)


def go() -> Door:
    if shutil.which("go") is None:
        raise Missing("Go is not installed")
    library()
    program = out() / "door-go"
    flags = {
        "GOFLAGS": "-tags=copilot_flags -buildvcs=false",
        "CGO_CFLAGS": f"-O1 -g -I{ROOT / 'include'}",
        "CGO_LDFLAGS": f"-L{debug()} -lcopilot -Wl,-rpath,{out()}",
    }
    run(["go", "build", "-o", str(program), "."], HERE / "go", flags)
    return Door("go", [str(program)], grows=16 * 1024)


def java() -> Door:
    package = ROOT / "bindings" / "java" / "target"
    if not (package / "classpath").exists() or shutil.which("javac") is None:
        raise Missing("the Java package is not built, or there is no JDK (make build-java)")
    path = f"{package / 'classes'}:{(package / 'classpath').read_text().strip()}"
    classes = out() / "java"
    run(
        ["javac", "-Xlint:all,-classfile", "-Werror", "-d", str(classes), "-cp", path, str(HERE / "java" / "Door.java")]
    )
    options = [f"-Dcopilot.library={library()}", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    return Door("java", ["java", *options, "-cp", f"{classes}:{path}", "Door"], grows=48 * 1024)


def ruby() -> Door:
    probe = ["ruby", "-rffi", "-e", 'exit Gem::Version.new(RUBY_VERSION) >= Gem::Version.new("3.1")']
    if shutil.which("ruby") is None or subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        raise Missing("Ruby 3.1 with ffi is not installed")
    lib = ROOT / "bindings" / "ruby" / "lib"
    return Door(
        "ruby", ["ruby", "-I", str(lib), str(HERE / "door_ruby.rb")], {"COPILOT_LIBRARY": str(library())}, 16 * 1024
    )


MAKERS: dict[str, Callable[[], Door]] = {
    "rust": rust,
    "c": c,
    "cpp": cpp,
    "python": python,
    "node": node,
    "go": go,
    "java": java,
    "ruby": ruby,
}


def found(names: list[str]) -> tuple[list[Door], dict[str, str]]:
    """The doors that are there, and why the others are not."""
    doors: list[Door] = []
    missing: dict[str, str] = {}
    for name in names:
        try:
            doors.append(MAKERS[name]())
        except Missing as reason:
            missing[name] = str(reason)
    return doors, missing
