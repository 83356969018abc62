"""Finishes a wheel of a release: adds what it is made of (PEP 770), `.dist-info/sboms/copilot-native.cdx.json`, as
ffi/sbom.py writes it, and packs it smaller than zlib can, which takes some minutes. Needs zopfli.

wheel_sbom.py WHEEL [--target TRIPLE]
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import zopfli.zlib

ROOT = Path(__file__).resolve().parent.parent
NAME = "copilot-native.cdx.json"


class Zopfli:
    """What `zipfile` asks of a compressor, for content that is there as a whole."""

    def __init__(self, *_: object) -> None:
        self.content = b""

    def compress(self, content: bytes) -> bytes:
        self.content += content
        return b""

    def flush(self) -> bytes:
        # Without the head and the sum of zlib's format, which archives do not have.
        return zopfli.zlib.compress(self.content)[2:-4]


# There is no public way to name another compressor; what is written is the same format.
zipfile._get_compressor = Zopfli  # type: ignore[attr-defined]


def add(wheel: Path, text: bytes) -> None:
    """Writes the wheel anew: its entries as they were, the new file, and the record with a line for it."""
    made = wheel.with_suffix(".new")
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        record = next(name for name in old.namelist() if name.endswith(".dist-info/RECORD"))
        place = f"{record.removesuffix('RECORD')}sboms/{NAME}"
        for entry in old.infolist():
            if entry.filename not in (record, place):
                new.writestr(entry, old.read(entry), compress_type=zipfile.ZIP_DEFLATED)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
        lines = [line for line in old.read(record).decode().splitlines() if not line.startswith((place, record))]
        lines += [f"{place},sha256={digest},{len(text)}", f"{record},,"]
        entry = old.getinfo(record)
        for name, content in ((place, text), (record, "\n".join([*lines, ""]).encode())):
            made_entry = zipfile.ZipInfo(name, entry.date_time)
            made_entry.external_attr = entry.external_attr
            new.writestr(made_entry, content, compress_type=zipfile.ZIP_DEFLATED)
    made.replace(wheel)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--target")
    args = parser.parse_args()
    command = [sys.executable, str(ROOT / "ffi" / "sbom.py"), "--package", "copilot-python", "--features", "stores"]
    if args.target:
        command += ["--target", args.target]
    add(args.wheel, subprocess.run(command, check=True, capture_output=True).stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
