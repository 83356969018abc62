#!/bin/sh
# Makes Debian packages of an install tree: libcopilot0 with the library, libcopilot-dev with all that building needs, and
# libcopilot0-dbgsym with its debug symbols, where ffi/package.sh left some.
#   ffi/deb.sh [TREE] [OUTPUT_DIRECTORY]   TREE is what ffi/package.sh leaves, dist/copilot by default
#   COMPRESS=xz (default) or gzip, which is quicker
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
tree=$(cd "${1:-$root/dist/copilot}" && pwd)
mkdir -p "${2:-$root/dist}"
out=$(cd "${2:-$root/dist}" && pwd)
version=$(sed -n 's/^Version: //p' "$tree/lib/pkgconfig/copilot.pc")
major=${version%%.*}
machine=$(dpkg --print-architecture)
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
library=$tree/lib/libcopilot.so.$version
symbols=$tree/../debug/copilot/lib/libcopilot.so.$version.debug
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The oldest C library that has what ours asks for.
needed=$(objdump -T "$library" | sed -n 's/.*GLIBC_\([0-9.]*\).*/\1/p' | sort -Vu | tail -n 1)

maintainer="copilot-native <copilot-native@users.noreply.github.com>"
home=$(sed -n 's/^repository = "\(.*\)"/\1/p' "$root/Cargo.toml")
stamp=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}

control() { # PACKAGE SECTION DEPENDS SUMMARY TEXT
  mkdir -p "$work/$1/DEBIAN" "$work/$1/usr/share/doc/$1"
  cp "$root/LICENSE" "$work/$1/usr/share/doc/$1/copyright"
  gzip -9nc > "$work/$1/usr/share/doc/$1/changelog.gz" <<EOF
copilot-native ($version) unstable; urgency=medium

  * New version; CHANGELOG.md of the sources says what is in it.

 -- $maintainer  $(date -uRd "@$stamp")
EOF
  cat > "$work/$1/DEBIAN/control" <<EOF
Package: $1
Source: copilot-native
Version: $version
Architecture: $machine
Multi-Arch: same
Maintainer: $maintainer
Section: $2
Priority: optional
Depends: $3
Homepage: $home
Description: $4
 $5
EOF
}

runtime=libcopilot$major
control "$runtime" libs "libc6 (>= $needed), libgcc-s1" "agent runtime of GitHub Copilot, for programs in C and C++" \
  "Starts the agent runtime, holds conversations with it, and serves what it asks."
control libcopilot-dev libdevel "$runtime (= $version)" "development files of libcopilot" \
  "Headers for C and C++, the static library, and files for pkg-config and CMake."

lib=usr/lib/$multiarch
mkdir -p "$work/$runtime/$lib" "$work/libcopilot-dev/$lib/pkgconfig" "$work/libcopilot-dev/$lib/cmake/Copilot"
cp "$library" "$work/$runtime/$lib/"
ln -s "libcopilot.so.$version" "$work/$runtime/$lib/libcopilot.so.$major"
printf 'libcopilot %s %s (>= %s)\n' "$major" "$runtime" "$version" > "$work/$runtime/DEBIAN/shlibs"
printf 'activate-noawait ldconfig\n' > "$work/$runtime/DEBIAN/triggers"
dev=$work/libcopilot-dev
mkdir -p "$dev/usr/include"
cp "$tree"/include/* "$dev/usr/include/"
cp "$tree/lib/libcopilot.a" "$dev/$lib/"
ln -s "libcopilot.so.$major" "$dev/$lib/libcopilot.so"
sed -e 's|^prefix=.*|prefix=/usr|' -e "s|^libdir=.*|libdir=\${prefix}/lib/$multiarch|" \
  "$tree/lib/pkgconfig/copilot.pc" > "$dev/$lib/pkgconfig/copilot.pc"
for file in "$tree"/lib/cmake/Copilot/*; do
  # One folder deeper than in the tree.
  sed -e 's|/\.\./\.\./\.\./"|/../../../../"|' -e "s|}/lib/libcopilot|}/lib/$multiarch/libcopilot|g" "$file" \
    > "$dev/$lib/cmake/Copilot/$(basename "$file")"
done

[ ! -f "$tree/share/doc/copilot/copilot.cdx.json" ] || cp "$tree/share/doc/copilot/copilot.cdx.json" "$work/$runtime/usr/share/doc/$runtime/"

packages="$runtime libcopilot-dev"
if [ -f "$symbols" ]; then
  # Debuggers look there for the build id of a library.
  id=$(readelf -n "$library" | sed -n 's/.*Build ID: //p')
  name=$runtime-dbgsym
  control "$name" debug "$runtime (= $version)" "debug symbols of libcopilot" "Names of inner functions, and lines."
  # Nothing but symbols may be in it.
  rm -r "$work/$name/usr/share/doc/$name" && ln -s "$runtime" "$work/$name/usr/share/doc/$name"
  file=$work/$name/usr/lib/debug/.build-id/$(echo "$id" | sed 's|^..|&/|').debug
  mkdir -p "$(dirname "$file")"
  cp "$symbols" "$file"
  sed -i "s/^Priority: .*/&\nAuto-Built-Package: debug-symbols\nBuild-Ids: $id/" "$work/$name/DEBIAN/control"
  packages="$packages $name"
fi

for package in $packages; do
  find "$work/$package" -type d -exec chmod 755 {} +
  find "$work/$package" -type f -exec chmod 644 {} +
  dpkg-deb --root-owner-group "-Z${COMPRESS:-xz}" --build "$work/$package" "$out/${package}_${version}_$machine.deb" > /dev/null
  echo "$out/${package}_${version}_$machine.deb"
done
