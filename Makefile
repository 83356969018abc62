# One verb per job; CI calls nothing else. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ROOT := $(CURDIR)
export CARGO_TARGET_DIR ?= $(ROOT)/target
DEBUG := $(CARGO_TARGET_DIR)/debug
TOOLS := $(ROOT)/.tools
VENV := $(TOOLS)/venv
PYTHON := $(VENV)/bin/python
NODE_DIR := bindings/node
PYTHON_DIR := bindings/python
PYTHON_CODE := . ../../examples/python ../../examples/temporal ../../scripts ../../tests/conformance/runner_python ../../tests/bench \
  ../../tests/docs ../../docs/site ../../tests/faults ../../tests/scale ../../tests/soak ../../tests/surface ../../xtask/schemas ../../ffi/doxygen ../../ffi/conan ../../ffi/sbom.py ../go/internal/check
REPORTS := $(CARGO_TARGET_DIR)/conformance
STAMPS := $(TOOLS)/stamps

RUNTIME = $(shell scripts/runtime-path.sh current)
FAKE_LIBRARY = $(DEBUG)/libcopilot_fake_runtime.so
TEST_ENV = COPILOT_CLI_PATH=$(RUNTIME) COPILOT_FAKE_RUNTIME=$(DEBUG)/copilot-fake-runtime \
  COPILOT_FAKE_LIBRARY=$(FAKE_LIBRARY) \
  COPILOT_SCRIPTED_MODEL=$(DEBUG)/copilot-scripted-model

.PHONY: help
help: ## Lists the verbs.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  %-16s %s\n", $$1, $$2}'

# --- set-up -------------------------------------------------------------------------------------------------------------

# Versions: 1.0.67 is compat, 1.0.85 is current, 1.0.89-7 is preview, 1.0.102 is newest.
$(STAMPS)/runtime-%: tests/runtime/%/package.json tests/runtime/%/package-lock.json
	cd tests/runtime/$* && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@

$(STAMPS)/types: tests/types/package.json
	cd tests/types && npm install --no-save --no-package-lock --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@

$(STAMPS)/viewer: tests/viewer/package.json
	cd tests/viewer && npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@

$(STAMPS)/venv: $(PYTHON_DIR)/requirements-dev.txt
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install -q --disable-pip-version-check -r $<
	@mkdir -p $(@D) && touch $@

# Tools of the packages, each in a folder of its own.
$(STAMPS)/sbom:
	python3 -m venv $(TOOLS)/sbom
	$(TOOLS)/sbom/bin/pip install -q --disable-pip-version-check 'cyclonedx-python-lib[json-validation]==11.12.0'
	@mkdir -p $(@D) && touch $@

$(STAMPS)/audit:
	python3 -m venv $(TOOLS)/audit
	$(TOOLS)/audit/bin/pip install -q --disable-pip-version-check pip-audit==2.10.1
	@mkdir -p $(@D) && touch $@

$(STAMPS)/docs:
	python3 -m venv $(TOOLS)/docs
	$(TOOLS)/docs/bin/pip install -q --disable-pip-version-check sphinx==9.0.4 myst-parser==5.2.0 furo==2025.12.19
	@mkdir -p $(@D) && touch $@

$(STAMPS)/actionlint:
	GOBIN=$(TOOLS)/actionlint go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	@mkdir -p $(@D) && touch $@

$(STAMPS)/zig:
	python3 -m venv $(TOOLS)/zig
	$(TOOLS)/zig/bin/pip install -q --disable-pip-version-check ziglang==0.17.1 cargo-zigbuild==0.24.1
	@mkdir -p $(@D) && touch $@

$(STAMPS)/node: $(NODE_DIR)/package.json $(NODE_DIR)/package-lock.json
	cd $(NODE_DIR) && npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@

# The runtimes that a program may meet, oldest first, and the schemas from which types are made.
RUNTIMES = compat current preview newest
SCHEMAS = $(STAMPS)/runtime-current $(STAMPS)/runtime-preview
SCHEMA_ARGS = --schemas 1.0.85=$$(scripts/runtime-path.sh current --schemas) \
  --schemas 1.0.89-7=$$(scripts/runtime-path.sh preview --schemas) \
  --facts 1.0.104=xtask/schemas/observed-1.0.104.json --facts =xtask/schemas/observed-older.json \
  --known 1.0.102=xtask/schemas/known-1.0.102.json

.PHONY: runtime runtimes setup
runtime: $(STAMPS)/runtime-current ## Fetches the runtime that development and tests use.
runtimes: $(RUNTIMES:%=$(STAMPS)/runtime-%) ## Fetches every runtime of the matrix.
setup: $(STAMPS)/runtime-current $(STAMPS)/venv $(STAMPS)/node $(STAMPS)/types ## Fetches everything that is not built here.

# --- build --------------------------------------------------------------------------------------------------------------

# Which of the languages on the C library have their tools here.
GO_IS_THERE := $(shell go version 2>/dev/null | grep -E 'go1\.(2[6-9]|[3-9][0-9])')
JAVA_IS_THERE := $(shell command -v mvn >/dev/null && javac -version 2>&1 | grep -E ' (1[7-9]|[2-9][0-9])')
RUBY_IS_THERE := $(shell ruby -rffi -rminitest -e 'puts 1 if Gem::Version.new(RUBY_VERSION) >= Gem::Version.new("3.1")' 2>/dev/null)
OTHERS := $(if $(GO_IS_THERE),go) $(if $(JAVA_IS_THERE),java) $(if $(RUBY_IS_THERE),ruby)

# With STORES=1 the doors are built with the stores by URL, as packages are. They take minutes more, so tests do without.
STORES ?=
PYTHON_FEATURES = --features $(if $(STORES),stores,copilot-core/inprocess)
STORES_RUST = $(if $(STORES),--features copilot-ffi/stores --features copilot-node/stores --features copilot-faults/stores)

