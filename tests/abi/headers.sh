#!/bin/bash
# The headers alone, included twice, in every standard that they promise, with every warning an error: by the compilers of the
# Makefile, and by clang where it is installed. usage: headers.sh   (CC, CXX and WARN from the Makefile)
set -euo pipefail
cd "$(dirname "$0")"
include=../../include

# COMPILER LANGUAGE STANDARD: the name that this compiler has for it; new standards have an early one.
spelling() {
  local early
  case $3 in c23) early=c2x ;; c++20) early=c++2a ;; c++23) early=c++2b ;; *) early=$3 ;; esac
  for name in "$3" "$early"; do
    if $1 -x "$2" -std="$name" -fsyntax-only - < /dev/null 2> /dev/null; then echo "$name"; return; fi
  done
  echo "headers: $1 does not know $3: left out" >&2
}

plain() {
  local name
  for standard in "${@:3}"; do
    name=$(spelling "$1" "$2" "$standard")
    [ -z "$name" ] || $1 -x "$2" -std="$name" $WARN -I$include -fsyntax-only header.c
  done
}

of_cxx() {
  local name
  for standard in c++17 c++20 c++23; do
    name=$(spelling "$1" c++ "$standard")
    [ -n "$name" ] || continue
    for header in "$include"/*.hpp; do
      case $header in
        *calls.hpp | *handlers.hpp) continue ;; # parts of copilot.hpp
        *coroutine.hpp)
          # Needs coroutines of the library, which clang has not with every one.
          echo '#include <coroutine>
            std::coroutine_handle<> none;' | $1 -x c++ -std="$name" -fsyntax-only - 2> /dev/null ||
            { [ "$standard" = c++17 ] || echo "headers: $1 has no coroutines in $name: copilot_coroutine.hpp is left out"; continue; } ;;
      esac
      printf '#include "%s"\n#include "%s"\n' "$header" "$header" | $1 -x c++ -std="$name" $WARN -fsyntax-only -
    done
  done
}

compilers=("$CC:$CXX")
if ! command -v clang > /dev/null || ! command -v clang++ > /dev/null; then
  echo "headers: clang is not installed: its look at the headers is left out"
elif ! $CC --version | grep -q clang; then
  compilers+=(clang:clang++)
fi
for pair in "${compilers[@]}"; do
  plain "${pair%:*}" c c99 c11 c17 c23
  plain "${pair#*:}" c++ c++11 c++14 c++17 c++20 c++23
  of_cxx "${pair#*:}"
done
echo "header: ok"
