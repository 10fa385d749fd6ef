# Needs make and Python 3.11 or later; everything else is installed into .venv
# from requirements.txt and requirements-dev.txt, each file pinned by hash.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test crash check codes fidelity sharepoint trials requirements pins clean

# The first Python on the path that is new enough and can make a virtual environment.
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$candidate -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$candidate; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV ?= uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate

help:
	@echo "make demo          see the whole product work on an invented council; no tenant needed"
	@echo "make test          run the tests"
	@echo "make crash         kill a run after every single request, and see the next one finish it (minutes)"
	@echo "make check         lint, formatting, types and import contracts"
	@echo "make codes         write docs/codes.md, settings.md and lists.md anew from the code"
	@echo "make fidelity      write docs/fidelity.md anew from the sandbox"
	@echo "make requirements  write docs/requirements.md anew from the tests; fails on a row without a test"
	@echo "make pins          resolve and pin the dependencies anew (needs uv)"
	@echo "make sharepoint    write deploy/sharepoint anew from the list schema"
	@echo "make trials        play the trials in docs/trials anew on the sandbox"
	@echo "make clean         remove what the other targets made"

demo: $(VENV)/.installed
	@mkdir -p demo
	@$(BIN)/m365-restrict demo --output demo/report.html

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -n auto

crash: $(VENV)/.installed-dev
	@$(BIN)/python tools/crash_points.py

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

codes: $(VENV)/.installed-dev
	$(BIN)/python tools/write_codes.py
	$(BIN)/python tools/write_settings.py
	$(BIN)/python tools/write_lists.py

fidelity: $(VENV)/.installed-dev
	$(BIN)/python tools/write_fidelity.py

requirements: $(VENV)/.installed-dev
	$(BIN)/python tools/write_requirements.py

sharepoint: $(VENV)/.installed-dev
	$(BIN)/python tools/write_sharepoint.py

trials: $(VENV)/.installed-dev
	$(BIN)/python tools/play_trials.py

pins:
	echo 'setuptools>=77' | $(COMPILE) --output-file requirements.txt pyproject.toml -
	echo 'setuptools>=77' | $(COMPILE) --output-file requirements-dev.txt --extra dev \
		--constraint requirements.txt pyproject.toml -

clean:
	rm -rf $(VENV) demo build m365_restrict.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { \
		echo "No Python 3.11 or later with the venv module was found on the path." >&2; \
		echo "Install one (on Debian and Ubuntu: python3 and python3-venv) or name it: make PYTHON=..." >&2; \
		exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

# The stamps are written last, so an installation that was interrupted is taken up again.
$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the product needs into $(VENV) (once, a minute or two)"
	@$(PIP) install --require-hashes --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests and checks need into $(VENV)"
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@touch $@
