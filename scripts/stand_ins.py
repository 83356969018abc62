"""Builds the stand-ins: packages with the names of the official ones that bring ours instead. `docs/swap.md` says when.

A wheel `github-copilot-sdk` without code that requires `copilot-native`, and a tarball `@github/copilot-sdk` that hands
on what `copilot-native` exports. They are for a project's own folder or index, never for the public registries, whose
packages of these names belong to GitHub.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: The official releases whose place they take.
PYTHON_VERSION, NODE_VERSION = "1.0.27", "1.0.14"
#: What the official packages bring, and programs therefore import without declaring it.
PYTHON_BRINGS = ("httpx>=0.24.0", "pydantic>=2.0", "python-dateutil>=2.9")
NODE_BRINGS = {"zod": "^4.0.0"}
ABOUT = "Stand-in of copilot-native for {name} {version}, without code. Not made by GitHub; not for public registries."


def our_version() -> str:
    version: str = json.loads((ROOT / "bindings/node/package.json").read_text())["version"]
    return version


def wheel(folder: Path) -> Path:
    """A wheel without code."""
    ours = our_version()
    version = f"{PYTHON_VERSION}+native.{ours}"
    requires = (f"copilot-native=={ours}", *PYTHON_BRINGS)
    info = f"github_copilot_sdk-{version}.dist-info"
    metadata = [
        "Metadata-Version: 2.1",
        "Name: github-copilot-sdk",
        f"Version: {version}",
        f"Summary: {ABOUT.format(name='github-copilot-sdk', version=PYTHON_VERSION)}",
        "License: MIT",
        "Classifier: Private :: Do Not Upload",
        "Requires-Python: >=3.11",
        *(f"Requires-Dist: {each}" for each in requires),
    ]
    files = {
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: stand_ins\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{name},{_digest(text)},{len(text.encode())}" for name, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    path = folder / f"github_copilot_sdk-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def tarball(folder: Path) -> Path:
    """A package whose entries hand on ours, for `import` and `require`, with types."""
    ours = our_version()
    entries = {"index": "copilot-native", "extension": "copilot-native/extension"}
    exports = {
        "." if name == "index" else f"./{name}": {
            "import": {"types": f"./{name}.d.ts", "default": f"./{name}.js"},
            "require": {"types": f"./{name}.d.cts", "default": f"./{name}.cjs"},
        }
        for name in entries
    }
    manifest = {
        "name": "@github/copilot-sdk",
        "version": NODE_VERSION,
        "private": True,
        "description": ABOUT.format(name="@github/copilot-sdk", version=NODE_VERSION),
        "license": "MIT",
        "type": "module",
        "main": "./index.cjs",
        "types": "./index.d.ts",
        "exports": exports,
        "dependencies": {"copilot-native": ours, **NODE_BRINGS},
    }
    files = {"package.json": json.dumps(manifest, indent=2) + "\n", "README.md": manifest["description"] + "\n"}
    for name, target in entries.items():
        files[f"{name}.js"] = files[f"{name}.d.ts"] = f'export * from "{target}";\n'
        files[f"{name}.cjs"] = f'module.exports = require("{target}");\n'
        files[f"{name}.d.cts"] = f'export * from "{target}";\n'
    path = folder / f"github-copilot-sdk-{NODE_VERSION}.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size, member.mode = len(text.encode()), 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "stand-ins"
    folder.mkdir(parents=True, exist_ok=True)
    for path in (wheel(folder), tarball(folder)):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
