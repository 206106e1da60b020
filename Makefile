# `make run` opens a registry, `make test` proves it, `make check` reads it. Nothing is needed but Python 3.11.

PYTHON ?= python3.11
VENV ?= .venv
PORT ?= 8000
MLFLOW_PORT ?= 5001
HOST ?= 127.0.0.1
DEMO ?= 1
BIN = $(VENV)/bin

.PHONY: run test check chromium clean

run: $(VENV)/.installed
	@exec $(BIN)/python manage.py up --host $(HOST) --port $(PORT) --mlflow-port $(MLFLOW_PORT) $(if $(filter 0 no false,$(DEMO)),--no-demo)

# What talks to the database in its own words runs on PostgreSQL too, where its programs are installed.
ON_POSTGRES = tests/registry_ui/jobs tests/registry_ui/catalog tests/registry_ui/accounts

# Each test process has servers and a var folder of its own, so they run beside each other, a file at a time.
TESTERS ?= $(shell nproc 2>/dev/null || echo 2)

test: check chromium
	$(BIN)/python -m tests.on_postgres $(ON_POSTGRES)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TESTERS) --dist loadfile

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	SECRET_KEY=only-for-this-check-only-for-this-check-only-for-this-check REGISTRY_BEHIND_TLS=true REGISTRY_VAR_DIR=$(VENV)/check \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	REGISTRY_VAR_DIR=$(VENV)/check $(BIN)/python manage.py makemigrations --check --dry-run

# The browser tests drive Debian's Chromium; a run without it fails, it does not skip.
chromium:
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; \
	else echo "make test needs Chromium: install your system's package 'chromium', then run it again." >&2; exit 1; fi

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
	@echo "The registry's own data are kept in var/; remove that folder yourself to start from nothing."

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "Python 3.11 is needed and '$(PYTHON)' is not on the PATH. Install it (Debian: python3.11 python3.11-venv)," >&2; \
		echo "or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
		echo "Python 3.11 is needed; '$(PYTHON)' is $$($(PYTHON) --version)." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); echo "'$(PYTHON)' cannot make virtual environments; Debian's package for that is python3.11-venv." >&2; exit 1; }

# Each stamp is younger than what it was installed from, so a second start installs nothing.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what the registry needs; the first time takes some minutes."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what the tests need."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(VENV)/.installed $@
