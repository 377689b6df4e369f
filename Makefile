# Everything a newcomer needs: `make demo` and `make test`. Both set themselves up.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := install --require-hashes --requirement
EDITABLE := install --no-deps --no-build-isolation --editable .

.DEFAULT_GOAL := help
.PHONY: help demo sandbox test browser preview screenshot lint bench lambda docs reference requirements clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Run the whole loop on the embedded sandbox, narrated
	@$(BIN)/assent demo

sandbox: $(VENV)/.demo ## Try the review in a browser: serves pull requests until Ctrl-C
	@$(BIN)/assent sandbox

test: $(VENV)/.dev lint ## Run the linters, the type checker and every test
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

browser: $(VENV)/.browser ## Run the tests that need a browser (Chromium, installed already)
	@$(BIN)/python -m pytest tests/browser

preview: $(VENV)/.demo ## Render the golden pull request bodies to dist/preview, in GitHub's style
	@$(BIN)/python -m assent.sandbox.web.preview dist/preview tests/core/pages/*.md

screenshot: $(VENV)/.browser ## Take docs/approvers.png anew (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshot docs/approvers.png

lint: $(VENV)/.dev ## Only the linters and the type checker
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.dev $(VENV)-bench/.ready ## Count calls, and time check and status beside their peers
	@$(BIN)/python -m benchmarks

lambda: $(VENV)/.dev ## Build the Lambda's zip, for this machine's Python
	@$(BIN)/python infra/build_lambda.py dist/assent-lambda.zip
	@ls -l dist/assent-lambda.zip

docs: $(VENV)/.docs ## Build the documentation's site into dist/site, and check it
	@rm -rf dist/site
	@$(BIN)/sphinx-build --quiet --fail-on-warning --nitpicky --keep-going \
		--conf-dir docs --doctree-dir dist/doctrees . dist/site
	@$(BIN)/python -m pytest --quiet tests/docs/built_site.py
	@echo "dist/site/index.html is the start; links elsewhere are listed in dist/site/addresses.txt"

reference: $(VENV)/.dev ## Write docs/reference anew, from schemas/ and its examples
	@$(BIN)/python docs/_ext/reference.py

requirements: ## Compile requirements/*.txt anew (needs uv)
	@requirements/compile

clean: ## Remove what the targets above made
	rm -rf $(VENV) $(VENV)-bench .demo dist build

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Assent needs Python 3.11 or newer; set PYTHON=...") if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(BIN)/python
	@echo "Installing the demo's requirements into $(VENV) (once) ..."
	@$(PIP) $(INSTALL) requirements/demo.txt
	@$(PIP) $(EDITABLE)
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing the development requirements into $(VENV) (once) ..."
	@$(PIP) $(INSTALL) requirements/dev.txt
	@$(PIP) $(EDITABLE)
	@touch $@ $(VENV)/.demo

$(VENV)/.browser: requirements/browser.txt $(VENV)/.dev
	@echo "Installing what drives the browser into $(VENV) (once) ..."
	@$(PIP) $(INSTALL) requirements/browser.txt
	@touch $@

$(VENV)/.docs: requirements/docs.txt $(VENV)/.dev
	@echo "Installing what builds the site into $(VENV) (once) ..."
	@$(PIP) $(INSTALL) requirements/docs.txt
	@touch $@

$(VENV)-bench/.ready: requirements/bench.txt
	@echo "Installing the peers into $(VENV)-bench (once) ..."
	@$(PYTHON) -m venv $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip --disable-pip-version-check --quiet $(INSTALL) requirements/bench.txt
	@touch $@
