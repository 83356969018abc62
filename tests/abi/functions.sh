#!/bin/bash
# Runs the programs of examples/c/functions, each in a folder of its own for the runtime's state. The model is scripted.
# usage: functions.sh PROGRAM...   COPILOT_FAKE_RUNTIME, COPILOT_FAKE_LIBRARY, COPILOT_SCRIPTED_MODEL and LD_LIBRARY_PATH are set
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
home=$(mktemp -d)
model=
cleanup() {
  [ -z "$model" ] || kill "$model" 2>/dev/null || true
  rm -rf "$home"
}
trap cleanup EXIT

unset COPILOT_GITHUB_TOKEN GITHUB_TOKEN GH_TOKEN
export COPILOT_CLI_PATH=${COPILOT_CLI_PATH:-$("$root/scripts/runtime-path.sh" current)}
"$COPILOT_SCRIPTED_MODEL" --script "$root/examples/c/functions/model.json" --detached > "$home/model" &
model=$!
for _ in $(seq 600); do [ -s "$home/model" ] && break; sleep 0.05; done
export COPILOT_MODEL_URL=$(sed 's/^listening on //' "$home/model")
for program in "$@"; do
  name=$(basename "$program")
  mkdir "$home/$name"
  if ! COPILOT_HOME=$home/$name timeout 240 "$program" > "$home/$name.out" 2>&1; then
    cat "$home/$name.out"
    echo "examples/c/functions/${name#asan-}.c failed"
    exit 1
  fi
done
