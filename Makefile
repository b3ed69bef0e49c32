# Two commands matter: `make demo` starts everything with a simulator, `make test` checks everything; with
# PostgreSQL and Redis: `.ci/services make test`.

SHELL := /bin/sh
PY := .venv/bin/python
PYTEST := $(PY) -m pytest
ON_SQLITE := compile lint types project unit kills e2e browser
ON_ENGINES := unit-engines kills-engines e2e-engines
END_TO_END = $(shell grep -rl --include='test_*.py' 'mark\.end_to_end' tests)
ENGINE ?= sqlite
CALLS ?= 10000
RUNTIME := .venv/.installed
DEV := .venv/.installed-dev
BROWSER_LANGUAGES := en fa
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help install demo up init setup test compile lint types project unit e2e browser kills deploy docs image faults figures engines
.PHONY: security contracts weak scan mutants benchmarks messages upgrades clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

$(RUNTIME): pyproject.toml uv.lock .ci/venv
	@.ci/venv

$(DEV): pyproject.toml uv.lock .ci/venv
	@.ci/venv dev

install: $(RUNTIME) ## Install what running needs into .venv

setup: $(DEV) ## Install everything that developing needs into .venv

init: $(RUNTIME) ## Write a development .env with fresh keys, unless there is one; no demo
	@$(PY) manage.py init

demo: $(RUNTIME) ## Start it all with a simulator, demo people and three log-ins; Ctrl-C ends it
	@$(PY) manage.py init --demo
	@$(PY) manage.py up --demo

up: init ## Start it with what is in .env; Ctrl-C ends it
	@$(PY) manage.py up

test: $(DEV) ## Check everything side by side: style, types, layers, messages, tests
	@.ci/need chromium gettext
	@$(PY) .ci/stages $(ON_SQLITE) $(if $(TEST_DATABASE_URL),$(ON_ENGINES))

lint: $(DEV) ## Style of Python, templates and containers, who imports whom, and that what is imported is declared
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-logo
	.venv/bin/deptry --no-ansi .
	.venv/bin/djlint --check --lint templates
	# Where it is there (Debian: the package prometheus); that every metric exists is checked by the tests anyway.
	@if command -v promtool >/dev/null; then promtool check rules docs/monitoring/alerts.yaml \
	  && promtool test rules tests/callcenter/monitoring/alert_cases.yaml; fi
	.venv/bin/hadolint Dockerfile
	.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml

types: $(DEV) ## Types
	.venv/bin/mypy

project: $(DEV) ## Migrations, settings of a production start, translations
	$(PY) manage.py makemigrations --check --dry-run --settings tests.settings
	.ci/production $(PY) manage.py check --deploy --fail-level WARNING
	.ci/messages

compile: $(DEV) ## Read all code once, so that no later process compiles it
	$(PYTEST) -n 0 -qq --collect-only

unit: $(DEV) ## Tests without processes or a browser
	@.ci/need gcc libc6-dev
	$(PYTEST) -n 3 --dist worksteal -m "not browser and not end_to_end and not faults and not deploy and not upgrades" $(TESTS) $(PYTEST_MORE)

security: $(DEV) ## Attacks on the web server and its pages, whole; `make unit` runs their short form
	# Side by side: what is compared is compared with itself, and the walk is cut into parts.
	SECURITY=full $(PYTEST) -n 2 --dist worksteal tests/security tests/test_parameters.py tests/test_request_limits.py tests/test_one_at_a_time.py \
	  tests/test_made_once.py tests/campaigns/contacts/importing/files/test_parser.py

contracts: $(DEV) ## Ask the API long for whatever its schema allows, and more; send webhooks to hostile receivers
	CONTRACTS=full $(PYTEST) -n 0 tests/callcenter/api_site/test_contract.py \
	  tests/callcenter/webhooks_out/test_hostile_receivers.py

weak: $(DEV) ## Read the product with bandit; ask for known weaknesses of the packages in the lock file
	@.ci/weak

scan: $(DEV) ## Let a web scanner attack a demo of its own, with every role's session
	@.ci/scan-tools
	$(PY) .ci/scan

e2e: $(DEV) ## The whole product as real processes over real HTTP
	# A process each: they mostly wait. Only their files: each process that collected all tests would take as long as they.
	$(PYTEST) -n 5 -m end_to_end $(or $(TESTS),$(END_TO_END))

upgrades: $(DEV) ## An upgrade in mid campaign, the old web beside the new tables, a move to PostgreSQL
	$(PYTEST) -n 0 -m upgrades tests/upgrades tests/moving

browser: $(DEV) ## Tests in a real Chromium, in English and in Persian; `make test` walks through the English ones
	@.ci/need chromium
	BROWSER_LANGUAGES="$(BROWSER_LANGUAGES)" $(PYTEST) -n 0 -m browser tests/browser

kills: $(DEV) ## The fault runs in their short form: workers die while a broken vendor is dialled
	# Side by side: they mostly wait.
	$(PYTEST) -n 3 -m faults tests/faults

deploy: $(DEV) ## Ask compose, the proxy and systemd about compose.yaml, deploy/Caddyfile and the units
	@.ci/need docker-compose systemd
	$(PYTEST) -n 0 -m deploy tests/deploy

docs: $(DEV) ## Run the commands of README.md and docs/ in a clone that is thrown away
	@.ci/need curl systemd
	@.ci/services $(PY) .ci/docs $(PAGES)

image: ## Build the container image, where there is something that builds images
	@.ci/image

faults: $(DEV) ## The fault runs at full length, on both engines: kills, broken vendors, crashes
	@.ci/need postgresql redis-server
	FAULTS=full $(PYTEST) -n 0 -m faults tests/faults

figures: $(DEV) ## The printed figures on one engine: make figures ENGINE=postgres CALLS=10000
	@.ci/need postgresql
	FAULTS=full FAULTS_ENGINE=$(ENGINE) FAULTS_CALLS=$(CALLS) $(PYTEST) -n 0 -m faults -k "at_random or two_minutes or after_a_stop or database_crashes or restored_backup" tests/faults

engines: $(DEV) ## What touches the database, on the engines of TEST_DATABASE_URL and TEST_REDIS_URL
	@test -n "$$TEST_DATABASE_URL" || { echo "Run it as: .ci/services make engines" >&2; exit 1; }
	@$(PY) .ci/stages $(ON_ENGINES)

mutants: $(DEV) ## Break the code on purpose: every mutant must be caught by a test
	$(PY) -m tests.faults.mutants

benchmarks: $(DEV) ## Each prints a ratio against a named baseline
	@$(PY) -c 'import import_export, locust' 2>/dev/null || .venv/bin/uv sync --quiet --frozen --inexact --all-extras --group dev --group benchmarks
	@for name in dispatch poll retention one_line importing exporting browse browsers; do printf '\n== %s\n' "$$name"; $(PY) -m "benchmarks.$$name" || exit 1; done

messages: $(DEV) ## Collect the sentences to translate and compile the translations
	@.ci/need gettext
	$(PY) manage.py makemessages --locale fa --no-location --no-obsolete --ignore '.venv/*' --ignore 'var/*' --settings tests.settings
	$(PY) manage.py compilemessages --ignore '.venv*' --settings tests.settings

clean: ## Remove what was built; .env and the data in var/ stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache var/tests var/static var/stages var/stages.txt
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
