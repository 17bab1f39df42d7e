# Verbs of one line each. `make test` does everything on a fresh machine.
# A build folder outside the clone is used when one is named or exists, so that clones share their dependencies.

CACHE ?= $(or $(FLOE_CACHE),$(HOME)/.cache/floe-engine)
export CARGO_TARGET_DIR ?= $(if $(wildcard $(CACHE)/target),$(CACHE)/target,$(CURDIR)/target)
PYTHON ?= python3
JOBS ?= 2
RELEASE = $(CARGO_TARGET_DIR)/release/floe-engine
DEBUG = $(CARGO_TARGET_DIR)/debug/floe-engine
SEED ?= 1
SCALE ?= 1
SIZE ?= small

# Without npm there is no library to link, and DuckDB is built from source.
FEATURES = $(if $(shell ls .duckdb/libduckdb.* 2>/dev/null),,--features floe-cli/bundled)

# Every verb of this file.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\#.*/\1/p' $(MAKEFILE_LIST))

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

duckdb: ## the DuckDB library that the binaries link
	$(PYTHON) crates/floe-backends/library.py $(CACHE)

build: duckdb ## the optimised binary, at target/release/floe-engine or under CARGO_TARGET_DIR
	cargo build --release --locked -j$(JOBS) -p floe-cli $(FEATURES)

demo: build ## a dbt project built twice, its tables, and where each model ran
	$(PYTHON) docs/examples/jaffle/demo.py $(RELEASE)

docs: duckdb ## writes the generated pages of docs/reference
	FLOE_DOCS=write cargo test --locked --workspace -j$(JOBS) $(FEATURES) --test tidy

test: check rust python ## everything that CI runs

check: ## format
	cargo fmt --all --check

rust: duckdb ## unit tests, crates' own suites, the SQL truth corpus, and that again on DuckDB
	cargo build --locked --workspace --bins --tests -j$(JOBS) $(FEATURES)
	cargo test --locked --workspace --no-fail-fast -j$(JOBS) $(FEATURES)
	FLOE_SLT_BACKEND=duckdb cargo test --locked -j$(JOBS) --workspace $(FEATURES) --test slt

python: ## a fast part of each check with real clients
	$(PYTHON) tests/fast.py $(DEBUG)

differential: build ## random queries against recorded answers of real Spark; SEED=n
	$(PYTHON) tests/with_server.py $(RELEASE) tests/differential/compare.py --seed $(SEED)

clients: build ## one scripted session of 60 calls with three PySpark versions
	$(PYTHON) tests/with_server.py $(RELEASE) tests/connect/run.py

upstream: build ## operations here and on a real Spark behind the server, which is killed and comes back
	$(PYTHON) tests/connect/upstream.py $(RELEASE)

ways: build ## names, rules, TLS, certificates and tokens on the way to a Spark, and one that cannot be reached
	$(PYTHON) tests/connect/ways.py $(RELEASE)

sizes: build ## one dbt model, on a real Spark while it reads too much and here once it reads little
	$(PYTHON) tests/connect/sizes.py $(RELEASE)

overhead: build ## what forwarding costs an operation that a real Spark runs
	$(PYTHON) tests/connect/overhead.py $(RELEASE)

bad-inputs: build ## wrong and hostile inputs
	$(PYTHON) tests/with_server.py $(RELEASE) tests/connect/bad_inputs.py

doctests: build ## the examples in PySpark's own documentation, compared with what real Spark passes
	$(PYTHON) tests/with_server.py $(RELEASE) tests/connect/doctests.py

behaviour: build ## what a real client meets: interrupts, lost connections, slow readers, shutdown, large messages
	$(PYTHON) tests/connect/behaviour.py $(RELEASE)

memory: build ## queries that want more memory than there is; SCALE=n (times 512 MB)
	$(PYTHON) tests/faults/memory.py $(RELEASE) --scale $(SCALE)

tpc: build ## TPC-H and TPC-DS, answers checked; SCALE=n
	$(PYTHON) tests/with_server.py $(RELEASE) tests/tpc/run.py tpch --scale $(SCALE)
	$(PYTHON) tests/with_server.py $(RELEASE) tests/tpc/run.py tpcds --scale $(SCALE)

peers: build ## TPC-H beside the nearest peer, interleaved, over Iceberg and over Parquet; SCALE=n
	$(PYTHON) tests/with_server.py $(RELEASE) benches/peers.py tpch --scale $(SCALE) --iceberg
	$(PYTHON) tests/with_server.py $(RELEASE) benches/peers.py tpch --scale $(SCALE)

bench: build ## the engines side by side, written into docs/benchmarks.md; SIZE=small|medium|full, BENCH="--spark …"
	$(PYTHON) benches/bench.py $(RELEASE) --size $(SIZE) $(BENCH)

dbt-classes: build ## dbt-spark's own functional classes
	$(PYTHON) tests/with_server.py $(RELEASE) tests/dbt/classes.py

verify: build ## what `floe-engine verify` says of the demo's models and of planted differences, here and on a real Spark
	$(PYTHON) tests/verify.py $(RELEASE) --spark

writers: build ## many writers, two servers, two catalogs, servers killed in the middle: nothing lost
	$(PYTHON) tests/iceberg/writers.py $(RELEASE)

exchange: build ## tables exchanged with pyiceberg, DuckDB and real Spark
	$(PYTHON) tests/iceberg/read_back.py $(RELEASE)

rest-catalog: build ## a strict and failing REST catalog, S3, names and views through PySpark
	$(PYTHON) tests/iceberg/rest_catalog.py $(RELEASE)

duckdb-engine: build ## DuckDB inside the server: files of its own and other databases as catalogs, changed Iceberg columns, spills, interrupts
	$(PYTHON) tests/duckdb/warehouse.py $(RELEASE)
	$(PYTHON) tests/duckdb/engine.py $(RELEASE)
	$(PYTHON) tests/duckdb/extensions.py $(RELEASE)
	$(PYTHON) tests/duckdb/object_storage.py $(RELEASE)

rest-face: build ## our REST face under real Spark, pyiceberg and DuckDB, and under a Spark elsewhere, over S3 and TLS
	$(PYTHON) tests/iceberg/rest_face.py $(RELEASE)
	$(PYTHON) tests/iceberg/rest_face_far.py $(RELEASE)

rest-kit: build ## our REST face under Iceberg's own conformance kit for servers (Java 17)
	$(PYTHON) tests/iceberg/rest_kit.py $(RELEASE)

start: build ## time to accept, idle memory, select 1
	$(PYTHON) tests/start.py $(RELEASE)

truth: ## records the truth corpus from a real Spark that it starts itself
	$(PYTHON) tests/slt/record.py
