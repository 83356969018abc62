#!/bin/bash
# Reduces what the fuzzers found to inputs that reach code which no other does, and packs it into found/. usage: keep.sh [TARGET…]
# after run.sh, whose programs and corpora in CARGO_TARGET_DIR it takes.
set -euo pipefail
cd "$(dirname "$0")"
out=${CARGO_TARGET_DIR:-$(cd .. && pwd)/target}/fuzz
export COPILOT_FAKE_RUNTIME=${COPILOT_FAKE_RUNTIME:-${out%/fuzz}/debug/copilot-fake-runtime}
[ $# -gt 0 ] || set -- $(basename -as .rs targets/*.rs)
triple=$(rustc -vV | sed -n 's/^host: //p')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for target in "$@"; do
  mkdir "$work/$target"
  "$out/$triple/release/$target" -use_counters=0 -set_cover_merge=1 -rss_limit_mb=4096 -detect_leaks=0 \
    "$work/$target" "$out/corpus/$target" "corpus/$target" > "$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
  # The same bytes whoever packs them, and whenever.
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work" -cf - "$target" | gzip -9n > "found/$target.tar.gz"
  echo "keep: $target: $(find "$work/$target" -type f | wc -l) inputs"
done
