# Interlock's verbs. Everything runs in a virtual environment of its own, .venv, which is made and kept up to date here.
# PYTHON picks the interpreter, ARGS goes to the command behind a verb: make run ARGS="--port 4100".

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
# Files are compiled when they are first imported, which halves the time to the first console.
PIP_INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile -c constraints.txt
INPUTS := pyproject.toml constraints.txt
# Two for each core: half of the time of a test that starts processes is waiting.
WORKERS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))

.PHONY: help run test lint format types conformance gauntlet real bench soak check screenshots docs lock clean

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run-ready ## the console on the built-in demo: a scripted model server and sample agents
	@$(BIN)/interlock --demo $(ARGS)

test: $(VENV)/dev-ready ## the test suite (no model needed)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

lint: $(VENV)/dev-ready ## style and formatting, as CI demands them
	@$(BIN)/ruff check . $(ARGS)
	@$(BIN)/ruff format --check .

format: $(VENV)/dev-ready ## repair style and formatting where that can be done by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/dev-ready ## strict types
	@$(BIN)/basedpyright $(ARGS)

conformance: $(VENV)/dev-ready ## the black-box cases for a Messages API proxy, against the command itself
	@$(BIN)/python -m pytest -m conformance tests/conformance $(ARGS)

gauntlet: $(VENV)/dev-ready ## scripted flaky models with the guardrails on and off; the figures go into docs/guardrails.md
	@$(BIN)/python -m tests.gauntlet --write $(ARGS)

real: $(VENV)/dev-ready ## the real Anthropic SDK on a real llama.cpp server (fetches a wheel of it once)
	@$(BIN)/python -m pytest -m real tests/real $(ARGS)

bench: $(VENV)/dev-ready ## what the proxy costs, against a passthrough of bytes (Linux, half a minute a round)
	@$(BIN)/python -m benchmarks $(ARGS)

soak: $(VENV)/dev-ready ## a working day in a few minutes: memory and the console's tick must not grow (Linux)
	@$(BIN)/python -m benchmarks.soak $(ARGS)

check: test lint types conformance real ## everything that CI runs

screenshots: $(VENV)/dev-ready ## draw the pictures in screenshots/ again
	@$(BIN)/python -m tests.screenshots $(ARGS)

docs: $(VENV)/dev-ready ## bring the README's table of settings and .env.example up to date
	@$(BIN)/python scripts/refresh_docs.py

lock: ## resolve all dependencies anew into constraints.txt
	@PYTHON=$(PYTHON) bash scripts/lock.sh

clean: ## remove the virtual environment and all caches
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@bash scripts/make_venv.sh "$(PYTHON)" "$(VENV)"

$(VENV)/run-ready: $(INPUTS) | $(BIN)/python
	@echo "Installing what Interlock needs into $(VENV) ..."
	@$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/dev-ready: $(INPUTS) | $(BIN)/python
	@echo "Installing what Interlock and its tests need into $(VENV) ..."
	@$(PIP_INSTALL) -e '.[dev]'
	@touch $(VENV)/run-ready $@
