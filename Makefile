# `make start` and `make test` are all that a newcomer needs; both set up what is missing first.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
CATALOGUES := $(wildcard locale/*/LC_MESSAGES/django.po)
# A checksum and not a date: where nothing changed that is installed, no network is needed.
INSTALLED := .venv/installed-$(shell sed '/^\[tool[.]/,$$d' pyproject.toml | cat - requirements.lock | cksum | tr ' ' -)

.DEFAULT_GOAL := help
.PHONY: help install start test check lock format messages browser bench drill clean

help:
	@echo "make start    run everything here, with demo orders (PORT=$(PORT))"
	@echo "make test     all tests"
	@echo "make check    linters, types, migrations, messages"
	@echo "make bench    speeds, as a table and in bench.json"
	@echo "make drill    workers killed while they send notices, and what arrived"

install: $(INSTALLED) .venv/messages

.venv/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "Python 3.11 is needed and was not found. Name it with PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "Making the virtual environment"
	@$(PYTHON) -m venv .venv
	@touch $@

$(INSTALLED): .venv/python
	@echo "Installing the locked dependencies"
	@sed -n '/^uv==/,/[^\]$$/p' requirements.lock > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python -r pyproject.toml --group dev -c requirements.lock --verify-hashes
	@rm -f .venv/installed*
	@touch $@

.venv/messages: $(INSTALLED) $(CATALOGUES)
	@$(BIN)/python -m tracking.localization.catalogues locale
	@touch $@

start: install
	@PORT=$(PORT) $(MANAGE) start

browser: install
	@$(BIN)/python -m tests.chromium

# The whole suite on SQLite, then what touches the database once more on PostgreSQL. The browser's driver keeps an event
# loop running in its process, so its tests have one of their own.
test: install browser
	$(BIN)/python -m pytest -n 2 -m "not browser"
	$(BIN)/python -m pytest -n 2 --dist loadfile -m browser
	TEST_DATABASE=postgresql $(BIN)/python -m pytest -n 2 -m "database and not browser"

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/codespell
	$(MANAGE) check
	$(MANAGE) makemigrations --check --dry-run
	$(MANAGE) check_messages

lock: .venv/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --system-certs pyproject.toml --group dev --universal --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --quiet --upgrade -o requirements.lock

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Needs GNU gettext. New sentences arrive in each catalogue empty; `make check` names them until they are translated.
messages: install
	$(MANAGE) update_messages

# Speeds against floors and peers measured in the same run: SPEED in tracking/README.md says what each row means.
bench: install
	$(BIN)/python -m tests.bench $(ROWS)

# Workers killed in the middle of sending, and what arrived: nothing lost, nothing twice that need not be.
drill: install
	$(BIN)/python -m tests.drills

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
