# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 7071
STATE ?= .localcloud
SBOM ?= sbom.json

.DEFAULT_GOAL := help
.PHONY: help demo up test check conformance mutation soak clients e2e e2e-short bench infra audit sbom deploy lock clean

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

# Twice quiet: pip then tells of errors only.
INSTALL := -m pip install -qq --disable-pip-version-check
# The locks name all there is, so nothing is resolved, and nothing installed that has another hash.
LOCKED := $(INSTALL) --no-deps --require-hashes

$(VENV)/.local: requirements.lock requirements-local.lock packages/localcloud/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15) and "Python 3.11 to 3.14 is needed: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(LOCKED) -r requirements.lock -r requirements-local.lock
	@$(BIN)/python $(INSTALL) --no-deps --editable packages/localcloud
	@touch $@

$(VENV)/.dev: $(VENV)/.local requirements-dev.lock
	@$(BIN)/python $(LOCKED) -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.local  ## migrate a managed image on the embedded local cloud, start to end
	@$(BIN)/python -m demo

up: $(VENV)/.local  ## keep the local cloud running in the foreground (PORT=7071 STATE=.localcloud)
	@exec $(BIN)/python -m demo up --port $(PORT) --state $(STATE)

# Azurite, for the tests of the records in Table storage, and oav, for those of the local ARM's answers; they skip where
# npm is missing.
node_modules/.installed: package-lock.json
	@if command -v npm >/dev/null; then \
	npm ci --silent --no-audit --no-fund && touch $@ || echo 'npm ci failed: tests on Azurite and with oav skip'; fi

# Four processes also on two cores: much of a test is waiting for the processes that it starts or kills.
test: $(VENV)/.dev node_modules/.installed  ## all tests
	@$(BIN)/python -m pytest --numprocesses 4 --dist loadfile

# `func` from PATH, else the Functions host for tests beside the checkout. Much of it is waiting: two at a time, the longest
# first, which are few in their files.
ON_FUNC = PATH="$$PATH:$(abspath ../shared/tools/functions-host/bin)" GALLERY_MIGRATOR_E2E=1 \
	$(BIN)/python -m pytest -rs --host func --numprocesses 2 --dist loadfile --no-loadscope-reorder --timeout 600

e2e: $(VENV)/.dev node_modules/.installed  ## all that needs no moved clock on func and Azurite, if they are there
	@$(ON_FUNC) tests/e2e/proofs tests/e2e tests/scenarios

e2e-short: $(VENV)/.dev node_modules/.installed  ## each outcome, a dead worker and a dead host, on func
	@$(ON_FUNC) tests/e2e --ignore tests/e2e/proofs

conformance: $(VENV)/.dev  ## the embedded Functions runtime against recordings of the real extension (HOST=func: that one)
	@$(BIN)/python -m tests.conformance.run $(if $(HOST),--host $(HOST))

mutation: $(VENV)/.dev  ## change one operator of domain/ at a time: its tests must notice (MODULE=domain/ids.py: there only)
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.mutation.run $(MODULE)

