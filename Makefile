# The course's commands. `make` alone lists them. Everything installs itself into .venv the first time.
SHELL := bash
PYTHON ?= python3
PROFILE ?= quick
JOBS ?= 2
LESSONS ?=
FORMAT ?= html
LESSON ?= 03_seq2seq
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -q
# A lesson takes one core, so two run beside each other, each in one process with its cells in order and no workers of its own.
SIDE_BY_SIDE := -n $(JOBS) --dist loadfile
NBVAL := COURSEKIT_PROGRESS=0 COURSEKIT_WORKERS=1 $(PYTEST) $(SIDE_BY_SIDE) --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg
TOLERANCE := COURSEKIT_CHECK=required $(PYTEST) tests/test_reference.py
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help setup reports test lab bench exact clean distclean

help:
	@echo "make reports    run every lesson, write reports/$(PROFILE)/index.html (PROFILE=smoke|quick|full LESSONS='01 03' JOBS=2 FORMAT=html,docx,pdf)"
	@echo "make test       unit tests, stored outputs of the notebooks, results within tolerance"
	@echo "make lab        open JupyterLab on the notebooks"
	@echo "make bench      how fast the lessons' models train on this machine"
	@echo "make exact      check one lesson as if on other processors (LESSON=03_seq2seq)"
	@echo "make clean      remove reports and runs, but not runs/full"
	@echo "make distclean  the same, and the virtual environment"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || \
	    { echo "make: no program '$(PYTHON)': install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(None if sys.version_info >= (3, 11) else \
	    "make: Python 3.11 or newer is needed and $(PYTHON) is " + v + ": name a newer one, as in make PYTHON=python3.12")'
	@test -x $(BIN)/pip || { echo "Setting up $(VENV) (once; torch and the rest take a minute or more) ..."; \
	    $(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }; }
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

reports: $(STAMP)
	@status=0; $(BIN)/coursekit run $(LESSONS) --profile $(PROFILE) --jobs $(JOBS) || status=$$?; \
	    if [ $$status -gt 1 ]; then exit $$status; fi; \
	    $(BIN)/coursekit report $(LESSONS) --profile $(PROFILE) --format $(FORMAT) && exit $$status

test: $(STAMP)
	@OMP_NUM_THREADS=1 $(PYTEST) -n $(JOBS) tests --ignore tests/test_reference.py
ifeq ($(NOTEBOOKS),)
	@echo "There are no notebooks yet, so there are no stored outputs and no results to check."
else
	@rm -rf runs/nbval
	@COURSEKIT_RUNS=$(CURDIR)/runs/nbval $(NBVAL) $(NOTEBOOKS)
	@COURSEKIT_RUNS=$(CURDIR)/runs/nbval $(TOLERANCE)
endif
	@echo "All checks passed."

lab: $(STAMP)
	@$(BIN)/jupyter lab notebooks

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

clean:
	@rm -rf reports runs/smoke runs/quick runs/nbval runs/exact runs/interactive .pytest_cache
	@find coursekit tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	@rm -rf $(VENV) coursekit.egg-info
