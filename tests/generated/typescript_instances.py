"""Every instance fits its TypeScript declaration, and every mutant survives parsing and printing in Node.

    python typescript_instances.py SCHEMAS [--tsc "npx tsc"]
"""

import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

import roundtrip

HERE = pathlib.Path(__file__).parent
GENERATED = HERE.parent.parent / "bindings" / "node" / "js" / "generated"
AGAIN = """
const lines = require("fs").readFileSync(0, "utf8").trimEnd().split("\\n");
for (const line of lines) console.log(JSON.stringify(JSON.parse(line)));
"""


def program(cases):
    lines = [
        f'import type * as rpc from "{GENERATED}/rpc.js";',
        f'import type * as events from "{GENERATED}/session-events.js";',
    ]
    for index, (entry, kind, text) in enumerate(cases):
        if kind in ("full", "least"):
            module = "rpc" if entry["origin"] == "api" else "events"
            lines.append(f"export const c{index}: {module}.{entry['name']} = {text};")
    return "\n".join(lines) + "\n"


def main():
    tsc = shlex.split(sys.argv[sys.argv.index("--tsc") + 1]) if "--tsc" in sys.argv else ["npx", "tsc"]
    cases = roundtrip.make_cases(pathlib.Path(sys.argv[1]))
    options = "--strict --noEmit --target es2022 --module nodenext --moduleResolution nodenext --skipLibCheck"
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "instances.ts")
        source.write_text(program(cases))
        done = subprocess.run([*tsc, *options.split(), str(source)], capture_output=True, text=True)
    errors = [line for line in done.stdout.splitlines() if "error TS" in line]
    print(*errors[:20], sep="\n", end="\n" if errors else "")
    printed = subprocess.run(
        ["node", "-e", AGAIN], input="\n".join(text for _, _, text in cases), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    lost = [c for c, back in zip(cases, printed, strict=True) if json.loads(back) != json.loads(c[2])]
    checked = sum(kind in ("full", "least") for _, kind, _ in cases)
    print(f"typescript: {checked} instances, {len(errors)} errors; {len(cases)} printed again, {len(lost)} lost")
    return bool(errors or lost or done.returncode)


if __name__ == "__main__":
    sys.exit(main())