bench: $(VENV)/.dev node_modules/.installed  ## benchmarks; they print figures and gate nothing (half an hour where func is)
	@for benchmark in benchmarks/*.py; do PYTHONPATH=. $(BIN)/python $$benchmark; done

# With SEEDS the proof that nobody loses an image, from so many seeds; else the kills.
soak: $(VENV)/.dev node_modules/.installed  ## kill the app over and over (HOST=func KILLS=100 WORKER_KILLS=30 SEED=1), or the proof about deletions (SEEDS=10 SEED=1)
	@$(if $(SEEDS),$(BIN)/python -m tests.proof.soak --seeds $(SEEDS) $(if $(SEED),--seed $(SEED)),\
	$(BIN)/python -m tests.crash.soak --host $(or $(HOST),embedded) --kills $(or $(KILLS),100) \
	--worker-kills $(or $(WORKER_KILLS),30) $(if $(SEED),--seed $(SEED)))

infra: $(VENV)/.dev  ## compile and lint the Bicep templates, and hold them to the app (bicep on PATH or beside the checkout)
	@$(BIN)/python -m pytest -q -rs tests/infra

check: $(VENV)/.dev  ## formatting, lint and types
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

# Other people's clients of Azure, for `make clients`. One that cannot be had is not there, and its tests skip. Compiling all
# modules beforehand would take minutes; most are never imported.
CLIENTS := packages/localcloud/tests/clients
JAVASCRIPT := $(CLIENTS)/javascript/node_modules
INSTALLED_CLIENTS := $(patsubst %,.clients/%/.installed,az ansible sdks) .clients/armcompute $(JAVASCRIPT)/.installed

.clients/%/.installed: $(CLIENTS)/requirements-%.lock
	@test -x .clients/$*/bin/python || $(PYTHON) -m venv .clients/$*
	@if .clients/$*/bin/python $(LOCKED) --no-compile -r $<; then touch $@; \
	else rm -rf .clients/$*; echo 'pip failed: the tests of $* skip'; fi

$(JAVASCRIPT)/.installed: $(CLIENTS)/javascript/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix $(<D) --silent --no-audit --no-fund && touch $@ \
	|| { rm -rf $(@D); echo 'npm ci failed: the tests of the JavaScript SDKs skip'; }; fi

.clients/armcompute: $(addprefix $(CLIENTS)/go/,go.mod go.sum main.go operations.go kinds.go)
	@mkdir -p $(@D)
	@if command -v go >/dev/null; then cd $(<D) && go mod download && go build -buildvcs=false -o $(abspath $@) . \
	|| { rm -f $(abspath $@); echo 'go build failed: the tests of the Go SDK skip'; }; fi

clients: $(VENV)/.dev node_modules/.installed $(INSTALLED_CLIENTS)  ## az, Ansible, SDKs against the local ARM (installed first)
	@GALLERY_MIGRATOR_CLIENTS=1 $(BIN)/python -m pytest -rs -m clients --numprocesses 2 --dist loadfile $(CLIENTS)

# Tools that look at the locks, in an environment of their own: nothing of the app needs them.
.audit/.installed: requirements-audit.lock
	@test -x .audit/bin/python || $(PYTHON) -m venv .audit
	@.audit/bin/python $(LOCKED) -r $<
	@touch $@

audit: $(VENV)/.dev .audit/.installed  ## is a vulnerability of a locked package known? (skips where the database is not reachable)
	@$(BIN)/python -m tests.supply_chain.audit --auditor .audit/bin/pip-audit $(wildcard requirements*.lock)

# The warning is that the list does not say what pulled in what; the lock does not either.
sbom: .audit/.installed  ## what is deployed, as CycloneDX (SBOM=sbom.json)
	@.audit/bin/python -W ignore::UserWarning -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
	--output-reproducible --output-format JSON --output-file $(SBOM)

deploy:  ## azd up: make everything in Azure and deploy the app, signed in before; in a workflow by its own token
	@.ci/deploy

# For every Python and system at once. Each lock adds to those before it; what stands in one stays: delete it to upgrade.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --custom-compile-command 'make lock'
but_for = $$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' $(1))

lock: $(VENV)/.dev  ## the locks (requirements*.lock) anew, from requirements*.txt
	@$(COMPILE) requirements.txt -o requirements.lock
	@$(COMPILE) requirements-local.txt $(call but_for,requirements.lock) -o requirements-local.lock
	@$(COMPILE) requirements-dev.txt $(call but_for,requirements.lock requirements-local.lock) -o requirements-dev.lock
	@$(COMPILE) requirements-audit.txt -o requirements-audit.lock
	@for client in az ansible sdks; do \
	$(COMPILE) $(CLIENTS)/requirements-$$client.txt -o $(CLIENTS)/requirements-$$client.lock; done

clean:  ## remove what the targets made
	rm -rf $(VENV) .audit .clients $(JAVASCRIPT) node_modules .localcloud
