#!/bin/bash
# Builds the fuzzers with the flags that cargo-fuzz gives, and runs each for so many seconds. usage: run.sh SECONDS [TARGET…]
# FUZZ_AT_ONCE of them run at a time (default 1). What finds something new is kept in CARGO_TARGET_DIR/fuzz/corpus; seeds are in
# fuzz/corpus, what long runs found in fuzz/found. A fault leaves its input behind and says where.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd .. && pwd)
target_dir=${CARGO_TARGET_DIR:-$root/target}
out=$target_dir/fuzz
seconds=$1
shift
[ $# -gt 0 ] || set -- $(basename -as .rs targets/*.rs)
triple=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
mkdir -p "$out/faults"
# The machine of the C library: its table of functions is made from the header.
python3 ../scripts/abi_calls.py --table > "$out/misuse_table.h"
${CC:-cc} -std=c11 -D_GNU_SOURCE -O1 -g -fsanitize=address -DMACHINE_BYTES=4096 -I../include -I../tests/abi -I"$out" \
  -c ../tests/abi/machine.c -o "$out/machine.o"
began=$SECONDS
# A stable compiler knows the sanitizer too, when it is told to.
COPILOT_MACHINE=$out/machine.o RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$out RUSTFLAGS="$coverage -Zsanitizer=address --cfg fuzzing" \
  cargo build -q --release --locked --target "$triple" "${@/#/--bin=}"
echo "fuzz: built in $((SECONDS - began)) s"
# Names of the protocol, so that types are met that nobody guesses.
grep -rhoE '"[A-Za-z_][A-Za-z0-9_.$]{1,48}"' ../core/src/protocol | sort -u | sed 's/"\(.*\)"/"\\"\1\\""/' > "$out/names.dict"

one() {
  local target=$1 log=$out/$1.log more=()
  mkdir -p "$out/corpus/$target"
  # Files of its own names: what was found since stays beside.
  tar xzf "found/$target.tar.gz" -C "$out/corpus" --skip-old-files
  case $target in
    types | event | message) more=(-dict="$out/names.dict") ;;
    # The engine's thread keeps what it likes; leaks are looked for by tests/abi.
    abi) more=(-detect_leaks=0 -max_len=1024) ;;
  esac
  if ! COPILOT_FAKE_RUNTIME=${COPILOT_FAKE_RUNTIME:-$target_dir/debug/copilot-fake-runtime} "$out/$triple/release/$target" \
      "$out/corpus/$target" "corpus/$target" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=4096 "${more[@]}" \
      -artifact_prefix="$out/faults/$target-" -print_final_stats=1 > "$log" 2>&1; then
    echo "=== fuzz $target, $seconds s: a fault"
    tail -n 40 "$log"
    return 1
  fi
  echo "=== fuzz $target, $seconds s: $(grep -oE 'cov: [0-9]+ ft: [0-9]+' "$log" | tail -n 1)," \
    "$(sed -nE 's/.*number_of_executed_units: +//p' "$log") inputs"
}

failed=0
for target in "$@"; do
  while [ "$(jobs -rp | wc -l)" -ge "${FUZZ_AT_ONCE:-1}" ]; do wait -n || failed=1; done
  one "$target" &
done
while [ -n "$(jobs -p)" ]; do
  wait -n || { [ $? -eq 127 ] && break; failed=1; }
done
exit $failed
