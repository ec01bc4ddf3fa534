# Two commands are enough: `make run` and `make test`. Everything they need is put into .venv on first use.

PYTHON ?= python3
BIN := .venv/bin
# pytest-xdist starts this many workers; PYTEST="-n0 -x" and the like go behind it.
WORKERS ?= auto
PYTEST ?=
BENCH ?=

.DEFAULT_GOAL := help
.PHONY: help run test check format bench bench-smoke clean environment

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: environment ## Start everything, play the journey, go on serving; data lies in ./var
	@$(BIN)/crossdock journey

test: environment ## Run the tests against a real PostgreSQL (PYTEST="tests/db -x" to choose)
	$(BIN)/pytest -n $(WORKERS) $(PYTEST)

check: environment ## Formatting, lint, types, import directions, schema against migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/crossdock migrate --check

format: environment ## Put the code into its one form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: environment ## Measure everything and hold each ratio against its goal (BENCH="--only lists --rounds 5")
	@$(BIN)/python -m bench $(BENCH)

bench-smoke: BENCH = --tiny
bench-smoke: bench ## The same with tiny sizes: that it works, not how fast

environment: ## Make or refresh .venv from uv.lock
	@$(PYTHON) tools/bootstrap.py

clean: ## Remove .venv and all caches; ./var with its data stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
