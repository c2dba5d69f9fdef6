# Every target prepares .venv first; that takes a moment when nothing changed.
# PYTHON=/path/to/python3 chooses the interpreter, ARGS passes arguments to `make run`:
#     make run ARGS="replay my.csv --strategy double_ma --symbol SHFE.au1912"

SHELL := /bin/sh
BIN := .venv/bin
PYTHON ?=
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup run test test-all lint format bench lock

help:
	@echo 'make run       start Trading Monitor on the sample data (ARGS="..." for other arguments)'
	@echo 'make test      format, lint, types, layers and the quick tests'
	@echo 'make test-all  the same with the slow tests'
	@echo 'make lint      format, lint, types and layers only'
	@echo 'make format    bring the sources into form'
	@echo 'make bench     run the benchmarks'
	@echo 'make setup     prepare .venv; the others call it'
	@echo 'make lock      renew requirements.lock from pyproject.toml'

setup:
	@sh packaging/setup/setup.sh

run: setup
	@$(BIN)/python -m monitor $(ARGS)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -m "not slow"

test-all: lint
	$(BIN)/python -m pytest

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python -m benchmarks $(ARGS)

# uv is a tool of the maintainer, not of the project: pip install uv
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header -o requirements.lock
