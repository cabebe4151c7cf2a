# The course's commands. `make` alone lists them. Everything installs itself into .venv the first time.
SHELL := bash
PYTHON ?= python3
PROFILE ?= quick
JOBS ?= 2
LESSONS ?=
FORMAT ?= html
LESSON ?= 03_seq2seq
NAME ?=
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -q
PYTHON_PATH := $(patsubst ~/%,$(HOME)/%,$(PYTHON))
# A lesson takes one core, so two run beside each other, each in one process with its cells in order and no workers of its own.
SIDE_BY_SIDE := -n $(JOBS) --dist loadfile
NBVAL := COURSEKIT_PROGRESS=0 COURSEKIT_WORKERS=1 $(PYTEST) $(SIDE_BY_SIDE) --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg
TOLERANCE := COURSEKIT_CHECK=required $(PYTEST) tests/test_reference.py
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help setup reports check test editions site weights lab bench exact resolve clean distclean again

help:
	@echo "make reports    run every lesson, write reports/$(PROFILE)/index.html (PROFILE=smoke|quick|full LESSONS='01 03' JOBS=2 FORMAT=html,docx,pdf)"
	@echo "make test       unit tests, stored outputs of the notebooks, results within tolerance"
	@echo "make editions   run every student edition and grade every solved one, at the smallest scale"
	@echo "make check      format, style, types and spelling of the course's own code and prose"
	@echo "make site       the course as a static site: site/index.html (REPOSITORY=owner/name adds links to Colab and Binder)"
	@echo "make weights    train the networks that come with the course again (NAME=faces-vae, or several; all without)"
	@echo "make lab        open JupyterLab on the notebooks (ARGS='--no-browser --port 9999' and other options of jupyter lab)"
	@echo "make bench      how fast the lessons' models train on this machine"
	@echo "make exact      check one lesson as if on other processors (LESSON=03_seq2seq)"
	@echo "make resolve    do the pinned versions go together on every Python that is promised? (asks the package registry)"
	@echo "make clean      remove reports and runs, but not runs/full"
	@echo "make distclean  the same, and the virtual environment"

setup: $(STAMP)

# The stamp holds the folder: an environment that was moved or copied with it is made again.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): again
endif
$(STAMP): pyproject.toml constraints.txt setup.py
	@command -v "$(PYTHON_PATH)" >/dev/null || \
	    { echo "make: no program '$(PYTHON)': install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON_PATH)" -c 'import sys; v = sys.version.split()[0]; sys.exit(None if sys.version_info >= (3, 11) else \
	    "make: Python 3.11 or newer is needed and $(PYTHON) is " + v + ": name a newer one, as in make PYTHON=python3.12")'
	@"$(PYTHON_PATH)" tools/environment.py $(VENV)

reports: $(STAMP)
	@status=0; $(BIN)/coursekit run $(LESSONS) --profile $(PROFILE) --jobs $(JOBS) || status=$$?; \
	    if [ $$status -gt 1 ]; then exit $$status; fi; \
	    $(BIN)/coursekit report $(LESSONS) --profile $(PROFILE) --format $(FORMAT) && exit $$status

check: $(STAMP)
	@$(BIN)/ruff format --check --quiet . || { echo "make: ruff format would change files: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/python tools/spelling.py
	@echo "Format, style, types and spelling are as they should be."

test: $(STAMP)
	@OMP_NUM_THREADS=1 $(PYTEST) -n $(JOBS) tests --ignore tests/test_reference.py --ignore tests/test_whole_editions.py
ifeq ($(NOTEBOOKS),)
	@echo "There are no notebooks yet, so there are no stored outputs and no results to check."
else
	@rm -rf runs/nbval
	@COURSEKIT_RUNS="$(CURDIR)/runs/nbval" $(NBVAL) $(NOTEBOOKS)
	@COURSEKIT_RUNS="$(CURDIR)/runs/nbval" $(TOLERANCE)
endif
	@echo "All checks passed."

editions: $(STAMP)
	@OMP_NUM_THREADS=1 $(PYTEST) -n $(JOBS) tests/test_whole_editions.py

site: $(STAMP)
	@$(BIN)/coursekit site --to site $(if $(REPOSITORY),--repository $(REPOSITORY))

# Three quarters of an hour for all of them on one core. A run that was stopped goes on from its last epoch.
weights: $(STAMP)
	@COURSEKIT_PROGRESS=0 $(BIN)/python tools/weights $(NAME)

lab: $(STAMP)
	@if [ "$$(id -u)" = 0 ] && [[ "$(ARGS)" != *--allow-root* ]]; then \
	    echo "make: JupyterLab does not run as root unless told to: make lab ARGS=--allow-root"; exit 2; fi
	@JUPYTER_CONFIG_PATH="coursekit/jupyter$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH}" $(BIN)/jupyter lab notebooks $(ARGS)

bench: $(STAMP)
	@COURSEKIT_THREADS=$${COURSEKIT_THREADS:-$$(getconf _NPROCESSORS_ONLN)} $(BIN)/coursekit bench

# The same lesson with the instructions of other processors, and with two threads: same text, results within tolerance.
exact: $(STAMP)
	@check() { name=$$1; shift; echo "== $(LESSON): $$*"; rm -rf "runs/exact/$$name"; \
	        env "$$@" COURSEKIT_RUNS="$(CURDIR)/runs/exact/$$name" $(NBVAL) notebooks/$(LESSON).ipynb && \
	        env "$$@" COURSEKIT_RUNS="$(CURDIR)/runs/exact/$$name" $(TOLERANCE) -k $(LESSON); }; \
	    check default ATEN_CPU_CAPABILITY=default && \
	    check avx2 ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 && \
	    check cbwr MKL_CBWR=COMPATIBLE && \
	    check two-threads COURSEKIT_THREADS=2
	@echo "$(LESSON) agrees with its stored outputs under all four settings."

resolve: $(STAMP)
	@$(BIN)/python tools/resolve.py

clean:
	@rm -rf reports site runs/smoke runs/quick runs/nbval runs/exact runs/interactive build .pytest_cache .ruff_cache .mypy_cache
	@find coursekit tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	@rm -rf $(VENV) coursekit.egg-info
