# `make start` and `make test` are all that a newcomer needs; every target installs what it lacks.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
CATALOGUES := $(wildcard locale/*/LC_MESSAGES/django.po)
# Named by a checksum of what is installed, so that a run without changes needs no network.
INSTALLED := .venv/installed-$(shell sed '/^\[tool[.]/,$$d' pyproject.toml | cat - requirements.lock | cksum | tr ' ' -)

.DEFAULT_GOAL := help
.PHONY: help install start test test-one search shell check lock format messages browser bench drill faults mutants audit clean

help:
	@echo "make start    run everything here, with demo orders (PORT=$(PORT))"
	@echo "make test     run all tests"
	@echo "make test-one TEST=tests/ingest/test_record.py   run one file, folder or test"
	@echo "make search   look for counterexamples in the property tests, with random examples (EXAMPLES=1000)"
	@echo "make shell    open a Python shell with Django set up"
	@echo "make check    run linters, type checker, layers, migrations, messages"
	@echo "make format   format the code and fix what the linter can fix"
	@echo "make messages bring new texts into the message catalogues (needs GNU gettext)"
	@echo "make bench    measure speeds: a table, and bench.json (ROWS=\"5 7\" for some)"
	@echo "make drill    kill workers while they send notices, and count what arrives"
	@echo "make faults   send webhooks through faults and overload, and compare with the truth (DATABASE=postgresql RATE=60)"
	@echo "make mutants  change the code in one place at a time, and count what its tests notice (MODULES=\"timeline\" SAMPLE=30)"
	@echo "make audit    check every state's page with axe and Lighthouse, at all widths; a report with pictures (STATES=\"delayed\" for some)"
	@echo "make lock     update requirements.lock"
	@echo "make clean    remove the virtual environment and caches"

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
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python -r pyproject.toml --group dev -c requirements.lock --verify-hashes
	@rm -f .venv/installed*
	@touch $@

.venv/messages: $(INSTALLED) $(CATALOGUES)
	@$(BIN)/python -m tracking.localization.catalogues locale
	@touch $@

# `exec`: a signal to make reaches the supervisor itself, not a shell that may not pass it on.
start: install
	@PORT=$(PORT) exec $(MANAGE) start

# A shell on the same database as `make start`.
shell: install
	$(MANAGE) shell

browser: install
	@$(BIN)/python -m tests.chromium

# All tests on SQLite, then those that use the database once more on PostgreSQL. The browser's driver keeps an event loop
# running in its process, so the browser tests have processes of their own.
test: install browser
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not browser"
	$(BIN)/python -m pytest -n 2 --dist loadfile -m browser
	TEST_DATABASE=postgresql $(BIN)/python -m pytest -n 2 --dist worksteal -m "database and not browser"

# The browser's tests need Chromium; `make browser` installs it.
test-one: install
	$(BIN)/python -m pytest --tb=short $(TEST)

# `make test` runs the same examples each time; this runs new ones: where a test has 100 there, it has EXAMPLES here.
search: install
	EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -n 2 --dist worksteal -m hypothesis --hypothesis-profile=search $(TEST)

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
	$(BIN)/python -m pip install -qq --disable-pip-version-check uv
	$(BIN)/uv pip compile --system-certs pyproject.toml --group dev --universal --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --quiet --upgrade -o requirements.lock

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Needs GNU gettext. New texts are added without translation; `make check` names them until they are translated.
messages: install
	$(MANAGE) update_messages

# Each speed is a ratio to a floor or a peer measured in the same run: see tests/bench/README.md.
bench: install
	$(BIN)/python -m tests.bench $(ROWS)

# Exits with an error if a notice is lost.
drill: install
	$(BIN)/python -m tests.drills

# Exits with an error if an accepted webhook is lost, doubled or concluded wrongly, or if any answer is 500.
faults: install
	$(BIN)/python -m tests.drills.faults

# Exits with an error if the tests of a module notice fewer than nine of ten changes: see tests/mutants/README.md.
mutants: install
	$(BIN)/python -W ignore -m tests.mutants $(MODULES) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

# Exits with an error if a page breaks a rule of accessibility, overflows or is too large: see tests/audit/README.md.
audit: install browser
	$(BIN)/python -m tests.audit $(STATES)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
