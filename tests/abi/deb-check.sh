#!/bin/sh
# Unpacks the Debian packages of a folder side by side and builds programs against nothing else. usage: deb-check.sh FOLDER OUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$2/deb" && mkdir -p "$2/deb"
out=$(cd "$2/deb" && pwd)
for package in "$1"/libcopilot*.deb; do
  dpkg-deb --extract "$package" "$out/tree"
done
dpkg-deb --field "$(ls "$1"/libcopilot-dev_*.deb)" Depends | grep -q '^libcopilot[0-9]* (= '
lib=$(dirname "$(ls "$out"/tree/usr/lib/*/libcopilot.so)")
export PKG_CONFIG_SYSROOT_DIR="$out/tree" PKG_CONFIG_PATH="$lib/pkgconfig"
# shellcheck disable=SC2046
${CC:-cc} -std=c11 "$here/consumer.c" -o "$out/consumer" $(pkg-config --cflags --libs copilot)
LD_LIBRARY_PATH=$lib "$out/consumer"
cmake -S "$here/consumer" -B "$out/cmake" -DCMAKE_PREFIX_PATH="$out/tree/usr" > "$out/cmake.log"
cmake --build "$out/cmake" >> "$out/cmake.log"
"$out/cmake/consumer-shared" && "$out/cmake/consumer-static" && "$out/cmake/consumer-cpp"
if command -v gdb > /dev/null; then
  library=$(realpath "$lib/libcopilot.so")
  lines() { gdb -nx -batch -iex "set debug-file-directory $1" -ex 'info line copilot_client_new' "$library" 2>&1; }
  lines "$out/tree/usr/lib/debug" | grep -q '^Line [0-9]* of ' || { echo "gdb does not find the symbols" >&2; exit 1; }
  if lines /nowhere | grep -q '^Line [0-9]* of '; then echo "the library still has its symbols" >&2; exit 1; fi
else
  echo "gdb is not installed: libcopilot0-dbgsym is left out"
fi
echo "deb: ok"