.PHONY: build build-rust build-python build-node build-c
build-rust: $(FAKE_LIBRARY)
	cargo build --workspace --exclude copilot-python $(STORES_RUST)
$(FAKE_LIBRARY): tests/testkit/inprocess/library.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden $< -o $@ -pthread
build-python: $(STAMPS)/venv
	cd $(PYTHON_DIR) && VIRTUAL_ENV=$(VENV) $(VENV)/bin/maturin develop --quiet $(PYTHON_FEATURES)
build-node: $(STAMPS)/node build-rust
	cd $(NODE_DIR) && node scripts/build-native.mjs --debug && node scripts/build-js.mjs
build-c: build-rust
	@mkdir -p $(CARGO_TARGET_DIR)/examples
	@ln -sf $(DEBUG)/libcopilot.so $(CARGO_TARGET_DIR)/examples/libcopilot.so.0
	$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -Iinclude examples/c/chat.c -o $(CARGO_TARGET_DIR)/examples/chat-c \
	  -L$(DEBUG) -lcopilot -Wl,-rpath,$(CARGO_TARGET_DIR)/examples -pthread
	$(CXX) -std=c++17 -Wall -Wextra -Iinclude examples/cpp/chat.cpp -o $(CARGO_TARGET_DIR)/examples/chat-cpp \
	  -L$(DEBUG) -lcopilot -Wl,-rpath,$(CARGO_TARGET_DIR)/examples -pthread
build: build-rust build-python build-node build-c $(OTHERS:%=build-%) ## Builds every door for development.

# Languages on the C library. Their tools are not needed to work on the others: without them they are left out.
GO_DIR := bindings/go
GO_CODE := $(GO_DIR) examples/go tests/bench/go tests/faults/go
GO_OUT := $(CARGO_TARGET_DIR)/go
# Programs of Go, and the library by the name that they look for.
GO_ENV = GOFLAGS="-tags=copilot_flags -buildvcs=false" CGO_CFLAGS="-O1 -g -I$(ROOT)/include" \
  CGO_LDFLAGS="-L$(DEBUG) -lcopilot -Wl,-rpath,$(GO_OUT)"

JAVA_DIR := bindings/java

.PHONY: build-java test-java check-java
build-java: build-rust
	scripts/java.sh test-compile
test-java: $(STAMPS)/runtime-current build-rust
	$(TEST_ENV) COPILOT_LIBRARY=$(DEBUG)/libcopilot.so scripts/java.sh test
# The compiler is told to refuse what it warns of.
check-java: build-java
	@path=$$(cat $(JAVA_DIR)/target/classpath 2>/dev/null) || exit 0; \
	  javac -Xlint:all -Werror -d $(CARGO_TARGET_DIR)/bench-java -cp $(JAVA_DIR)/target/classes:$$path tests/bench/java/Bench.java

RUBY_DIR := bindings/ruby
RUBY_ENV = COPILOT_LIBRARY=$(DEBUG)/libcopilot.so

# Nothing is compiled: a program that loads all of it shows that it fits the library.
.PHONY: build-ruby test-ruby check-ruby
build-ruby: build-rust
	$(RUBY_ENV) ruby -w -I $(RUBY_DIR)/lib -e 'require "copilot_native"; CopilotNative.load_all'
test-ruby: $(STAMPS)/runtime-current build-ruby
	cd $(RUBY_DIR) && $(RUBY_ENV) $(TEST_ENV) ruby -w -I lib -e 'Dir["./test/*_test.rb"].sort.each { |file| require file }'
# A warning is an error, also one that only comes up when a file is loaded.
check-ruby: build-rust
	@for file in $$(git ls-files -co --exclude-standard '$(RUBY_DIR)/*.rb' '$(RUBY_DIR)/*.gemspec' examples/ruby); do \
	  said=$$(ruby -wc $$file 2>&1); [ "$$said" = "Syntax OK" ] || { echo "$$file: $$said"; exit 1; }; done
	@said=$$($(RUBY_ENV) ruby -w -I $(RUBY_DIR)/lib -e 'require "copilot_native"; CopilotNative.load_all' 2>&1); \
	  [ -z "$$said" ] || { echo "$$said"; exit 1; }
	@mkdir -p $(CARGO_TARGET_DIR)/gem && cd $(RUBY_DIR) && \
	  gem build --silent --strict --output $(CARGO_TARGET_DIR)/gem/copilot_native.gem copilot_native.gemspec

.PHONY: build-go test-go check-go
build-go: build-rust
	@mkdir -p $(GO_OUT) && ln -sf $(DEBUG)/libcopilot.so $(GO_OUT)/libcopilot.so.0
	cd $(GO_DIR) && $(GO_ENV) go build -o $(GO_OUT)/ ./conformance ./internal/check
	cd examples/go && $(GO_ENV) go build -o $(GO_OUT)/ ./chat
test-go: $(SCHEMAS) $(STAMPS)/venv build-go
	cd $(GO_DIR) && $(GO_ENV) $(TEST_ENV) go test ./... && $(GO_ENV) $(TEST_ENV) go test -race .
	for schemas in $$(scripts/runtime-path.sh current --schemas) $$(scripts/runtime-path.sh preview --schemas); do \
	  $(PYTHON) $(GO_DIR)/internal/check/roundtrip.py $$schemas $(GO_OUT)/check || exit 1; done
check-go: build-go
	@test -z "$$(gofmt -l $(GO_CODE))" || { gofmt -l $(GO_CODE); exit 1; }
	cd $(GO_DIR) && $(GO_ENV) go vet ./...
	cd examples/go && $(GO_ENV) go vet ./...
	cd tests/bench/go && $(GO_ENV) go vet .
	cd tests/faults/go && $(GO_ENV) go vet .

