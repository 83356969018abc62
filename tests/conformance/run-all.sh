#!/bin/bash
# Runs the conformance cases through every door and prints the parity table. usage: run-all.sh REPORT-FOLDER
# Fails when a case fails or is skipped without a reason in surfaces.json.
set -uo pipefail
reports=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
cd "$root"
missing=
surfaces=()
# Two doors at a time; what they say is shown in the end, in order.
run() { # SURFACE COMMAND...
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
  surfaces+=("$1")
  begin "$@" &
}
begin() {
  local surface=$1
  shift
  CONFORMANCE_REPORT="$reports/$surface.jsonl" "$@" > "$reports/$surface.log" 2>&1
  echo $? > "$reports/$surface.code"
}
tell() {
  local surface=$1
  echo "=== conformance: $surface"
  tail -n 1 "$reports/$surface.log"
  # Who ends without a report has not run anything.
  [ -s "$reports/$surface.jsonl" ] || missing="$missing $surface"
  [ "$(cat "$reports/$surface.code")" = 0 ] || { echo "conformance: $surface failed; its output:"; tail -n 60 "$reports/$surface.log"; }
}
run rust cargo test -q -p copilot-conformance --test conformance
run c make -C tests/conformance/runner-c check-c
run cpp make -C tests/conformance/runner-c check-cpp
run python bash -c 'cd tests/conformance && exec "$0" -m runner_python' "$root/.tools/venv/bin/python"
run node node tests/conformance/runner-node/run.mjs
# These are built where their tools are.
[ -x "$target/go/conformance" ] && run go "$target/go/conformance"
java=bindings/java/target
[ -d "$java/test-classes" ] && run java java "-Dcopilot.library=$target/debug/libcopilot.so" \
  -cp "$java/test-classes:$java/classes:$(cat "$java/classpath")" io.github.copilotnative.conformance.Runner tests/conformance
ruby -rffi -e 'exit Gem::Version.new(RUBY_VERSION) >= Gem::Version.new("3.1")' 2>/dev/null &&
  run ruby env "COPILOT_LIBRARY=$target/debug/libcopilot.so" ruby -w bindings/ruby/conformance/run.rb
wait
for surface in "${surfaces[@]}"; do tell "$surface"; done
cargo run -q -p copilot-conformance --bin conformance-parity "$reports"
code=$?
cat tests/conformance/left-out.md
[ -z "$missing" ] || { echo "conformance: no report of$missing"; code=1; }
exit "$code"
