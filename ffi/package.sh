#!/bin/sh
# Builds the C and C++ package: an install tree that can be moved anywhere, an archive of it, and on Linux an archive of its
# debug symbols, to be unpacked over it.
#   ffi/package.sh [OUTPUT_DIRECTORY]      default: dist
#   PROFILE=dist (default), release or dev; TARGET=<triple> for another platform; SKIP_BUILD=1 to take what was built
#   STORES=0 to leave out the stores of session files by URL, which are 40 % of the library
#   GLIBC=2.17 to run with that C library and newer ones: built by cargo-zigbuild, which must be in PATH
#   LD, OBJCOPY, AR, NM name the programs for a platform that the machine's own do not know
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "${1:-$root/dist}"
out=$(cd "${1:-$root/dist}" && pwd)
profile=${PROFILE:-dist}
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$root/Cargo.toml")
major=${version%%.*} rest=${version#*.} minor=${rest%%.*}
host=$(rustc -vV | sed -n 's/^host: //p')
[ "${GLIBC:+x}" = x ] && TARGET=${TARGET:-$host}
triple=${TARGET:-$host}
built=${CARGO_TARGET_DIR:-$root/target}
[ "${TARGET:+x}" = x ] && built=$built/$TARGET
[ "$profile" = dev ] && built=$built/debug || built=$built/$profile

features=stores
if [ "$profile" = dev ] || [ "${STORES:-1}" = 0 ]; then features=; fi
if [ "${SKIP_BUILD:-}" != 1 ]; then
  [ "${GLIBC:+x}" = x ] && verb=zigbuild || verb=build
  # Of functions that do not ask for it, only small ones are put into their callers: what is packed is 8 % smaller.
  set --
  [ "$profile" = dev ] || set -- --config 'build.rustflags=["-Cllvm-args=-inline-threshold=50"]'
  [ -z "$features" ] || set -- "$@" --features "$features"
  (cd "$root" && cargo "$verb" "$@" -p copilot-ffi --lib --profile "$profile" ${TARGET:+--target "$TARGET${GLIBC:+.$GLIBC}"})
fi

# The system libraries a static link needs, by platform.
case $triple in
  *-linux-musl*) libs="-lpthread" ;;
  *-linux-*) libs="-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc" ;;
  *-apple-*) libs="-framework CoreFoundation -framework Security -liconv -lSystem -lc -lm" ;;
  *-windows-*) libs="-lws2_32 -lntdll -luserenv -lkernel32 -ladvapi32 -lbcrypt" ;;
  *) libs="-lpthread -lm" ;;
esac

tree=$out/copilot debug=$out/debug/copilot
rm -rf "$tree" "$out/debug"
mkdir -p "$tree/include" "$tree/lib/pkgconfig" "$tree/lib/cmake/Copilot" "$tree/share/doc/copilot"
cp "$root"/include/*.h "$root"/include/*.hpp "$tree/include/"
cp "$root/LICENSE" "$root/docs/c-abi.md" "$tree/share/doc/copilot/"
implib=""
case $triple in
  *-apple-*)
    soname=libcopilot.$major.dylib shared=lib/libcopilot.$version.dylib static=lib/libcopilot.a
    cp "$built/libcopilot.dylib" "$tree/$shared"
    ln -s "libcopilot.$version.dylib" "$tree/lib/$soname"
    ln -s "$soname" "$tree/lib/libcopilot.dylib"
    cp "$built/libcopilot.a" "$tree/$static" ;;
  *-windows-*)
    soname=copilot.dll shared=bin/copilot.dll static=lib/copilot.lib implib=lib/copilot.dll.lib
    mkdir -p "$tree/bin"
    cp "$built/copilot.dll" "$tree/bin/"
    for file in copilot.dll.lib copilot.lib libcopilot.dll.a libcopilot.a; do
      [ -f "$built/$file" ] && cp "$built/$file" "$tree/lib/"
    done ;;
  *)
    soname=libcopilot.so.$major shared=lib/libcopilot.so.$version static=lib/libcopilot.a
    cp "$built/libcopilot.so" "$tree/$shared"
    ln -s "libcopilot.so.$version" "$tree/lib/$soname"
    ln -s "$soname" "$tree/lib/libcopilot.so"
    cp "$built/libcopilot.a" "$tree/$static" ;;
esac

fill() {
  sed -e "s|@VERSION@|$version|g" -e "s|@MAJOR@|$major|g" -e "s|@MINOR@|$minor|g" -e "s|@SONAME@|$soname|g" \
    -e "s|@SHARED@|$shared|g" -e "s|@STATIC@|$static|g" -e "s|@IMPLIB@|$implib|g" -e "s|@STATIC_LIBS@|$libs|g" \
    -e "s|@CMAKE_STATIC_LIBS@|$(echo "$libs" | sed 's/-framework /-framework;/g; s/ /;/g')|g" "$1" > "$2"
}
fill "$root/ffi/copilot.pc.in" "$tree/lib/pkgconfig/copilot.pc"
fill "$root/ffi/cmake/CopilotConfig.cmake.in" "$tree/lib/cmake/Copilot/CopilotConfig.cmake"
fill "$root/ffi/cmake/CopilotConfigVersion.cmake.in" "$tree/lib/cmake/Copilot/CopilotConfigVersion.cmake"

# What the library is made of.
if command -v python3 > /dev/null; then
  python3 "$root/ffi/sbom.py" --features "$features" --target "$triple" --output "$tree/share/doc/copilot/copilot.cdx.json"
else
  echo "python3 is not installed: the package says not what it is made of" >&2
fi

archive=copilot-$version-$triple${GLIBC:+.$GLIBC}
rm -f "$out/$archive-debug.tar.gz"
case $triple in
  *-apple-* | *-windows-*) ;;
  *) "$root/ffi/symbols.sh" "$tree/$shared" "$debug/lib"
    "$root/ffi/seal.sh" "$tree/$static" "$tree/$static"
    tar -C "$out/debug" -czf "$out/$archive-debug.tar.gz" copilot
    echo "$out/$archive-debug.tar.gz" ;;
esac
tar -C "$out" -czf "$out/$archive.tar.gz" copilot
echo "$out/$archive.tar.gz"
