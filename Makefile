# Everything a newcomer needs: `make demo` and `make test`. Both set themselves up.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := install --require-hashes --requirement
EDITABLE := install --no-deps --no-build-isolation --editable .
ARCHITECTURE ?= x86_64
# Bytecode is made by the Python that it is for: this one, unless another is named and installed.
RUNTIME      ?= python$(shell $(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')

.DEFAULT_GOAL := help
.PHONY: help demo sandbox test workflows browser preview screenshot lint bench lambda docs reference requirements clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Run the whole loop on the embedded sandbox, narrated
	@$(BIN)/assent demo

sandbox: $(VENV)/.demo ## Try the review in a browser: serves pull requests until Ctrl-C
	@$(BIN)/assent sandbox

test: $(VENV)/.dev lint ## Run the linters, the type checker and every test
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

workflows: $(VENV)/.dev $(VENV)-aws/.ready ## Run the GitHub workflows, and docs/deploying.md, with act (on PATH, or ASSENT_ACT)
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal tests/workflows --ignore tests/workflows/walkthrough
	@$(BIN)/python -m pytest tests/workflows/walkthrough # on a sandbox of its own, one a process

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

bench: $(VENV)/.dev $(VENV)-bench/.ready ## Count calls, time check and status beside their peers, play busy days
	@$(BIN)/python -m benchmarks

lambda: $(VENV)/.demo ## Build the Lambda's zip; ARCHITECTURE=arm64, RUNTIME=python3.12 for another one
	@$(BIN)/assent build-lambda dist/assent-lambda.zip --architecture $(ARCHITECTURE) --runtime $(RUNTIME)

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
	rm -rf $(VENV) $(VENV)-aws $(VENV)-bench $(VENV)-act .demo dist build

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

$(VENV)-aws/.ready: requirements/awscli.txt
	@echo "Installing the AWS CLI into $(VENV)-aws (once) ..."
	@$(PYTHON) -m venv $(VENV)-aws
	@$(VENV)-aws/bin/python -m pip --disable-pip-version-check --quiet $(INSTALL) requirements/awscli.txt
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
