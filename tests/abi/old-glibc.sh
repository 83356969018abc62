#!/bin/sh
# Links as for a system with an old C library, and runs it: a program with the static library, and one with a library in Rust that
# catches a panic, as libcopilot does at its boundary.
#   old-glibc.sh TREE GLIBC OUT          needs cargo-zigbuild in PATH, and zig as a package of its python3
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tree=$1 glibc=$2 out=$3/old
mkdir -p "$out"
host=$(rustc -vV | sed -n 's/^host: //p')
target=${host%%-*}-linux-gnu.$glibc
check() { python3 "$here/../../scripts/clib_check.py" --program "$1" --glibc "$glibc"; }

python3 -m ziglang cc -target "$target" -std=c11 "$here/consumer.c" -I"$tree/include" "$tree/lib/libcopilot.a" \
  -lunwind -lpthread -lm -ldl -lrt -lutil -o "$out/consumer-static"
"$out/consumer-static"
check "$out/consumer-static"

# The linker that cargo-zigbuild gives to cargo.
printf '#!/bin/sh\nexec cargo-zigbuild zig cc -- -target %s "$@"\n' "$target" > "$out/linker"
chmod +x "$out/linker"
rustc --edition 2024 --crate-type cdylib --target "$host" -C linker="$out/linker" "$here/unwinding.rs" -o "$out/libunwinding.so"
${CC:-cc} "$here/unwinding.c" -L"$out" -lunwinding -o "$out/unwinding"
LD_LIBRARY_PATH=$out "$out/unwinding" 2> "$out/panic"
grep -q 'number 12' "$out/panic"
check "$out/libunwinding.so"
