#!/bin/bash
# Puts our packages in the place of the official ones the way a dependent's project does.
# usage: swap-check.sh PYTHON DIST   (the folder with our wheel, our tarball and stand-ins/)
set -euo pipefail
dist=$(cd "$2" && pwd)
unset COPILOT_CLI_PATH
wheel=$(ls -t "$dist"/copilot_native-*.whl | head -n 1)
stand_in=$(ls -t "$dist"/stand-ins/github_copilot_sdk-*.whl | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "=== pip: a dependent that requires github-copilot-sdk"
mkdir "$work/dependent"
cat > "$work/dependent/pyproject.toml" << 'END'
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "dependent"
version = "1"
dependencies = ["github-copilot-sdk>=1.0.20,<2"]
[tool.setuptools]
py-modules = ["dependent"]
END
cat > "$work/dependent/dependent.py" << 'END'
from importlib.metadata import version

import dateutil
import httpx
import pydantic

from copilot import CopilotClient

assert version("github-copilot-sdk").startswith("1.0.27"), version("github-copilot-sdk")
assert CopilotClient.__module__ == "copilot.client" and dateutil and httpx and pydantic
END
"$1" -m venv "$work/venv"
pip() { "$work/venv/bin/pip" --disable-pip-version-check "$@"; }
pip install -q "$wheel" "$stand_in" "$work/dependent"
pip check
(cd "$work" && "$work/venv/bin/python" -W error -c "import dependent" && "$work/venv/bin/python" -m copilot doctor)

echo "=== uv: an application that overrides what its dependent requires"
pip install -q uv
mkdir "$work/uv-app"
cat > "$work/uv-app/pyproject.toml" << END
[project]
name = "uv-app"
version = "1"
requires-python = ">=3.11"
dependencies = ["copilot-native", "dependent"]
[tool.uv]
package = false
override-dependencies = ["github-copilot-sdk==$(basename "$stand_in" | cut -d- -f2)"]
find-links = ["$dist", "$dist/stand-ins"]
[tool.uv.sources]
dependent = { path = "$work/dependent" }
END
uv="$work/venv/bin/uv"
(cd "$work/uv-app" && env -u VIRTUAL_ENV "$uv" sync -q --python "$1" && .venv/bin/python -W error -c "import dependent")
echo "the same names through uv"

echo "=== the official package over ours is told"
site=$("$work/venv/bin/python" -c "import sysconfig; print(sysconfig.get_path('purelib'))")
mkdir "$site/github_copilot_sdk-1.0.27.dist-info"
(cd "$work" && "$work/venv/bin/python" -c "import copilot" 2>&1 | grep -q "own the same files")
if (cd "$work" && "$work/venv/bin/python" -m copilot doctor > "$work/doctor" 2>&1); then
  echo "doctor found nothing" >&2; exit 1
fi
grep "own the same files" "$work/doctor"

echo "=== npm: direct, transitive and peer dependents of @github/copilot-sdk"
ours=$(ls -t "$dist"/copilot-native-[0-9]*.tgz | head -n 1)
sdk=$(ls -t "$dist"/stand-ins/github-copilot-sdk-*.tgz | head -n 1)
mkdir -p "$work/app/transitive" "$work/app/peer"
dependent() {
  printf '{"name":"%s","version":"1.0.0","main":"index.cjs","%s":{"@github/copilot-sdk":"^1.0.0"}}' "$1" "$2" > "$work/app/$1/package.json"
  printf 'module.exports = require("@github/copilot-sdk");' > "$work/app/$1/index.cjs"
}
dependent transitive dependencies
dependent peer peerDependencies
cat > "$work/app/package.json" << END
{"name": "app", "version": "1.0.0", "private": true, "type": "module", "dependencies": {
  "copilot-native": "file:$ours", "@github/copilot-sdk": "file:$sdk",
  "transitive": "file:./transitive", "peer": "file:./peer"}}
END
cat > "$work/app/index.mjs" << 'END'
import * as sdk from "@github/copilot-sdk";
import { joinSession } from "@github/copilot-sdk/extension";
import * as native from "copilot-native";
import { createRequire } from "node:module";
const required = createRequire(import.meta.url);
const same = [sdk.CopilotClient === native.CopilotClient, typeof joinSession === "function"];
const cjs = required("@github/copilot-sdk").CopilotClient;
for (const name of ["transitive", "peer"]) same.push(required(name).CopilotClient === cjs);
same.push(cjs === required("copilot-native").CopilotClient);
if (same.includes(false)) throw new Error(`not the same classes: ${same}`);
console.log("the same classes through import and require, directly, transitively and as a peer");
END
(cd "$work/app" && npm install --omit=optional --install-links --no-audit --no-fund --loglevel=error && node index.mjs)
