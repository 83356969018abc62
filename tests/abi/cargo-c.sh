#!/bin/sh
# Compares what cargo-c installs with what ffi/package.sh leaves, and builds a program with it.
#   cargo-c.sh INSTALLED TREE OUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
installed=$1 tree=$2 out=$3/cargo-c
mkdir -p "$out"
lib=$(dirname "$(find "$installed" -name libcopilot.so | head -n 1)")

names() { (cd "$1" && find . \( -name 'libcopilot.so*' -o -name libcopilot.a -o -name copilot.pc \) -printf '%f %l\n' | sort); }
names "$lib" > "$out/names"
# cargo-c points both links at the file itself.
names "$tree/lib" | sed 's/^libcopilot.so libcopilot.so.[0-9]*$/libcopilot.so X/' > "$out/expected"
sed 's/^libcopilot.so libcopilot.so.[0-9.]*$/libcopilot.so X/' "$out/names" | diff "$out/expected" -
diff -r "$installed/include" "$tree/include"

facts() { readelf -dW "$1" | grep -oE '(SONAME|FLAGS_1).*' | tr -s ' '; nm -D --defined-only "$1" | cut -d' ' -f3 | sort; }
facts "$lib/libcopilot.so" > "$out/facts"
facts "$tree/lib/libcopilot.so" | diff - "$out/facts"

ask() { PKG_CONFIG_PATH=$1 pkg-config "$2" copilot; }
for what in --modversion --libs-only-l --libs-only-other; do
  test "$(ask "$lib/pkgconfig" $what)" = "$(ask "$tree/lib/pkgconfig" $what)" || { echo "pkg-config $what differs" >&2; exit 1; }
done
export PKG_CONFIG_PATH="$lib/pkgconfig"
# shellcheck disable=SC2046
${CC:-cc} -std=c11 "$here/consumer.c" -o "$out/shared" $(pkg-config --cflags --libs copilot)
LD_LIBRARY_PATH=$lib "$out/shared"
# shellcheck disable=SC2046
${CC:-cc} -std=c11 "$here/consumer.c" -o "$out/static" $(pkg-config --cflags copilot) "$lib/libcopilot.a" \
  $(pkg-config --static --libs-only-l copilot | sed 's/-lcopilot//')
"$out/static"
echo "cargo-c: ok"
