#!/bin/bash
# One conversation on the real runtime from every language. Without a GitHub token the model is scripted, on loopback.
# usage: demo.sh NAME=COMMAND...   each command is one door's chat program
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
home=$(mktemp -d)
model=
cleanup() {
  [ -z "$model" ] || kill "$model" 2>/dev/null || true
  rm -rf "$home"
}
trap cleanup EXIT

export COPILOT_CLI_PATH=${COPILOT_CLI_PATH:-$("$root/scripts/runtime-path.sh" current)}
if [ -z "${COPILOT_GITHUB_TOKEN:-${GITHUB_TOKEN:-}}" ]; then
  export COPILOT_HOME=$home
  "${CARGO_TARGET_DIR:-$root/target}/debug/copilot-scripted-model" --detached > "$home/model" &
  model=$!
  for _ in $(seq 100); do [ -s "$home/model" ] && break; sleep 0.05; done
  export COPILOT_MODEL_URL=$(sed 's/^listening on //' "$home/model")
fi
for door in "$@"; do
  echo "=== ${door%%=*}"
  bash -c "${door#*=}" < /dev/null | tee "$home/out"
  # The demo is honest only if the tool was called and its answer came back through the model.
  if [ -n "$model" ]; then
    grep -q '\[tool\] get_weather(Paris)' "$home/out"
    grep -q 'in Paris' "$home/out"
    grep -q '\[usage\]' "$home/out"
  fi
done
