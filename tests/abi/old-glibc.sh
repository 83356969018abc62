#!/bin/sh
# Links a program with the static library as on a system with an old C library, and runs it.
#   old-glibc.sh TREE GLIBC OUT          needs zig as a package of the python3 in PATH
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tree=$1 glibc=$2 out=$3/old
mkdir -p "$out"
machine=$(rustc -vV | sed -n 's/^host: \([^-]*\)-.*/\1/p')
python3 -m ziglang cc -target "$machine-linux-gnu.$glibc" -std=c11 "$here/consumer.c" -I"$tree/include" "$tree/lib/libcopilot.a" \
  -lunwind -lpthread -lm -ldl -lrt -lutil -o "$out/consumer-static"
"$out/consumer-static"
python3 "$here/../../scripts/clib_check.py" --program "$out/consumer-static" --glibc "$glibc"
