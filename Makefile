# make setup  everything installed and built, nothing started      make test   all tests
# make run    a server with live demo calls                       make check  lint, types, packs, sizes
# make bench  latency, fan-out and memory of a running server     make model  train the detector
# make bench-peers  the same work on Coach and on its peers, side by side (30 minutes; QUICK=1: 4)
# make chaos  faults under load: SECONDS=60 SEED=7                make lock   new lock files
# make eval   the detector on labelled calls                      make clean  remove what setup made
PYTHON ?= python3
BIN := .venv/bin
WEB := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

PEERS := benchmarks/peers

.PHONY: setup run test check bench bench-peers chaos eval model lock clean
.DELETE_ON_ERROR:

setup: .venv/.ready coach/static/.ready

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Coach needs Python 3.11 or later; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

web/node_modules/.ready: web/package-lock.json scripts/npm | .venv/.ready
	cd web && ../scripts/npm ci --no-audit --no-fund --loglevel=error
	@touch $@

coach/static/.ready: web/node_modules/.ready $(WEB)
	cd web && ../scripts/npm run --silent build
	@touch $@

run: setup
	$(BIN)/coach serve --demo

test: setup
	$(BIN)/python -m pytest -n 2
	cd web && ../scripts/npm run --silent test

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/vulture
	$(BIN)/coach packs check
	cd web && ../scripts/npm run --silent check

bench: setup
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.tokens
	$(BIN)/python -m benchmarks.speculation

# The peers have an environment and a Node of their own. A run that was stopped goes on where it was; the whole
# one keeps its table in benchmarks/README.md and its plots in docs/images.
bench-peers: setup $(PEERS)/.venv/.ready $(PEERS)/node_modules/.ready
	$(BIN)/python -m benchmarks.peers $(if $(QUICK),--quick,--keep)

$(PEERS)/.venv/.ready: $(PEERS)/requirements.lock
	$(PYTHON) -m venv $(PEERS)/.venv
	$(PEERS)/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(PEERS)/node_modules/.ready: $(PEERS)/package-lock.json $(PEERS)/.venv/.ready
	cd $(PEERS) && PATH="$$PWD/.venv/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Real servers, killed and cut while calls go on; exit code 1 when anything is lost (docs/reliability.md).
chaos: setup
	$(BIN)/python -m tests.chaos --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED))

# The scorers of the labelled calls (COACH_EVAL, default ../shared/eval); the table goes into docs/detection.md.
eval: setup
	$(BIN)/python -m scripts.evaluate

# The learned half of the detector, from the packs' labelled text: two minutes, then commit coach/detect/models.
model: setup
	$(BIN)/python -m coach.learning

# uv is a tool of this target only: the lock names no registry, pip reads it.
lock:
	$(PYTHON) -m venv .lock && .lock/bin/python -m pip install --quiet uv
	.lock/bin/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
		--custom-compile-command 'make lock' --all-extras pyproject.toml -o requirements.lock
	.lock/bin/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
		--custom-compile-command 'make lock' scripts/node.in -o scripts/node.lock
	.lock/bin/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
		--custom-compile-command 'make lock' $(PEERS)/requirements.in -o $(PEERS)/requirements.lock
	rm -rf .lock

clean:
	rm -rf .venv web/node_modules coach/static $(PEERS)/.venv $(PEERS)/node_modules