# --- demo ---------------------------------------------------------------------------------------------------------------

DEMOS = "Rust=$(DEBUG)/chat" "C=$(CARGO_TARGET_DIR)/examples/chat-c" "C++=$(CARGO_TARGET_DIR)/examples/chat-cpp" \
  "Python=$(PYTHON) examples/python/chat.py" "Node=node examples/node/chat.mjs"

ifneq ($(GO_IS_THERE),)
DEMOS += "Go=$(GO_OUT)/chat"
endif

# Known once it is built.
DEMOS += $(if $(shell cat $(JAVA_DIR)/target/classpath 2>/dev/null),"Java=java -Dcopilot.library=$(DEBUG)/libcopilot.so \
  -cp $(JAVA_DIR)/target/classes:$(shell cat $(JAVA_DIR)/target/classpath 2>/dev/null) examples/java/Chat.java")

ifneq ($(RUBY_IS_THERE),)
DEMOS += "Ruby=COPILOT_LIBRARY=$(DEBUG)/libcopilot.so ruby -w -I $(RUBY_DIR)/lib examples/ruby/chat.rb"
endif

.PHONY: demo
demo: setup build ## Sets everything up and holds one conversation from every language.
	@scripts/demo.sh $(DEMOS)

# --- test ---------------------------------------------------------------------------------------------------------------

.PHONY: test test-rust test-c test-python test-node test-swap test-viewer gen-test gen-checker methods
test: setup test-rust test-c test-python test-node $(OTHERS:%=test-%) test-swap test-viewer gen-test conformance ## Sets everything up and runs all tests.
	@echo "test: all passed$(if $(GO_IS_THERE),,; Go 1.26 is not installed: its package is left out)$(if $(JAVA_IS_THERE),,; Maven and a JDK 17 are not installed: the Java package is left out)$(if $(RUBY_IS_THERE),,; Ruby 3.1 with ffi and minitest is not installed: its gem is left out)"

# What only Rust programs choose to have.
EXTRA_FEATURES = forward,opendal,sqlite,structured
# Tested by other verbs.
OTHER_TESTS = python node conformance

test-rust: $(STAMPS)/runtime-current build-rust
	$(TEST_ENV) cargo test --workspace $(OTHER_TESTS:%=--exclude copilot-%) --exclude copilot-core
	$(TEST_ENV) cargo test -p copilot-core --features $(EXTRA_FEATURES)
test-c: $(STAMPS)/runtime-current $(STAMPS)/sbom build-rust
	$(TEST_ENV) $(MAKE) -C tests/abi check symbols sanitize
	env -u CONFORMANCE_REPORT $(TEST_ENV) $(MAKE) -C tests/conformance/runner-c sanitize
	@if command -v valgrind >/dev/null; then $(TEST_ENV) $(MAKE) -C tests/abi valgrind-short; \
	 else echo "valgrind is not installed: its run of the C tests is left out"; fi
	@if command -v pkg-config >/dev/null && command -v cmake >/dev/null; then \
	  PROFILE=dev SKIP_BUILD=1 ffi/package.sh $(CARGO_TARGET_DIR)/package && \
	  python3 scripts/clib_check.py --any-size $(CARGO_TARGET_DIR)/package && \
	  $(TOOLS)/sbom/bin/python scripts/sbom_check.py $(CARGO_TARGET_DIR)/package && \
	  $(MAKE) -C tests/abi consumers fetch vcpkg DIST=$(CARGO_TARGET_DIR)/package/copilot && \
	  if command -v dpkg-deb >/dev/null; then \
	    COMPRESS=gzip ffi/deb.sh $(CARGO_TARGET_DIR)/package/copilot $(CARGO_TARGET_DIR)/package/deb && \
	    tests/abi/deb-check.sh $(CARGO_TARGET_DIR)/package/deb $(CARGO_TARGET_DIR)/abi; \
	  else echo "dpkg-deb is not installed: the Debian packages are left out"; fi; \
	 else echo "pkg-config or cmake is not installed: programs against the installed package are left out"; fi
test-python: $(STAMPS)/runtime-current build-rust build-python
	cd $(PYTHON_DIR) && $(TEST_ENV) $(PYTHON) -m pytest -q
test-node: $(STAMPS)/runtime-current $(STAMPS)/venv build-node
	cd $(NODE_DIR) && $(TEST_ENV) TEMPORAL_CLI=$(VENV)/bin/temporal npx vitest run

# A browser of the system; nothing is downloaded. PICTURE=FILE keeps a picture of the page.
CHROMIUM := $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))
test-viewer: $(STAMPS)/runtime-current $(STAMPS)/viewer build-rust
	@if [ -n "$(CHROMIUM)" ]; then $(TEST_ENV) node tests/viewer/run.mjs $(DEBUG)/copilot-native $(CHROMIUM) $(PICTURE); \
	 else echo "Chromium is not installed: the page of traces is not looked at in a browser"; fi

# The same as swap-check with builds for development.
SWAP := $(CARGO_TARGET_DIR)/swap
test-swap: $(STAMPS)/venv build-node
	@rm -rf $(SWAP) && mkdir -p $(SWAP)
	cd $(PYTHON_DIR) && $(VENV)/bin/maturin build --quiet $(PYTHON_FEATURES) --out $(SWAP)
	node $(NODE_DIR)/scripts/pack.mjs $(SWAP)
	@python3 scripts/stand_ins.py $(SWAP)/stand-ins
	scripts/swap-check.sh $(PYTHON) $(SWAP)

GENERATED_CHECK = CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/generated CARGO_PROFILE_DEV_DEBUG=0
CHECKER := $(CARGO_TARGET_DIR)/generated/debug/generated-check
TSC := $(ROOT)/$(NODE_DIR)/node_modules/.bin/tsc

