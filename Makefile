# make demo  - try everything       make test - every test and gate
# make check - the gates alone      make bench - ratios against baselines

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# kryten-robot installs a package of the same name as kryten-py, so it has an environment to itself.
ROBOT := .venv-robot
INSTALL := -m pip install --quiet --disable-pip-version-check
PIP := $(BIN)/python $(INSTALL)
SOURCES := src tests benchmarks

.PHONY: demo test check bench clean
.DEFAULT_GOAL := demo

demo: $(VENV)/run.stamp
	@$(BIN)/kryten-playlist demo

test: check $(ROBOT)/stamp
	$(BIN)/python -m pytest -n 4 --dist loadfile

check: $(VENV)/dev.stamp
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/pyright

bench: $(VENV)/dev.stamp
	@for each in benchmarks/[a-z]*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

$(VENV)/bin/python $(ROBOT)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; say PYTHON=python3.12, for example."; exit 1; }
	@$(PYTHON) -m venv $(dir $(@D)) \
		|| { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

BROKEN = { echo "Could not install; if this directory was moved or an installation broke off: make clean, then again."; exit 1; }

# Exactly the locked versions, then this checkout itself; neither asks for anything else.
$(VENV)/run.stamp: pyproject.toml requirements/run.lock requirements/build.lock | $(VENV)/bin/python
	@echo "Installing (once) ..."
	@$(PIP) --require-hashes -r requirements/run.lock -r requirements/build.lock || $(BROKEN)
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml requirements/dev.lock | $(VENV)/bin/python
	@echo "Installing (once) ..."
	@$(PIP) --require-hashes -r requirements/dev.lock || $(BROKEN)
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run.stamp

$(ROBOT)/stamp: requirements/robot.lock | $(ROBOT)/bin/python
	@echo "Installing the robot of the tests (once) ..."
	@$(ROBOT)/bin/python $(INSTALL) --require-hashes -r requirements/robot.lock || $(BROKEN)
	@touch $@

clean:
	rm -rf $(VENV) $(ROBOT)
