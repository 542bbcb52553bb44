# Everything sets itself up: a virtual environment with the pinned packages, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
PORT ?= 8700

.PHONY: demo test check format clean help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(STAMP) ## watch a simulated venue crash (board at http://127.0.0.1:8700/, PORT=... for another)
	@$(BIN)/marginwatch demo --port $(PORT)

test: $(STAMP) ## all tests; those whose server is not installed skip by name
	@$(BIN)/python -m pytest $(ARGS)

check: $(STAMP) ## lint, types, import contracts, documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/docs

format: $(STAMP) ## bring the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what the targets made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(STAMP): pyproject.toml constraints.txt
	@echo "Preparing the environment in $(VENV) (packages only, about a minute the first time) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "marginwatch needs Python 3.11 or newer; name it with PYTHON=...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,candles]'
	@touch $(STAMP)