gen-checker:
	cd tests/generated/rust && $(GENERATED_CHECK) cargo build -q --locked
gen-test: $(SCHEMAS) $(STAMPS)/venv $(STAMPS)/node gen-checker ## Checks the generated types against the union of the schemas and each alone.
	cargo build -q -p xtask
	cd tests/generated/rust && $(GENERATED_CHECK) cargo test -q --locked --lib
	$(DEBUG)/xtask gen $(SCHEMA_ARGS) --merged $(CARGO_TARGET_DIR)/union
	cd tests/generated && for schemas in $(CARGO_TARGET_DIR)/union \
	    $$($(ROOT)/scripts/runtime-path.sh current --schemas) $$($(ROOT)/scripts/runtime-path.sh preview --schemas); do \
	  $(PYTHON) inventory.py $$schemas && $(PYTHON) roundtrip.py $$schemas $(CHECKER) && \
	  $(PYTHON) typescript_instances.py $$schemas --tsc $(TSC) || exit 1; done
	cd tests/generated && $(PYTHON) python_names.py && $(PYTHON) check_types.py --tsc $(TSC)
	$(PYTHON) tests/generated/drift.py $(DEBUG)/xtask $(SCHEMA_ARGS)
methods: $(STAMPS)/runtime-current build-rust ## Writes how the runtime answers every method into docs/methods.md.
	COPILOT_UPDATE_METHODS=1 $(TEST_ENV) cargo test -q -p copilot-core --test typed_methods

# --- conformance --------------------------------------------------------------------------------------------------------

.PHONY: conformance
conformance: setup build ## Runs the conformance cases through every door and prints the parity table.
	@rm -rf $(REPORTS) && mkdir -p $(REPORTS)
	$(TEST_ENV) tests/conformance/run-all.sh $(REPORTS)

.PHONY: fuzz fuzz-short
FUZZ_SECONDS ?= 60
FUZZERS ?=
fuzz: ## Runs each fuzzer (fuzz/targets), or those in FUZZERS, for FUZZ_SECONDS.
	cargo build -q -p copilot-testkit
	fuzz/run.sh $(FUZZ_SECONDS) $(FUZZERS)
fuzz-short: ## Each fuzzer for 20 seconds, two at a time. Takes some minutes to build.
	cargo build -q -p copilot-testkit
	FUZZ_AT_ONCE=2 fuzz/run.sh 20

# Rust's own library is built for it, so that the sanitizer sees into it.
.PHONY: tsan
TSAN_TESTS = fake processes
tsan: $(STAMPS)/runtime-current build-rust ## The engine's tests under the thread sanitizer. Needs rust-src (rustup component add rust-src).
	$(TEST_ENV) TSAN_OPTIONS=suppressions=$(ROOT)/core/tests/tsan.supp CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/tsan RUSTC_BOOTSTRAP=1 \
	  RUSTFLAGS=-Zsanitizer=thread cargo test -q -Zbuild-std --target $$(rustc -vV | sed -n 's/^host: //p') -p copilot-core \
	  --lib $(TSAN_TESTS:%=--test %)

# A runtime that misbehaves by a seed, met by every language.
.PHONY: adversary adversary-core adversary-c adversary-python adversary-node adversary-go adversary-java adversary-ruby
SEEDS ?= 0..10000
DOORS ?= core c python node $(OTHERS)
ADVERSARY_ENV = ADVERSARY_SEEDS=$(SEEDS) $(TEST_ENV)
adversary: build-rust $(DOORS:%=adversary-%) ## Every language meets a runtime that misbehaves by SEEDS=0..10000; SEEDS=7 repeats one, DOORS="core c" chooses.
adversary-core: build-rust
	$(ADVERSARY_ENV) cargo test -q -p copilot-core --test adversary -- --nocapture
adversary-c: build-rust
	$(ADVERSARY_ENV) $(MAKE) -C tests/abi adversary
adversary-python: build-rust build-python
	cd $(PYTHON_DIR) && $(ADVERSARY_ENV) $(PYTHON) -m pytest -q tests/test_adversary.py
adversary-node: build-node
	cd $(NODE_DIR) && $(ADVERSARY_ENV) npx vitest run tests/adversary.test.ts
adversary-go: build-go
	cd $(GO_DIR) && $(GO_ENV) $(ADVERSARY_ENV) go test -count=1 -timeout 4h -run Adversary .
adversary-java: build-java
	cd $(JAVA_DIR) && $(ADVERSARY_ENV) COPILOT_LIBRARY=$(DEBUG)/libcopilot.so mvn -q -B -o test -Dtest=AdversaryTest
adversary-ruby: build-ruby
	cd $(RUBY_DIR) && $(RUBY_ENV) $(ADVERSARY_ENV) ruby -w -I lib test/adversary_test.rb

.PHONY: models
models: ## Tries the orders in which threads may run, for inbox, router, calls, waits, handles and the pump.
	RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/models CARGO_PROFILE_DEV_DEBUG=0 \
	  cargo test -q -p copilot-core -p copilot-ffi --no-default-features --lib model_tests

.PHONY: sanitize
sanitize: $(STAMPS)/runtime-current build-rust ## Runs the C and C++ tests and all conformance cases under every sanitizer and valgrind. Takes an hour.
	$(TEST_ENV) $(MAKE) -C tests/abi sanitize threads valgrind
	$(TEST_ENV) $(MAKE) -C tests/conformance/runner-c sanitize threads valgrind

