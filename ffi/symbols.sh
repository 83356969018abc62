#!/bin/sh
# Takes out of a shared and a static library (ELF) what only debuggers and compilers read.
#   ffi/symbols.sh SHARED STATIC DIRECTORY
# The symbols of the shared one go into a file of DIRECTORY; debuggers find it by name, beside the library, or by its build id.
# The static one keeps the names of its functions.
set -eu
objcopy=${OBJCOPY:-objcopy}
shared=$1 static=$2 file=$3/$(basename "$1").debug
mkdir -p "$3"
"$objcopy" --only-keep-debug "$shared" "$file"
chmod 644 "$file"
"$objcopy" --strip-unneeded --add-gnu-debuglink="$file" "$shared"
# .llvmbc is the compiler's intermediate form of the standard library, for optimising across crates.
"$objcopy" --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd "$static"
