# Everything a person or CI does here. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What pyproject.toml calls what the environment is for: dev, or test for the tests alone.
EXTRA := dev
# Every Python that we claim.
PYTHONS ?= $(shell sed -n 's/.*"Programming Language :: Python :: \(3\.[0-9]*\)".*/\1/p' pyproject.toml)
# The tests of what may depend on the Python, not on AWS: CI runs them on all, and everything on .venv's.
EVERY_PYTHON := tests/engine tests/policy tests/sources $(addprefix tests/deployment/,test_build.py test_deploy.py)
RULE := CONTROL_TOWER_KMS_KEY
ENV ?= example
WORKERS ?= auto
# More arguments for the command that a target runs, such as ARGS=--keep.
ARGS ?=

VERSION_OF := import sys; print(*sys.version_info[:2], sep=".")
PYTHON_OF_VENV = $(shell $(BIN)/python -c '$(VERSION_OF)')
# Where somebody asks for a Python, and .venv has another: then .venv is made anew.
IS_ASKED_FOR := $(filter command environment,$(firstword $(origin PYTHON)))
OTHER_PYTHON = $(if $(and $(IS_ASKED_FOR),$(wildcard $(STAMP))),$(filter-out $(PYTHON_OF_VENV),$(shell $(PYTHON) -c '$(VERSION_OF)')))

.PHONY: help setup demo test test-pythons check audit format build deploy undeploy deploy-organization undeploy-organization bench clean another-python

help:  ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP)  ## Make .venv with everything that is needed
	@printf '%s\n' '$(VENV) is ready. Next: make demo (the rule at work), make test, or: source $(BIN)/activate; lzkey --help'

$(STAMP): pyproject.toml $(if $(OTHER_PYTHON),another-python)
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON")'
	@printf '%s\n' 'Making $(VENV) with $(PYTHON) and everything that is needed: some 900 MB, which takes minutes ...'
	@$(PYTHON) -m venv $(if $(OTHER_PYTHON),--clear) $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRA)]'
	@touch $(STAMP)

demo: $(STAMP)  ## Deploy the rule to AWS on this machine, judge a landing zone's keys, break the good one
	$(BIN)/lzkey demo $(ARGS)

test: $(STAMP)  ## Run the tests
	$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

test-pythons:  ## Run the tests on every supported Python that this machine has; name those that it has not
	MAKE='$(MAKE)' .ci/test-pythons $(PYTHONS)

check: $(STAMP)  ## Everything CI asks for: format, lint, types, tests, rdk test-local, build, import
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/cfn-lint deploy/*.yaml
	$(MAKE) test
	cd rules && ../$(BIN)/rdk test-local $(RULE)
	$(BIN)/lzkey build example
	$(MAKE) test-pythons PYTHONS='$(filter-out $(PYTHON_OF_VENV),$(PYTHONS))' ARGS='$(EVERY_PYTHON)'

audit: $(STAMP)  ## Ask PyPI for known vulnerabilities of what .venv has; this reaches the network
	.ci/audit $(BIN)/python

format: $(STAMP)  ## Format the code, and mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

build: $(STAMP)  ## Generate the package that rdk deploys, from parameters/ENV.json
	$(BIN)/lzkey build $(ENV) $(ARGS)

deploy: $(STAMP)  ## Deploy parameters/ENV.json with rdk, and verify it
	$(BIN)/lzkey deploy $(ENV) $(ARGS)

undeploy: $(STAMP)  ## Remove what deploy made
	$(BIN)/lzkey undeploy $(ENV) $(ARGS)

deploy-organization: $(STAMP)  ## Deploy parameters/ENV.json to every account of the organization, and verify each
	$(BIN)/lzkey deploy-organization $(ENV) $(ARGS)

undeploy-organization: $(STAMP)  ## Remove what deploy-organization made
	$(BIN)/lzkey undeploy-organization $(ENV) $(ARGS)

bench: $(STAMP)  ## Measure, as ratios in one run; ARGS=--quick within three minutes
	$(BIN)/pytest tests/benchmarks --benchmark-enable --benchmark-columns min,median,rounds --numprocesses 0 $(ARGS)

clean:  ## Remove what the targets made, .venv included
	rm -rf $(VENV) .venv-* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f rules/*/*.zip
