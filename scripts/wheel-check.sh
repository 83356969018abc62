#!/bin/bash
# Checks the wheel in dist/ the way users meet it. usage: wheel-check.sh PYTHON [FOLDER]   (of the environment with the tools)
# With a FOLDER the wheel there is checked, and the sources, which are the same, are not built again.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
tools=$(cd "$(dirname "$1")" && pwd)
wheel=$(ls -t "${2:-$root/dist}"/copilot_native-*.whl | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "=== platform tag"
# A wheel may carry the older name of its tag too: manylinux2014 is manylinux_2_17.
tag=$(basename "$wheel" .whl); tag=${tag##*-}
case $tag in *.*) tag=$(tr . '\n' <<< "$tag" | grep manylinux_) ;; esac
case $tag in
  manylinux*)
    "$tools/auditwheel" show "$wheel" > "$work/audit"
    tr '\n' ' ' < "$work/audit" | grep -q "consistent with the following platform tag: \"$tag\"" || { cat "$work/audit"; exit 1; } ;;
  linux_*) echo "the wheel has no portable tag: $tag" >&2; exit 1 ;;
esac
echo "$tag"

echo "=== size"
size=$(stat -c %s "$wheel")
[ "$size" -le $((6 << 20)) ] || { echo "$wheel has $size bytes, at most 6 MiB are allowed" >&2; exit 1; }
echo "$size bytes"

echo "=== what an index would say"
"$tools/twine" check --strict "$wheel"

echo "=== an empty environment, without Rust"
"$tools/python" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "$wheel"
PATH=/usr/bin:/bin "$root/scripts/demo.sh" "Wheel=env -u PYTHONPATH '$work/venv/bin/python' examples/python/chat.py"

echo "=== a frozen program, without options"
"$work/venv/bin/pip" install -q --disable-pip-version-check pyinstaller
cp "$root/examples/python/chat.py" "$work/frozen.py"
(cd "$work" && PATH="$work/venv/bin:$PATH" pyinstaller --log-level ERROR frozen.py)
"$root/scripts/demo.sh" "Frozen='$work/dist/frozen/frozen'"

echo "=== types as users see them"
mkdir "$work/elsewhere"
# Classes that are made of those of an extra have no types without it.
"$work/venv/bin/pip" install -q --disable-pip-version-check "$wheel[temporal]"
# It reads the interpreter from PATH, and prefers a project's own files to the installed package.
(cd "$work/elsewhere" && PATH="$work/venv/bin:$PATH" "$tools/pyright" --pythonpath "$work/venv/bin/python" \
  --verifytypes copilot --ignoreexternal > "$work/types") || true
grep -A 3 '^Symbols exported' "$work/types"
grep -q '^  With known type: [1-9]' "$work/types"
[ "$(grep -c 'With unknown type: 0' "$work/types")" = 2 ]

[ $# = 1 ] || exit 0
echo "=== source distribution"
(cd "$root/bindings/python" && "$tools/maturin" sdist --out "$work/sdist" 2> "$work/log") || { cat "$work/log"; exit 1; }
"$tools/pip" wheel -q --disable-pip-version-check --no-deps --wheel-dir "$work/built" "$work"/sdist/*.tar.gz
ls "$work/built"
