"""Runs every code block of every page, so that no page shows what does not work. Run by `make docs-check`.

Blocks are whole programs, or are put into a frame: `frames/<page>.<number>.<extension>.frame`, where a line with BLOCK
stands for the block; pages are named by their path with dashes, blocks counted from 1 in each page. Programs meet the
fake runtime, which answers every message, or what `frames/<page>.<number>.script.json` says. What is not run is listed
below, with the reason.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FRAMES = Path(__file__).resolve().parent / "frames"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
WORK = TARGET / "docs-check"
LIBRARY = TARGET / "debug"
LIMIT = 120

EXTENSIONS = {
    "python": "py",
    "js": "mjs",
    "ts": "mts",
    "c": "c",
    "cpp": "cpp",
    "go": "go",
    "java": "java",
    "ruby": "rb",
}
# How programs print; one that does so must have printed something.
PRINTS = re.compile(r"\bprint|console\.log|stdout|cout|\bputs\b|fmt\.Print")
LEFT_OUT = {
    "sh": "commands of a shell: those for this repository are what CI runs, the others install what is not published",
    "rust": "compiled by `cargo test --doc` of the engine, which includes README.md; docs/host.md lists signatures",
}


@dataclass
class Block:
    """One block of a page."""

    page: str
    number: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.removesuffix('.md').replace('/', '-')}.{self.number}"


class Missing(Exception):
    """What a language needs is not here."""


def blocks() -> list[Block]:
    pages = subprocess.run(
        [
            "git",
            "ls-files",
            "-co",
            "--exclude-standard",
            "README.md",
            "docs/*.md",
            "bindings/*/README.md",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    found = []
    for page in sorted(pages):
        text = (ROOT / page).read_text()
        for number, (language, code) in enumerate(re.findall(r"^```(\w+).*?\n(.*?)^```", text, re.M | re.S), 1):
            found.append(Block(page, number, language, code))
    return found


def framed(block: Block) -> str:
    frame = FRAMES / f"{block.name}.{EXTENSIONS[block.language]}.frame"
    if not frame.exists():
        return block.text
    lines = frame.read_text().splitlines(keepends=True)
    return "".join(block.text if "BLOCK" in line else line for line in lines)


def script(source: Path) -> dict[str, str]:
    """What the fake runtime answers to this block, where the usual is not enough."""
    file = FRAMES / f"{source.stem}.script.json"
    return {"COPILOT_FAKE_SCRIPT": str(file)} if file.exists() else {}


def call(command: list[str], folder: Path, **more: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise Missing(f"{program} is not installed")
    return found


def python(source: Path) -> str:
    return call([os.environ["DOCS_PYTHON"], str(source)], source.parent, **script(source))


def node(source: Path) -> str:
    packages = source.parent / "node_modules"
    packages.mkdir(exist_ok=True)
    (packages / "copilot-native").unlink(missing_ok=True)
    (packages / "copilot-native").symlink_to(ROOT / "bindings/node")
    text = source.read_text()
    # Node 20 has no `await using`: what it means, written out.
    if "await using" in text:
        held = re.findall(r"await using (\w+)", text)
        text = text.replace("await using", "const")
        text += "".join(f"await {name}[Symbol.asyncDispose]();\n" for name in reversed(held))
        source.write_text(text)
    return call([need("node"), str(source)], source.parent, **script(source))


def typescript(source: Path) -> str:
    """Only compiled: what needs types is a part of something that a page cannot run whole."""
    # In the package, which finds itself and Temporal by name.
    place = ROOT / "bindings/node/.docs-check"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        shutil.copy(source, place)
        words = [
            "--noEmit",
            "--strict",
            "--skipLibCheck",
            "--module",
            "nodenext",
            "--target",
            "es2022",
            "--types",
            "node",
        ]
        call(
            [
                str(place.parent / "node_modules/.bin/tsc"),
                *words,
                str(place / source.name),
            ],
            place,
        )
    finally:
        shutil.rmtree(place)
    return ""


def compiled(compiler: str, standard: str) -> Callable[[Path], str]:
    def run(source: Path) -> str:
        program = source.with_suffix(".program")
        link = [
            "-L",
            str(LIBRARY),
            "-lcopilot",
            f"-Wl,-rpath,{source.parent}",
            "-pthread",
        ]
        warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-variable"]
        library = source.parent / "libcopilot.so.0"
        library.unlink(missing_ok=True)
        library.symlink_to(LIBRARY / "libcopilot.so")
        include = f"-I{ROOT / 'include'}"
        call(
            [
                need(compiler),
                standard,
                *warnings,
                include,
                str(source),
                "-o",
                str(program),
                *link,
            ],
            source.parent,
        )
        return call([str(program)], source.parent)

    return run


def go(source: Path) -> str:
    if not os.environ.get("DOCS_GO"):
        raise Missing("Go 1.26 is not installed")
    # In the module of the example, which knows where the package is.
    place = ROOT / "examples/go/.docs-check"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        shutil.copy(source, place / "main.go")
        program = source.with_suffix(".program")
        call(["go", "build", "-o", str(program), "./.docs-check"], place.parent)
    finally:
        shutil.rmtree(place)
    return call([str(program)], source.parent)


def java(source: Path) -> str:
    path = os.environ.get("DOCS_CLASSPATH", "")
    if not path:
        raise Missing("Maven and a JDK 17 are not installed")
    return call(
        [
            "java",
            f"-Dcopilot.library={LIBRARY / 'libcopilot.so'}",
            "-cp",
            path,
            str(source),
        ],
        source.parent,
    )


def ruby(source: Path) -> str:
    if not os.environ.get("DOCS_RUBY"):
        raise Missing("Ruby 3.1 with ffi is not installed")
    library = str(LIBRARY / "libcopilot.so")
    return call(
        [need("ruby"), "-w", "-I", str(ROOT / "bindings/ruby/lib"), str(source)],
        source.parent,
        COPILOT_LIBRARY=library,
    )


RUNNERS = {
    "python": python,
    "js": node,
    "ts": typescript,
    "c": compiled("cc", "-std=c11"),
    "cpp": compiled("c++", "-std=c++20"),
    "go": go,
    "java": java,
    "ruby": ruby,
}


def run(block: Block) -> None:
    if block.language == "json":
        json.loads(block.text)
    elif block.language == "toml":
        tomllib.loads(block.text)
    else:
        source = WORK / f"{block.name}.{EXTENSIONS[block.language]}"
        source.write_text(framed(block))
        said = RUNNERS[block.language](source)
        if PRINTS.search(block.text) and not said.strip():
            raise RuntimeError("it printed nothing")


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    ran, left_out, failed = 0, set(), 0
    for block in blocks():
        if block.language in LEFT_OUT:
            continue
        try:
            run(block)
            ran += 1
        except Missing as missing:
            left_out.add(str(missing))
        except Exception as error:
            failed += 1
            print(
                f"{block.page}, block {block.number} ({block.language}): {error}",
                file=sys.stderr,
            )
    for why in sorted(left_out):
        print(f"docs-check: some blocks are left out: {why}")
    print(f"docs-check: {ran} blocks ran, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
