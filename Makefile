# Verbs of the project; `make help` lists them. Everything is installed below .venv, with hashes from requirements/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv from PATH, or else our own copy of it
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
ACTIONLINT_VERSION := v1.7.12
export PATH := $(abspath $(BIN)):$(PATH)
# Where it is set, every process would compile every library anew: seconds each
unexport PYTHONDONTWRITEBYTECODE
HISTORIES ?= 1000
KILLS ?= 60

.PHONY: help install demo up test prove check-bigquery lint format scan bench docs lock clean

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-15s\033[0m %s\n", $$1, $$2}'

install: $(VENV)/.installed ## Set up .venv with what running Footfall needs

demo: $(VENV)/.installed ## Make logs and take them through Airflow, Spark, the quality gate and dbt to marts
	@$(BIN)/python -m launch.demo

up: $(VENV)/.installed ## Start Airflow and the dashboard; Ctrl-C stops both
	@$(BIN)/python -m launch.up

test: $(VENV)/.installed-dev ## Run all tests
	@$(BIN)/python -m pytest

prove: $(VENV)/.installed-dev ## Prove exactness: HISTORIES generated histories, KILLS killed processes, a backfill; over an hour
	@FOOTFALL_PROVE=1 FOOTFALL_HISTORIES=$(HISTORIES) FOOTFALL_KILLS=$(KILLS) $(BIN)/python -m pytest --timeout=0 \
	tests/exactness tests/kills tests/dags

check-bigquery: $(VENV)/.installed-dev ## Type-check and execute every model on Google's SQL engine
	@$(BIN)/python -m pytest --numprocesses=0 tests/dbt_bigquery

lint: $(VENV)/.installed-dev ## Check style and types: ruff, mypy, sqlfluff, terraform fmt, actionlint
	@echo "ruff"; $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "mypy"; $(BIN)/mypy
	@echo "sqlfluff"; $(BIN)/sqlfluff lint --disable-progress-bar dbt
	@if command -v terraform >/dev/null; then echo "terraform fmt"; terraform fmt -check -recursive terraform; \
	else echo "not checked: the layout of terraform/ (terraform is not on PATH)"; fi
	@if command -v actionlint >/dev/null; then echo "actionlint"; actionlint; \
	elif GOBIN=$(abspath $(BIN)) go install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION) 2>/dev/null; \
	then echo "actionlint"; $(BIN)/actionlint; \
	else echo "not checked: .github/workflows (actionlint is not on PATH and could not be built with Go)"; fi

format: $(VENV)/.installed-dev ## Rewrite the code in the project's style
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format . ; $(BIN)/sqlfluff fix --disable-progress-bar dbt

scan: .venv-scan/.installed ## Scan terraform/ for insecure settings
	@.venv-scan/bin/checkov --config-file terraform/.checkov.yaml --directory terraform

bench: $(VENV)/.installed-dev ## Run the benchmarks; takes about two hours on two cores
	@$(BIN)/python -m benchmarks

docs: $(VENV)/.installed ## Write docs/data-contract.md from the contract
	@$(BIN)/python -m footfall.contract_page > docs/data-contract.md

lock: $(UV) ## Pin the dependencies anew
	@export UV_CUSTOM_COMPILE_COMMAND="make lock" && \
	run="--group airflow --group dashboard --group build" && \
	compile="$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11" && \
	$$compile pyproject.toml $$run --group test --group lint -o requirements/dev.lock && \
	$$compile pyproject.toml $$run -c requirements/dev.lock -o requirements/run.lock && \
	$$compile requirements/bootstrap.in -o requirements/bootstrap.lock && \
	$$compile requirements/scan.in -o requirements/scan.lock

clean: ## Remove what was installed and what the demo made
	@rm -rf $(VENV) .venv-scan .uv .footfall dbt/target dbt/logs

.uv/bin/uv:
	@echo "installing uv into .uv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Footfall needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Run: make PYTHON=/path/to/python3.12 ...")'
	@$(PYTHON) -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock

$(VENV)/bin/python: | $(UV)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)

$(VENV)/.installed: requirements/run.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing the locked dependencies into $(VENV)"
	@$(UV) pip install --require-hashes --python $(BIN)/python -r requirements/run.lock
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

$(VENV)/.installed-dev: requirements/dev.lock $(VENV)/.installed
	@echo "installing what the tests need into $(VENV)"
	@$(UV) pip install --require-hashes --python $(BIN)/python -r requirements/dev.lock
	@touch $@

.venv-scan/.installed: requirements/scan.lock | $(UV)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv-scan
	@$(UV) pip sync --quiet --require-hashes --python .venv-scan/bin/python requirements/scan.lock
	@touch $@
