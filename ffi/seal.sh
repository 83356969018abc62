#!/bin/sh
# Makes one object of a static library (ELF), whose only names for others are copilot_*: so it can be linked beside other static
# libraries in Rust, which bring the same standard library. What compilers and debuggers read is left out.
#   ffi/seal.sh FROM TO            LD, AR, OBJCOPY and NM name other programs
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${NM:-nm}" -g --defined-only "$1" 2> /dev/null | sed -n 's/^[^ ]* T \(copilot_.*\)$/-u \1/p' | sort -u > "$work/wanted"
[ -s "$work/wanted" ] || { echo "$1 has no function of copilot" >&2; exit 1; }
# shellcheck disable=SC2046
"${LD:-ld}" -r -o "$work/copilot.o" $(cat "$work/wanted") "$1"
# .llvmbc is the compiler's intermediate form, for optimising across crates. The DW.ref of two libraries become one, by its name.
"${OBJCOPY:-objcopy}" --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd \
  --wildcard --keep-global-symbol='copilot_*' --keep-global-symbol='DW.ref.*' "$work/copilot.o"
"${AR:-ar}" rcsD "$work/copilot.a" "$work/copilot.o"
chmod 644 "$work/copilot.a"
mv "$work/copilot.a" "$2"
