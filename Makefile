# Jejak's commands. Needed beforehand: make and Python 3.11 or later; everything else goes into .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run run-ckan test lint bench soak pictures lock released-backup clean install install-dev

PYTHON ?=
export PYTHON
MINUTES ?= 10
export CKAN_RUN_DIR ?= /var/tmp/jejak-ckan-$(shell id -u)
ARGS ?=
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## start everything on this machine with the demo; Ctrl-C stops it
	@exec $(BIN)/jejak up --demo

run-ckan: install ## the same with a real CKAN as the portal (installs and starts one; Debian or Ubuntu)
	@tests/ckan/run_ckan.sh install && tests/ckan/run_ckan.sh start
	@trap '$(CURDIR)/tests/ckan/run_ckan.sh stop' EXIT; trap 'exit 130' INT TERM; mkdir -p var/ckan && cd var/ckan && . $(CKAN_RUN_DIR)/ckan.env && \
		JEJAK_PORTAL=$$CKAN_URL JEJAK_PORTAL_TOKEN=$$CKAN_TOKEN $(CURDIR)/$(BIN)/jejak up --demo

test: install-dev ## run the tests on a real Kafka, PostgreSQL and S3, in three processes (ARGS="-k name" for some, LONG=1 for the long ones too)
	@JEJAK_TEST_LONG=$(LONG) exec $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder $(ARGS)

lint: install-dev ## check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: install-dev ## measure speed (QUICK=1 for a short run)
	@QUICK=$(QUICK) exec $(BIN)/python -m benchmarks $(ARGS)

soak: install-dev ## break things under load for MINUTES=10
	@exec $(BIN)/python -m tests.soak --minutes $(MINUTES)

pictures: install-dev ## make the pictures of docs/pages/ anew, beside a running `make run` (needs Chromium)
	@exec $(BIN)/python -m tests.desk.pictures $(or $(ARGS),http://127.0.0.1:8000)

released-backup: install-dev ## the small back-up that a release leaves for the tests of later ones
	@exec $(BIN)/python -m tests.jejak.released

lock: install-dev ## renew the lock files and the list of Kafka's jars
	$(LOCK) --upgrade --group build -o requirements.txt
	$(LOCK) --upgrade --group build --group dev --constraint requirements.txt -o requirements-dev.txt
	$(BIN)/python -m jejak.jars > kafka.jars.new && mv kafka.jars.new jejak/kafka.jars

clean: ## remove .venv and caches, but no data (that is in var/)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

install:
	@.ci/install requirements.txt

install-dev:
	@.ci/install requirements-dev.txt