# The programs of the doors, and what they meet.
FAULTS_ENV = $(TEST_ENV) FAULTS_PYTHON=$(PYTHON)
FAULTS_NEED := $(STAMPS)/runtime-current build-rust build-python build-node $(if $(JAVA_IS_THERE),build-java)
.PHONY: test-scale
test-scale: export STORES = 1
test-scale: $(FAULTS_NEED) $(STAMPS)/scale ## Session files in Redis, PostgreSQL, S3, Azure and Google stores on loopback, from every door; 200 conversations through Temporal.
	$(TOOLS)/scale/bin/python tests/scale/run.py cargo test -p copilot-core --features $(EXTRA_FEATURES),stores --lib -- --nocapture stores
	$(FAULTS_ENV) $(TOOLS)/scale/bin/python tests/scale/run.py python3 tests/faults/run.py --owners
	cd $(PYTHON_DIR) && COPILOT_SCALE=1 $(TEST_ENV) $(PYTHON) -m pytest -q -s tests/test_temporal.py
.PHONY: scale-sizes
scale-sizes: wheel build-rust $(STAMPS)/runtime-current ## What one machine holds: the figures of docs/scaling.md, with the wheel of a release.
	python3 -m venv $(TOOLS)/sizes && $(TOOLS)/sizes/bin/pip install -q --force-reinstall dist/copilot_native-*.whl \
	  $$(grep '^temporal' $(PYTHON_DIR)/requirements-dev.txt | cut -d';' -f1)
	$(TEST_ENV) $(TOOLS)/sizes/bin/python tests/scale/sizes.py 1 25 100 400 1000
$(STAMPS)/scale: tests/scale/requirements.txt
	@mkdir -p $(@D)
	python3 -m venv $(TOOLS)/scale && $(TOOLS)/scale/bin/pip install --quiet --disable-pip-version-check -r $<
	npm install --prefix $(TOOLS)/scale --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error azurite@3.35.0
	@if [ -n "$(GO_IS_THERE)" ]; then GOBIN=$(TOOLS)/scale/bin go install github.com/fsouza/fake-gcs-server@v1.56.1; fi
	@touch $@
.PHONY: faults faults-short
faults: $(FAULTS_NEED) ## Every fault through every door; prints the matrix and writes docs/faults.md.
	$(FAULTS_ENV) python3 tests/faults/run.py --write
faults-short: $(FAULTS_NEED) ## The same with fewer cycles and less of the real runtime, for CI.
	$(FAULTS_ENV) python3 tests/faults/run.py --short

.PHONY: soak growth
HOURS ?= 0.5
soak: $(FAULTS_NEED) ## All doors at once for HOURS: nothing may grow; writes docs/soak.md with a plot.
	$(FAULTS_ENV) python3 tests/soak/run.py --hours $(HOURS) --write
growth: $(STAMPS)/runtime-current build-rust build-python build-node ## Makes and leaves 100,000 sessions through every door: nothing may grow.
	COPILOT_SOAK=1 $(TEST_ENV) cargo test -p copilot-core --test growth
	$(TEST_ENV) $(MAKE) -C tests/abi growth CYCLES=100000
	$(TEST_ENV) $(MAKE) -C tests/abi many-clients CLIENTS=10000
	$(TEST_ENV) $(MAKE) -C tests/abi random SEEDS=2000
	cd $(PYTHON_DIR) && COPILOT_SOAK=1 $(TEST_ENV) $(PYTHON) -m pytest -q tests/test_endurance.py
	cd $(NODE_DIR) && COPILOT_SOAK=1 $(TEST_ENV) npx vitest run tests/endurance.test.ts
	$(if $(GO_IS_THERE),$(MAKE) build-go && cd $(GO_DIR) && COPILOT_SOAK=1 $(GO_ENV) $(TEST_ENV) go test -run ManySessions .)
	$(if $(RUBY_IS_THERE),cd $(RUBY_DIR) && COPILOT_SOAK=1 $(RUBY_ENV) $(TEST_ENV) ruby test/lifetime_test.rb -n /many_sessions/)

.PHONY: compat
compat: runtimes setup build gen-checker ## Runs the real-runtime tests and the demo of every door on the oldest and the newer runtimes.
	COPILOT_FAKE_RUNTIME=$(DEBUG)/copilot-fake-runtime COPILOT_SCRIPTED_MODEL=$(DEBUG)/copilot-scripted-model \
	  scripts/compat.sh $(CARGO_TARGET_DIR)/compat $(DEMOS)
	cd tests/generated && $(PYTHON) compat.py $$($(ROOT)/scripts/runtime-path.sh compat --schemas) $(CHECKER)

# --- lint ---------------------------------------------------------------------------------------------------------------

.PHONY: types
types: build-node $(STAMPS)/types ## Compares the declarations of the Node package with the official ones.
	node tests/types/compare.mjs

.PHONY: surface surface-check
surface: build-python build-node ## Counts the names of every official release that are here, in docs/surface.md.
	$(PYTHON) tests/surface/check.py --write
surface-check: build-python build-node
	$(PYTHON) tests/surface/check.py

.PHONY: lint layers limits licences workflows audit semver coverage examples abi header header-check gen gen-check
LINTS = layers limits licences workflows coverage examples abi docs-c docs-site header-check gen-check types surface-check \
  lint-rust lint-python lint-node $(OTHERS:%=check-%)
.PHONY: lint-rust lint-python lint-node
# Nothing in it waits for anything else in it: with -j2 two parts run at a time.
lint: setup build-python build-node $(LINTS) ## Formats checked, lints, types, generated files.
lint-rust:
	cargo fmt --all --check && cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --workspace --exclude copilot-core --all-targets --quiet -- -D warnings
	cargo clippy -p copilot-core --features $(EXTRA_FEATURES),stores --all-targets --quiet -- -D warnings
