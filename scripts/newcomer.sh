#!/bin/bash
# How long a newcomer takes from the built packages to a streamed answer, without account or network beyond the registries:
# installs each package into an empty folder, as docs/guides/first-program.md says, and runs the chat example of the
# language against a scripted model. usage: newcomer.sh DIST   (what make wheel npm clib leave)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
dist=$(cd "$1" && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$(mktemp -d)
trap 'kill "$model" 2>/dev/null || true; rm -rf "$work"' EXIT
export COPILOT_HOME=$work/home
unset COPILOT_CLI_PATH COPILOT_GITHUB_TOKEN GITHUB_TOKEN
"$target/debug/copilot-scripted-model" --detached > "$work/model" &
model=$!
for _ in $(seq 100); do [ -s "$work/model" ] && break; sleep 0.05; done
COPILOT_MODEL_URL=$(sed 's/^listening on //' "$work/model")
export COPILOT_MODEL_URL

path() { # LANGUAGE COMMAND: what is typed, in an empty folder
  local begin=$EPOCHREALTIME
  mkdir "$work/$1"
  if ! (cd "$work/$1" && bash -euc "$2") < /dev/null > "$work/$1.log" 2>&1 || ! grep -q 'in Paris' "$work/$1.log"; then
    cat "$work/$1.log"
    echo "newcomer: no answer through $1" >&2
    exit 1
  fi
  LC_ALL=C awk -v a="$begin" -v b="$EPOCHREALTIME" -v l="$1" 'BEGIN { printf "%-8s %6.1f s\n", l, b - a }'
}

package=$(dirname "$("$root/scripts/runtime-path.sh" current)" | grep -o '.*/@github/[^/]*')
runtime=@github/$(basename "$package")
version=$(node -p "require('$package/package.json').version")
# Nothing is asked here yet: the word that every other program must print is printed by hand.
path runtime "npm install --silent --no-audit --no-fund $runtime@$version; echo in Paris"
COPILOT_CLI_PATH=$(find "$work/runtime" -name copilot-runtime -type f | head -n 1)
export COPILOT_CLI_PATH
wheel=$(ls -t "$dist"/copilot_native-*.whl | head -n 1)
path Python "python3 -m venv v; v/bin/pip install -q --disable-pip-version-check $wheel; v/bin/python $root/examples/python/chat.py"
path Terminal "python3 -m venv v; v/bin/pip install -q --disable-pip-version-check $wheel; v/bin/copilot-native chat --scripted What is said in Paris"
main=$(ls -t "$dist"/copilot-native-[0-9]*.tgz | head -n 1)
addon=$(ls -t "$dist"/copilot-native-*-*-*.tgz | head -n 1)
path Node "npm init -y > /dev/null; npm install --silent --no-audit --no-fund $main $addon; cp $root/examples/node/chat.mjs .; node chat.mjs"
unpack="tar xzf $(ls -t "$dist"/copilot-*-linux-gnu.tar.gz | head -n 1); export PKG_CONFIG_PATH=\$(dirname \$(find \$PWD -name copilot.pc))
  lib=\$(pkg-config --variable=libdir copilot)"
path C "$unpack; cc $root/examples/c/chat.c \$(pkg-config --cflags --libs copilot) -Wl,-rpath,\$lib -o chat; ./chat"
path C++ "$unpack; c++ -std=c++17 $root/examples/cpp/chat.cpp \$(pkg-config --cflags --libs copilot) -Wl,-rpath,\$lib -o chat; ./chat"
path Rust "cargo init -q --name chat . > /dev/null; cp $root/examples/rust/chat.rs src/main.rs
  cargo add -q copilot-core --path $root/core; cargo add -q async-trait serde_json tokio -F tokio/rt-multi-thread,tokio/macros
  CARGO_TARGET_DIR=\$PWD/target cargo run -q"
if command -v go > /dev/null; then
  # Its cache keeps where a library was found the last time.
  path Go "export GOCACHE=\$PWD/cache; $unpack; cp $root/examples/go/chat/main.go .; go mod init chat; go mod edit -replace \
    github.com/copilot-native/copilot-native/bindings/go=$root/bindings/go; go mod tidy; LD_LIBRARY_PATH=\$lib go run ."
fi
if command -v ruby > /dev/null && ruby -e 'require "ffi"' 2> /dev/null; then
  path Ruby "$unpack; (cd $root/bindings/ruby; gem build --silent --output \$OLDPWD/g.gem copilot_native.gemspec); gem install --silent \
    --local --ignore-dependencies --install-dir gems g.gem; GEM_PATH=\$PWD/gems:\$(gem env gempath) COPILOT_LIBRARY=\$lib/libcopilot.so ruby $root/examples/ruby/chat.rb"
fi
if command -v mvn > /dev/null; then
  path Java "$unpack; (cd $root/bindings/java; mvn -q -B -DskipTests package dependency:build-classpath -Dmdep.outputFile=\$OLDPWD/cp)
    java -Dcopilot.library=\$lib/libcopilot.so -cp $root/bindings/java/target/classes:\$(cat cp) $root/examples/java/Chat.java"
fi
