#!/bin/bash
# Conversations inside the loops of other libraries: builds each example and runs it on the real runtime with a scripted model.
# One whose library is not installed is left out, and a line says so. The Makefile calls it: `make -C tests/abi hosts`.
# usage: hosts.sh PREFIX [FLAG...]   the prefix of the programs in $OUT, and flags for the compiler
set -euo pipefail
prefix=$1
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
home=$(mktemp -d)
model=
cleanup() {
  [ -z "$model" ] || kill "$model" 2>/dev/null || true
  rm -rf "$home"
}
trap cleanup EXIT

unset GITHUB_TOKEN COPILOT_GITHUB_TOKEN
export COPILOT_CLI_PATH=${COPILOT_CLI_PATH:-$("$root/scripts/runtime-path.sh" current)} COPILOT_HOME=$home
"$TESTKIT_DIR/copilot-scripted-model" --detached > "$home/model" &
model=$!
until [ -s "$home/model" ]; do kill -0 "$model"; sleep 0.05; done
export COPILOT_MODEL_URL=$(sed 's/^listening on //' "$home/model")

# NAME COMPILER-AND-FLAGS SOURCE: the tool only answers when the loop turns, and the answer comes through the model.
hold() {
  local program=$OUT/$prefix$1
  $2 "$root/examples/$3" -o "$program" "${@:4}" $LINK
  timeout 120 "$program" > "$program.out" || { cat "$program.out"; echo "hosts: $1 failed"; exit 1; }
  for line in '[tool] get_weather' '[permission] yes' 'Sunny, 21 degrees in Paris' 'the loop turned meanwhile: yes'; do
    grep -qF "$line" "$program.out" || { cat "$program.out"; echo "hosts: $1 did not say: $line"; exit 1; }
  done
  echo "hosts: $prefix$1: ok"
}
# What pkg-config says of a library; else says that the loop is left out.
library() {
  pkg-config --cflags --libs "$1" 2>/dev/null || { echo "$1 is not installed: examples/$2 is left out" >&2; return 1; }
}

if flags=$(library libuv c/loops/uv.c); then hold uv "$CC $CFLAGS" c/loops/uv.c "$@" $flags; fi
if flags=$(library glib-2.0 c/loops/glib.c); then hold glib "$CC $CFLAGS" c/loops/glib.c "$@" $flags; fi
if flags=$(library Qt6Core cpp/loops/qt.cpp); then hold qt "$CXX $CXXFLAGS" cpp/loops/qt.cpp "$@" $flags; fi
# Asio has headers only, and its package no file for pkg-config; not every compiler has coroutines for it.
if printf '#include <asio.hpp>\n#ifndef ASIO_HAS_CO_AWAIT\n#error\n#endif\n' | $CXX -std=c++20 -E -x c++ - > /dev/null 2>&1; then
  hold asio "$CXX $CXXFLAGS -std=c++20" cpp/loops/asio.cpp "$@"
else
  echo "asio with coroutines is not installed: examples/cpp/loops/asio.cpp is left out" >&2
fi