lint-python: build-python
	cd $(PYTHON_DIR) && $(VENV)/bin/ruff format --check $(PYTHON_CODE) && $(VENV)/bin/ruff check $(PYTHON_CODE)
	cd $(PYTHON_DIR) && $(VENV)/bin/mypy && $(VENV)/bin/pyright --pythonpath $(PYTHON)
	cd tests/soak && MYPYPATH=../faults $(VENV)/bin/mypy --strict --explicit-package-bases run.py plot.py
	cd tests/faults && $(VENV)/bin/mypy --strict --explicit-package-bases run.py
	cd tests/docs && $(VENV)/bin/mypy --strict run.py
	cd tests/scale && $(VENV)/bin/mypy --strict run.py sizes.py
lint-node: build-node
	cd $(NODE_DIR) && npm run --silent check
layers: ## Holds the direction of flow in the engine, and that files do not use each other in circles.
	@python3 scripts/layers.py && python3 scripts/circles.py
limits: ## Refuses overlong files.
	@python3 scripts/limits.py
licences: ## Holds where crates come from, and under which licences.
	@python3 scripts/licences.py
workflows: $(if $(GO_IS_THERE),$(STAMPS)/actionlint) ## Checks the workflow files by actionlint, which Go builds.
	@if [ -n "$(GO_IS_THERE)" ]; then $(TOOLS)/actionlint/actionlint; \
	 else echo "Go 1.26 is not installed: the workflow files are not checked"; fi
audit: $(STAMPS)/audit $(STAMPS)/venv $(STAMPS)/node ## Asks the registries for known faults in crates, npm and Python packages; who does not answer is named.
	@python3 scripts/audit.py $(TOOLS)/audit/bin/pip-audit $(VENV)
# Without a release yet, to be given: the commit or tag to compare with. Some minutes.
SINCE ?= $(shell git describe --tags --abbrev=0 2>/dev/null)
semver: ## Holds that the crate breaks nothing that it had at SINCE (the last release), by cargo-semver-checks.
	@command -v cargo-semver-checks >/dev/null || { echo "cargo-semver-checks is not installed (cargo install --locked cargo-semver-checks)"; exit 1; }
	@test -n "$(SINCE)" || { echo "no release is there to compare with: SINCE=commit names one"; exit 1; }
	cargo semver-checks -p copilot-core --baseline-rev $(SINCE) --only-explicit-features --features types,inprocess,structured
coverage: ## Holds the table of what tests which section of the reference.
	@python3 scripts/coverage.py
examples: ## Holds that every function of the C header is shown by an example.
	@python3 ffi/doxygen/examples.py
abi: ## Holds that the C header only gains, where abidiff is installed.
	@python3 scripts/abi.py
header: ## Writes include/copilot.h.
	cargo run -q -p copilot-ffi --features header --bin gen-header
header-check:
	cargo run -q -p copilot-ffi --features header --bin gen-header -- --check
gen: $(SCHEMAS) ## Writes types and methods from the schemas of the runtimes.
	cargo run -q -p xtask -- gen $(SCHEMA_ARGS)
gen-check: $(SCHEMAS)
	cargo run -q -p xtask -- gen --check $(SCHEMA_ARGS)

# --- documentation ------------------------------------------------------------------------------------------------------

DOCS := $(CARGO_TARGET_DIR)/docs
.PHONY: docs docs-site docs-c docs-api docs-check
# Every code block of every page; the fake runtime answers.
docs-check: build ## Runs every code block of every page.
	DOCS_PYTHON=$(PYTHON) COPILOT_CLI_PATH=$(DEBUG)/copilot-fake-runtime \
	  DOCS_GO=$(if $(GO_IS_THERE),1) DOCS_RUBY=$(if $(RUBY_IS_THERE),1) $(if $(GO_IS_THERE),$(GO_ENV)) \
	  DOCS_CLASSPATH=$(if $(JAVA_IS_THERE),$(ROOT)/$(JAVA_DIR)/target/classes:$$(cat $(JAVA_DIR)/target/classpath 2>/dev/null)) \
	  python3 tests/docs/run.py
docs: docs-api ## Builds the site, with the references of Python, Node, Rust, C and C++, and checks its links.
	python3 scripts/links.py $(DOCS)/site
# In the site, which each building of it empties.
docs-api: docs-site docs-c build-python build-node
	cd $(PYTHON_DIR) && PYTHONPATH=. $(PYTHON) $(ROOT)/docs/site/python_reference.py $(DOCS)/site/api/python
	cd $(NODE_DIR) && npx typedoc --out $(DOCS)/site/api/node
	@rm -rf $(CARGO_TARGET_DIR)/doc
	RUSTDOCFLAGS="-D warnings" cargo doc -q -p copilot-core --no-deps --features $(EXTRA_FEATURES)
	@cp -r $(CARGO_TARGET_DIR)/doc $(DOCS)/site/api/rust
	@if [ -d $(DOCS)/c/html ]; then cp -r $(DOCS)/c/html $(DOCS)/site/api/c; fi
docs-site: $(STAMPS)/docs ## Builds the site of the pages, which needs no network to read; a broken link is an error.
	@rm -rf $(DOCS)/site && $(TOOLS)/docs/bin/sphinx-build -q -W --keep-going -b html -c docs/site docs $(DOCS)/site && \
	  echo "docs-site: $(DOCS)/site/index.html"
docs-c: ## Builds the manual of the C and C++ library, as pages and man pages; a warning is an error. Needs Doxygen.
	@if command -v doxygen >/dev/null; then rm -rf $(DOCS)/c && mkdir -p $(DOCS)/c && COPILOT_DOCS=$(DOCS)/c doxygen ffi/doxygen/Doxyfile && \
	  python3 ffi/doxygen/man.py $(DOCS)/c/man/man3 && python3 ffi/doxygen/examples.py $(DOCS)/c/man/man3 && \
	  echo "docs-c: $(DOCS)/c/html/index.html"; else echo "doxygen is not installed: the manual of C and C++ is left out"; fi

