#!/bin/bash
# The same tests on every runtime that a program may meet: the engine's on the real runtime, the conformance cases of every
# door, the demo. Prints the table of docs/runtimes.md. usage: compat.sh REPORT-FOLDER DOOR=COMMAND...
# The runtime that `make test` uses is left out.
set -uo pipefail
reports=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
failed=0
rows=
for folder in compat preview newest; do
  COPILOT_CLI_PATH=$(scripts/runtime-path.sh "$folder") || exit 1
  export COPILOT_CLI_PATH
  here=$reports/$folder
  rm -rf "$here" && mkdir -p "$here"
  row="| $folder |"
  step() {
    local log=$here/$1.out
    shift
    if "$@" > "$log" 2>&1; then
      row="$row passes |"
    else
      row="$row fails |"
      failed=1
      tail -n 60 "$log"
    fi
  }
  echo "=== $folder: $COPILOT_CLI_PATH"
  step engine cargo test -q -p copilot-core --test real
  CONFORMANCE_RUNTIME=real step conformance tests/conformance/run-all.sh "$here"
  grep -hE "passed|=== " "$here/conformance.out"
  step demo scripts/demo.sh "$@"
  rows="$rows$row"$'\n'
done
printf '\n| runtime | engine | conformance, every door | demo, every door |\n|---|---|---|---|\n%s' "$rows"
exit "$failed"
