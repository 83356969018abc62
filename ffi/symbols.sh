#!/bin/sh
# Takes the symbols out of a shared library (ELF) into a file of DIRECTORY. Debuggers find it by name, beside the library, or by
# its build id.
#   ffi/symbols.sh LIBRARY DIRECTORY            OBJCOPY names another program
set -eu
objcopy=${OBJCOPY:-objcopy}
file=$2/$(basename "$1").debug
mkdir -p "$2"
"$objcopy" --only-keep-debug "$1" "$file"
chmod 644 "$file"
"$objcopy" --strip-unneeded --add-gnu-debuglink="$file" "$1"