# --- packages -----------------------------------------------------------------------------------------------------------

.PHONY: newcomer wheel wheel-check npm clib clib-check clib-portable wheel-portable npm-portable cargo-c deb conan stand-ins swap-check
newcomer: wheel npm clib build-rust $(STAMPS)/runtime-current ## Times the way from the built packages to a streamed answer, per language.
	scripts/newcomer.sh dist
# Of functions that do not ask for it, only small ones are put into their callers, as in ffi/package.sh; where the linker is one
# that can (rustc brings lld there), those that come out the same are one.
SMALL = CARGO_BUILD_RUSTFLAGS="-Cllvm-args=-inline-threshold=50 $(if $(filter Linux-x86_64,$(shell uname -sm | tr ' ' -)),-Clink-arg=-Wl$(comma)--icf=all)"
comma := ,
wheel: $(STAMPS)/venv ## Leaves an installable wheel in dist/.
	cd $(PYTHON_DIR) && $(SMALL) $(VENV)/bin/maturin build --release --out $(ROOT)/dist
	$(PYTHON) scripts/wheel_sbom.py $$(ls -t dist/copilot_native-*.whl | head -n 1)
wheel-check: wheel $(STAMPS)/runtime-current $(STAMPS)/sbom ## Checks the wheel: its platform tag, in an empty environment without Rust, its types, and the sdist.
	cargo build -q -p copilot-testkit
	scripts/wheel-check.sh $(PYTHON)
	$(TOOLS)/sbom/bin/python scripts/sbom_check.py $$(ls -t dist/copilot_native-*.whl | head -n 1)
npm: $(STAMPS)/node $(STAMPS)/sbom ## Leaves an installable npm tarball in dist/, and checks what it says it is made of.
	@mkdir -p dist
	cd $(NODE_DIR) && $(SMALL) npm run --silent build && node scripts/pack.mjs $(ROOT)/dist
	$(TOOLS)/sbom/bin/python scripts/sbom_check.py dist/copilot-native-*.tgz
stand-ins: ## Leaves packages in dist/stand-ins that bring ours under the official names; never for the public registries.
	@python3 scripts/stand_ins.py
swap-check: wheel npm stand-ins ## Installs dependents of the official packages over ours: pip, uv, npm.
	scripts/swap-check.sh $(PYTHON) dist
conan: ## Builds the C library by its Conan recipe, and a program with the package. Takes some minutes.
	python3 -m venv $(TOOLS)/conan && $(TOOLS)/conan/bin/pip install -q conan==2.34.0
	export CONAN_HOME=$(TOOLS)/conan/home; $(TOOLS)/conan/bin/conan profile detect --exist-ok && \
	  $(TOOLS)/conan/bin/conan create ffi/conan -s build_type=Debug
wheel-portable: $(STAMPS)/zig $(STAMPS)/venv $(STAMPS)/runtime-current ## A wheel for glibc 2.17 and newer in dist/portable, checked as wheel-check does.
	cd $(PYTHON_DIR) && $(ZIG_ENV) $(VENV)/bin/maturin build --release --zig --compatibility manylinux2014 --out $(PORTABLE)
	$(PYTHON) scripts/wheel_sbom.py $$(ls -t $(PORTABLE)/copilot_native-*.whl | head -n 1)
	cargo build -q -p copilot-testkit
	scripts/wheel-check.sh $(PYTHON) $(PORTABLE)
npm-portable: $(STAMPS)/zig $(STAMPS)/node $(STAMPS)/runtime-current ## The npm packages for glibc 2.17 and newer in dist/portable, checked.
	@mkdir -p $(PORTABLE)
	cd $(NODE_DIR) && $(ZIG_ENV) GLIBC=$(GLIBC) npm run --silent build && node scripts/pack.mjs $(PORTABLE)
	python3 scripts/clib_check.py --program $(NODE_DIR)/copilot.node --glibc $(GLIBC)
	cargo build -q -p copilot-testkit
	scripts/demo.sh "Node=node examples/node/chat.mjs"

# Some minutes to build, once.
$(STAMPS)/cargo-c:
	CARGO_TARGET_DIR=$(TOOLS)/cargo-c/target CARGO_PROFILE_DEV_DEBUG=0 cargo install --debug --locked --root $(TOOLS)/cargo-c \
	  cargo-c@0.10.16+cargo-0.91.0
	@rm -rf $(TOOLS)/cargo-c/target && mkdir -p $(@D) && touch $@
CARGO_C := $(CARGO_TARGET_DIR)/cargo-c
cargo-c: $(STAMPS)/cargo-c ## Installs the C library by cargo-c and compares that with what clib packs. Takes some minutes.
	PATH=$(TOOLS)/cargo-c/bin:$$PATH cargo cinstall -p copilot-ffi --profile dev --prefix $(CARGO_C)/usr
	cargo build -q -p copilot-ffi --lib && PROFILE=dev SKIP_BUILD=1 ffi/package.sh $(CARGO_C)/package
	tests/abi/cargo-c.sh $(CARGO_C)/usr $(CARGO_C)/package/copilot $(CARGO_TARGET_DIR)/abi
# Not those of a build for development: lintian reads every line of the static library, which takes it many minutes there.
deb: clib ## Leaves Debian packages of the C library in dist/: libcopilot0 and libcopilot-dev. Checks them by lintian, if it is installed.
	ffi/deb.sh
	@if command -v lintian >/dev/null; then lintian --fail-on error,warning dist/libcopilot*.deb; \
	 else echo "lintian is not installed: the Debian packages are not looked at by it"; fi
clib: ## Leaves the C library, headers, pkg-config and CMake files in dist/, and its debug symbols beside.
	ffi/package.sh

