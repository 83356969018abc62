#!/bin/bash
# Builds the fuzzers with the flags that cargo-fuzz gives, and runs each for so many seconds. usage: run.sh SECONDS [TARGET…]
# What finds something new is kept in CARGO_TARGET_DIR/fuzz/corpus; seeds are in fuzz/corpus. A fault leaves its input behind and says where.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd .. && pwd)
out=${CARGO_TARGET_DIR:-$root/target}/fuzz
seconds=$1
shift
[ $# -gt 0 ] || set -- frames message event operations
triple=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
# A stable compiler knows the sanitizer too, when it is told to.
RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$out RUSTFLAGS="$coverage -Zsanitizer=address --cfg fuzzing" \
  cargo build -q --release --locked --target "$triple" "${@/#/--bin=}"
for target in "$@"; do
  mkdir -p "$out/corpus/$target" "$out/faults"
  echo "=== fuzz $target, $seconds s"
  log=$out/$target.log
  if ! "$out/$triple/release/$target" "$out/corpus/$target" "corpus/$target" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=4096 \
      -artifact_prefix="$out/faults/$target-" -print_final_stats=1 > "$log" 2>&1; then
    tail -n 40 "$log"
    exit 1
  fi
  grep -E 'cov: ' "$log" | tail -n 1
  grep -E 'number_of_executed_units|average_exec_per_sec' "$log"
done
