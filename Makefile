# Every task of the repository. Needs make and Python 3.11 or later; uses uv where there is one.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
JOBS ?= 2
HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
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
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

# ------------------------------------------------------------------------------------ environment

$(VENV)/.demo: pyproject.toml
	$(MAKE_VENV)
	$(INSTALL) -e .
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	$(INSTALL) -e . --group test
	@touch $@

$(VENV)/.check: $(VENV)/.test
	$(INSTALL) -e . --group check
	@touch $@

.PHONY: setup
setup: $(VENV)/.check ## make the environment and install the git hook
	@if test -d .git; then git config core.hooksPath .githooks; fi
	@echo "ready: $(BIN)"

.PHONY: demo
demo: $(VENV)/.demo ## serve the demo at http://127.0.0.1:8000
	$(BIN)/gambrel run examples/orders --host $(HOST) --port $(PORT)
