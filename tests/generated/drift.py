"""`gen --check` accepts the committed files, and refuses when one name in a copy of the schemas changes.

    python drift.py XTASK --schemas RUNTIME=DIR … --facts RUNTIME=FILE
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile


def check(xtask, sources):
    return subprocess.run([xtask, "gen", "--check", *sources], capture_output=True, text=True)


def main():
    xtask, *sources = sys.argv[1:]
    newest = len(sources) - sources[::-1].index("--schemas")
    runtime, _, source = sources[newest].partition("=")
    clean = check(xtask, sources)
    changes = {
        "api.schema.json": [('"AbortResult"', '"AbortOutcome"'), ("session.abort", "session.abortNow")],
        "session-events.schema.json": [('"turnId"', '"turnIdent"'), ("session.idle", "session.rest")],
    }
    failures = [] if clean.returncode == 0 else [f"committed files differ:\n{clean.stderr}"]
    for file, replacements in changes.items():
        for old, new in replacements:
            with tempfile.TemporaryDirectory() as folder:
                copy = pathlib.Path(shutil.copytree(source, f"{folder}/schemas"))
                text = (copy / file).read_text()
                assert old in text, old
                new_text = text.replace(old, new)
                if old.startswith('"') and f"definitions/{old[1:]}" in text:
                    new_text = new_text.replace(f"definitions/{old[1:]}", f"definitions/{new[1:]}")
                (copy / file).write_text(new_text)
                if check(xtask, [*sources[:newest], f"{runtime}={copy}", *sources[newest + 1 :]]).returncode == 0:
                    failures.append(f"{file}: {old} -> {new} went unnoticed")
    print(*failures, sep="\n", end="\n" if failures else "")
    print(f"drift: {len(failures)} failures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
