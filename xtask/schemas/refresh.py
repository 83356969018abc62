"""Observes installed official releases and writes the files of facts beside this one.

    python refresh.py PYTHON RUNTIME NEWEST OLDER …

PYTHON is an interpreter with what the releases depend on; NEWEST and OLDER are folders of `pip install --target
--no-deps`, the newest first; RUNTIME is the runtime that NEWEST pins. `observed-RUNTIME.json` gets what only the
newest has, `observed-older.json` what only older ones had. Run `make gen` afterwards. Needs `make setup` and a built
`xtask`.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
# Names that a code generator made up for one release, and that no program writes; see tests/surface/reasons.json.
MADE_UP = {
    *("Status", "ItemElement", "PermissionSource", "CatalogSearchSucceededKind", "CatalogUnavailableErrorKind"),
    *("McpServerConfigMemoryType", "PermissionsSetAAllSource", "McpInstallationReviewAction", "ApprovalKind"),
    *("AuthEnumerateValue", "SubagentSettings", "PermissionDecisionApproveForIonApproval"),
}


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def sources():
    for runtime, folder in (("1.0.85", "current"), ("1.0.89-7", "preview")):
        yield from ("--schemas", f"{runtime}={run('scripts/runtime-path.sh', folder, '--schemas').strip()}")


def lay(to, more):
    for key, value in more.items():
        there = to.setdefault(key, value)
        if there is value:
            continue
        if isinstance(value, dict):
            lay(there, value)
        elif isinstance(value, list) and key == "required":
            to[key] = [each for each in there if each in value]
        elif isinstance(value, list):
            there += [each for each in value if each not in there]


class Refresh:
    def __init__(self, python, folder):
        self.python, self.folder = python, pathlib.Path(folder)
        # Generating replaces parts of pages and files that are there.
        for name in run("git", "ls-files", "core", "bindings", "tests", "ffi", "include", "docs").splitlines():
            copy = self.folder / "ours" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy)

    def observe(self, release):
        out = self.folder / f"{release.name}.json"
        out.write_text(run(self.python, str(HERE / "observe.py"), str(release)))
        return out

    def facts(self, observed, known):
        ours, merged = self.folder / "ours", self.folder / "merged"
        given = [arg for runtime, path in known for arg in ("--facts", f"{runtime}={path}")]
        for where in (("--out", str(ours)), ("--merged", str(merged))):
            run(f"{ROOT}/target/debug/xtask", "gen", *sources(), *given, *where)
        text = run(str(ROOT / ".tools/venv/bin/python"), str(HERE / "facts.py"), str(observed), str(merged), str(ours))
        found = json.loads(text)
        for part in found.values():
            part["definitions"] = {k: v for k, v in part["definitions"].items() if k not in MADE_UP}
        return found


def main():
    python, runtime, newest, *older = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        refresh = Refresh(python, folder)
        sys.path.insert(0, str(HERE))
        from facts import lines

        first = HERE / f"observed-{runtime}.json"
        observed = refresh.observe(pathlib.Path(newest))
        first.write_text(lines(refresh.facts(observed, [])) + "\n")
        second, all_older = HERE / "observed-older.json", {}
        for release in older:
            known = [(runtime, first)]
            if all_older:
                second.write_text(lines(all_older) + "\n")
                known.append(("", second))
            lay(all_older, refresh.facts(refresh.observe(pathlib.Path(release)), known))
        second.write_text(lines(all_older) + "\n")


if __name__ == "__main__":
    main()
