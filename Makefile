# Every task of the repository. Needs make and Python 3.11 or later; uses uv where there is one.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
JOBS ?= 3
TESTS ?= tests
SECONDS ?= 60
HOST ?= 127.0.0.1
PORT ?= 8000

# Sources and rewritten tests are compiled once, not at every run, whatever the shell says.
export PYTHONDONTWRITEBYTECODE =

# The newest Python at hand makes the environment; the oldest runs the tests once more in `check`.
# pyenv's commands answer only for the versions that PYENV_VERSION names.
PYENVS := $(shell pyenv versions --bare 2>/dev/null | grep -E '^3\.(1[1-9]|[2-9][0-9])\.[0-9]+$$')
first = $(shell export PYENV_VERSION="$$(printf '%s:' $(PYENVS))system"; \
	for python in $(1); do $$python -c 'import ensurepip, sys; \
	sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' 2>/dev/null && break; done)
PYTHON ?= $(call first,python3.14 python3.13 python3.12 python3.11 python3)
OLDEST ?= $(call first,python3.11 python3.12 python3.13 python3.14 python3)

UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
ifdef UV
MAKE_VENV = uv venv --quiet --allow-existing --python $(or $(PYTHON),'>=3.11') $(VENV)
INSTALL = uv pip install --quiet --python $(BIN)/python
else
MAKE_VENV = $(or $(PYTHON),$(error Gambrel needs Python 3.11 or later on PATH)) -m venv $(VENV) \
	&& $(BIN)/python -m pip install --quiet --upgrade pip
INSTALL = $(BIN)/python -m pip install --quiet
endif

.PHONY: help
help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1 \2/p' Makefile \
		| while read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

# ------------------------------------------------------------------------------------ environment

$(VENV)/.demo: pyproject.toml
	$(MAKE_VENV)
	$(INSTALL) -e '.[db,templates]'
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	$(INSTALL) -e . --group test
	@touch $@

$(VENV)/.check: $(VENV)/.test
	$(INSTALL) -e . --group check
	@touch $@

.PHONY: setup
setup: $(VENV)/.check ## make the environment and switch the git hook on
	@if test -d .git; then git config core.hooksPath .githooks; fi
	@echo "ready: source $(BIN)/activate"

.PHONY: demo
demo: $(VENV)/.demo ## serve the demo at http://127.0.0.1:8000
	$(BIN)/gambrel run examples/demo --host $(HOST) --port $(PORT)

# ----------------------------------------------------------------------------------------- checks

.PHONY: fmt
fmt: $(VENV)/.check ## format the code and mend what can be mended
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: lint
lint: $(VENV)/.check ## formatting and style
	$(BIN)/ruff format --check
	$(BIN)/ruff check

.PHONY: types
types: $(VENV)/.check ## mypy strict, pyright as editors run it
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

.PHONY: arch
arch: $(VENV)/.test ## floors, budgets, mirror, removability, public names
	$(PYTEST) -q tests/architecture

.PHONY: test
test: $(VENV)/.test ## all tests of the package
	$(PYTEST) -q -n $(JOBS) --dist worksteal $(if $(MARK),-m '$(MARK)') $(TESTS)

.PHONY: docs
docs: $(VENV)/.test ## run every block of the documentation
	$(PYTEST) -q README.md docs tests/docs

.PHONY: examples
examples: $(VENV)/.test ## the examples' own tests
	$(PYTEST) -q -n $(JOBS) --dist worksteal examples

.PHONY: oldest
oldest: ## on the oldest Python at hand the tests that may tell it from the newest
	@if test "$(OLDEST)" = "$(PYTHON)"; then echo "only $(PYTHON) is at hand: nothing older"; \
		else $(MAKE) test VENV=.venv-oldest PYTHON="$(OLDEST)" MARK='not slow' \
		TESTS='tests --ignore tests/architecture --ignore tests/docs' HYPOTHESIS_PROFILE=few \
		LEFT_OUT=browser,nginx,node,varnish; fi

# Types and docs keep one processor busy each, the others all of them.
.PHONY: check
check: ## everything; what CI runs (`test` has `arch` in it)
	$(MAKE) lint
	$(MAKE) --jobs 2 --output-sync types docs
	$(MAKE) test examples oldest

.PHONY: quick
quick: CHANGED = $(wildcard $(shell git diff --name-only --diff-filter=d HEAD -- '*.py' | sed -n -E \
	-e 's,^src/gambrel/(.*/)?([^/]+)\.py$$,tests/\1test_\2.py,p' -e '/^tests\/.*\/test_[^/]+$$/p'))
quick: $(VENV)/.check ## seconds: style, architecture, tests of what changed; the git hook
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(PYTEST) -q -x -m 'not slow' -p no:schemathesis tests/architecture $(filter-out tests/architecture/%,$(CHANGED))

.PHONY: cover
cover: $(VENV)/.check ## branch coverage of the tests
	$(BIN)/coverage run -m pytest -q -x tests
	$(BIN)/coverage report

# ------------------------------------------------------------------------------------------ others

.PHONY: names
names: $(VENV)/.test ## accept a change of the public names
	ACCEPT=1 $(PYTEST) -q tests/architecture/test_public_names.py

.PHONY: openapi
openapi: $(VENV)/.test ## build the demo's OpenAPI document and validate it
	$(BIN)/gambrel openapi examples/orders | $(BIN)/openapi-spec-validator -

.PHONY: bench
bench: $(VENV)/.test ## µs per request, beside the other frameworks
	$(BIN)/python -m benchmarks

.PHONY: soak
soak: $(VENV)/.test ## restarts, killed workers, rude visitors: SECONDS=1200 for long
	SECONDS=$(SECONDS) $(PYTEST) -q -s --timeout 3600 soak

.PHONY: release
release: check ## changelog and distributions of the version in pyproject.toml
	$(BIN)/towncrier build --yes \
		--version "$$($(BIN)/python -c 'import importlib.metadata as m; print(m.version("gambrel"))')"
	$(BIN)/hatchling build
	@echo "now follow CONTRIBUTING.md, 'A release'"
