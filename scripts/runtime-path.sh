#!/bin/sh
# Prints the path of the runtime that npm put in place. usage: runtime-path.sh current|compat [--schemas]
set -eu
here=$(cd "$(dirname "$0")/../tests/runtime/$1" && pwd)
case $1 in
  current)
    for folder in "$here"/node_modules/@github/copilot-sdk-*; do
      if [ "${2:-}" = --schemas ]; then
        [ -d "$folder/schemas" ] && { echo "$folder/schemas"; exit 0; }
      fi
      for program in "$folder"/prebuilds/*/copilot-runtime "$folder"/prebuilds/*/copilot-runtime.exe; do
        [ -x "$program" ] && { echo "$program"; exit 0; }
      done
    done ;;
  compat)
    for folder in "$here"/node_modules/@github/copilot-*/schemas; do
      [ "${2:-}" = --schemas ] && [ -d "$folder" ] && { echo "$folder"; exit 0; }
    done
    program="$here/node_modules/@github/copilot/npm-loader.js"
    [ -e "$program" ] && { echo "$program"; exit 0; } ;;
esac
echo "no runtime in $here: run make runtime (or make runtime-compat)" >&2
exit 1
