#!/bin/sh
# Prints the path of a runtime that npm put in place. usage: runtime-path.sh FOLDER-OF-tests/runtime [--schemas]
set -eu
[ $# -ge 1 ] || { echo "usage: $0 compat|current|preview|newest [--schemas]" >&2; exit 2; }
here=$(cd "$(dirname "$0")/../tests/runtime/$1" && pwd)
packages=$here/node_modules/@github
if [ "${2:-}" = --schemas ]; then
  for folder in "$packages"/copilot-*/schemas; do
    [ -d "$folder" ] && { echo "$folder"; exit 0; }
  done
else
  for program in "$packages"/copilot-sdk-*/prebuilds/*/copilot-runtime "$packages"/copilot-sdk-*/prebuilds/*/copilot-runtime.exe; do
    [ -x "$program" ] && { echo "$program"; exit 0; }
  done
  program=$packages/copilot/npm-loader.js
  [ -e "$program" ] && { echo "$program"; exit 0; }
fi
echo "no ${2:-runtime} in $here: run make setup compat-setup" >&2
exit 1
