# `make chat` and `make test` do all the set-up; nothing else has to be installed first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help chat test soak check format lock clean

help:  ## Say what each command does
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

chat: .venv/installed  ## Install, index corpus/documents, serve the page on http://127.0.0.1:7860
	@$(BIN)/footnote index
	@$(BIN)/footnote serve

test: check  ## Install, then lint, types, import direction and every test
	$(BIN)/python -m pytest -n 2 --dist loadfile

soak: .venv/installed-dev  ## Open 200 pages for ten minutes, each asking once a minute; say how it went
	$(BIN)/python tests/soak.py $(SOAK)

check: .venv/installed-dev  ## Lint, types and import direction alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed-dev  ## Put the code into the one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/installed-dev  ## Write down the versions installed now
	$(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//' > requirements.lock

clean:  ## Remove the environment and the index
	rm -rf .venv .footnote

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Footnote needs Python 3.11 or newer; name one: make PYTHON=python3.12 chat"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml requirements.lock | .venv/bin/python
	@echo "Installing Footnote into .venv (once; a few minutes)…"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	@touch $@

.venv/installed-dev: pyproject.toml requirements.lock | .venv/bin/python
	@echo "Installing Footnote and its tools into .venv (once; a few minutes)…"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'
	@touch $@ .venv/installed