# What holds for the library of a release: its content, and the C tests against it.
CLIB_TESTS = $(MAKE) -C tests/abi check symbols consumers
clib-check: clib $(STAMPS)/sbom ## Checks what clib leaves: size, exports, debug symbols, what it is made of, and the C tests with it.
	cargo build -q -p copilot-testkit
	python3 scripts/clib_check.py dist && $(TOOLS)/sbom/bin/python scripts/sbom_check.py dist
	$(TEST_ENV) $(CLIB_TESTS) LIB_DIR=$(ROOT)/dist/copilot/lib DIST=$(ROOT)/dist/copilot OUT=$(CARGO_TARGET_DIR)/abi-dist

# The oldest C library of GNU that programs run with: that of CentOS 7, and what manylinux2014 means.
GLIBC := 2.17
PORTABLE := $(ROOT)/dist/portable
ZIG_ENV = PATH=$(TOOLS)/zig/bin:$$PATH
clib-portable: $(STAMPS)/zig $(STAMPS)/sbom ## The same as clib-check for glibc 2.17 and newer, in dist/portable.
	$(ZIG_ENV) GLIBC=$(GLIBC) ffi/package.sh $(PORTABLE)
	cargo build -q -p copilot-testkit
	python3 scripts/clib_check.py $(PORTABLE) --glibc $(GLIBC) && $(TOOLS)/sbom/bin/python scripts/sbom_check.py $(PORTABLE)
	$(TEST_ENV) $(CLIB_TESTS) LIB_DIR=$(PORTABLE)/copilot/lib DIST=$(PORTABLE)/copilot OUT=$(CARGO_TARGET_DIR)/abi-portable
	$(ZIG_ENV) tests/abi/old-glibc.sh $(PORTABLE)/copilot $(GLIBC) $(CARGO_TARGET_DIR)/abi-portable

# --- bench --------------------------------------------------------------------------------------------------------------

.PHONY: bench
bench: setup wheel npm clib $(if $(JAVA_IS_THERE),build-java) ## Measures every door beside a raw reader of the same pipe.
	cargo build --release -p copilot-bench -p copilot-testkit
	python3 -m venv $(TOOLS)/bench && $(TOOLS)/bench/bin/pip install -q --force-reinstall dist/copilot_native-*.whl
	BENCH_PYTHON=$(TOOLS)/bench/bin/python BENCH_PYTHONPATH= BENCH_NODE_PACKAGE=$(ROOT)/$(NODE_DIR) \
	  BENCH_C_INCLUDE=$(ROOT)/dist/copilot/include BENCH_C_LIB=$(ROOT)/dist/copilot/lib \
	  python3 tests/bench/run.py $(BENCH_ARGS)

# The official packages, to measure beside: no dependency of anything here. The crate's build looks for a runtime to download
# unless it is told not to.
PEERS := $(TOOLS)/peers
PEER_VERSIONS = github-copilot-sdk=1.0.27,@github/copilot-sdk=1.0.14,github-copilot-sdk (crate)=1.0.29-preview.4
PEER_ENV = PEER_PYTHON=$(PEERS)/python/bin/python PEER_NODE_DIR=$(PEERS)/node PEER_RUST=$(PEERS)/rust/release/bench-rust-peer
$(STAMPS)/peers: tests/bench/peers/rust/Cargo.toml tests/bench/peers/rust/src/main.rs
	python3 -m venv $(PEERS)/python && $(PEERS)/python/bin/pip install -q --disable-pip-version-check github-copilot-sdk==1.0.27
	@mkdir -p $(PEERS)/node $(@D) && echo '{"private": true}' > $(PEERS)/node/package.json
	cd $(PEERS)/node && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error @github/copilot-sdk@1.0.14
	COPILOT_SKIP_CLI_DOWNLOAD=1 cargo build -q --release --manifest-path tests/bench/peers/rust/Cargo.toml --target-dir $(PEERS)/rust
	@touch $@

.PHONY: bench-peers bench-gate bench-gate-write
bench-peers: $(STAMPS)/peers ## Measures every door beside the official packages, and writes docs/benchmarks.md. Takes half an hour, and a quiet machine.
	BENCH_VERSIONS="$(PEER_VERSIONS)" $(PEER_ENV) \
	  $(MAKE) bench BENCH_ARGS="--peer --growth --runs 3 --json $(CARGO_TARGET_DIR)/benchmarks.json $(BENCH_ARGS)"
	python3 tests/bench/report.py $(CARGO_TARGET_DIR)/benchmarks.json docs/benchmarks.md
	@if command -v rsvg-convert >/dev/null; then for plot in peers growth; do \
	  rsvg-convert --background-color white docs/benchmarks/$$plot.svg -o docs/benchmarks/$$plot.png; done; \
	 else echo "rsvg-convert is not installed: the plots are not written as PNG"; fi

GATE = cargo build -q --profile gate -p copilot-bench --bin bench-gate && python3 tests/bench/gate.py $(CARGO_TARGET_DIR)/gate/bench-gate
bench-gate: ## Counts the instructions of six small programs; more than 5 % off the committed figures is a failure. Needs valgrind.
	@if command -v valgrind >/dev/null; then $(GATE); else echo "valgrind is not installed: instructions are not counted"; fi
bench-gate-write: ## Writes those figures anew.
	$(GATE) --write

.PHONY: bench-stops
bench-stops: $(STAMPS)/runtime-current build-rust build-python build-node ## How long stopping takes with the real runtime; PEER_PYTHON, PEER_NODE_DIR beside.
	$(TEST_ENV) BENCH_PYTHON=$(PYTHON) python3 tests/bench/stops.py

.PHONY: clean
clean: ## Removes what was built and fetched.
	rm -rf $(CARGO_TARGET_DIR) dist $(TOOLS) $(NODE_DIR)/node_modules $(NODE_DIR)/dist tests/runtime/*/node_modules
