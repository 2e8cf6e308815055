.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
export GX_ANALYTICS_ENABLED := False
export PYTHONPATH := $(CURDIR)

help: ## list what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# One locked environment for everything; made again only when a lock changes.
$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; found " + sys.version.split()[0] + ". Say PYTHON=/path/to/python3.11 make …") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is needed (Debian: apt-get install python3-venv)"; exit 1; }
	@echo "installing the locked environment into $(VENV) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@$(BIN)/uv pip sync -q --compile-bytecode --require-hashes --python $(BIN)/python requirements-dev.txt
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation --python $(BIN)/python -e . 
	@touch $@

demo: $(STAMP) ## the whole pipeline in real Airflow: 100 feeds to a published release
	@$(BIN)/python -m include.sandbox.demo up

demo-down: $(STAMP) ## stop what the demo started
	@$(BIN)/python -m include.sandbox.demo down

test: $(STAMP) ## every test
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(STAMP) ## ruff, mypy, import-linter
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: $(STAMP) ## speed and memory, as ratios measured in one run
	@$(BIN)/python -m tests.benchmarks

clean: ## remove the environment, caches and demo data
	rm -rf $(VENV) data .bench .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info

.PHONY: help demo demo-down test lint bench clean
