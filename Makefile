# One-word targets for people; `make demo` and `make test` are the two that matter.
PYTHON ?= python3
BIN := .venv/bin
ALLOW_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: help demo demo-check lab test check fix js build browser bench docs examples reference wheel bom wheel-check binder-check matrix lock clean

help: ## Say what each target does
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | column -t -s @

demo: .venv/.demo ## Open JupyterLab on the quickstart; needs no key, no network and no Node
	$(BIN)/jupyter lab $(ALLOW_ROOT) examples/quickstart.ipynb

demo-check: .venv/.demo ## Run the quickstart without a screen and print the answer
	$(BIN)/python scripts/demo_check.py

test: .venv/.dev .venv-kernel6/.done js/node_modules/.done ## Everything: lint, types, bundle, JS, Python, kernels, JupyterLab
	$(MAKE) --no-print-directory check js
	$(BIN)/python -m pytest --doctest-modules jupyter_openrouter
	$(BIN)/python -m pytest -n 3 --dist loadfile

check: .venv/.dev js/node_modules/.done ## Lint, formatting, types, and whether the committed browser code is what a build gives
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd js && npx --no-install tsc --noEmit
	cd js && node build.mjs --check

fix: .venv/.dev ## Mend what lint and formatting can mend by themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

js: js/node_modules/.done ## The browser code's own tests
	cd js && node test.mjs

build: js/node_modules/.done ## Rebuild the browser code into jupyter_openrouter/static
	cd js && node build.mjs

browser: .venv/.dev .venv-kernel6/.done ## The tests in a real JupyterLab alone
	$(BIN)/python -m pytest -m browser

bench: .venv/.dev ## Measure, beside the peers, and write benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

docs: .venv-docs/.done ## Build the documentation into build/docs, offline; warnings are errors
	.venv-docs/bin/python -m sphinx -W --keep-going -q -b html docs build/docs

examples: .venv/.dev ## Run the example notebooks and keep their outputs
	$(BIN)/python scripts/examples.py

reference: .venv/.dev ## Write what the documentation takes from the code: tables, and the outputs of its cells
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/doc_cells.py

wheel: .venv/.dev ## Build the wheel and the source distribution into dist
	$(BIN)/python -m hatchling build -d dist

bom: .venv/.dev ## Write the bill of materials that goes into the wheel
	$(BIN)/python scripts/bom.py

wheel-check: .venv/.dev ## Install the wheel into an empty environment and run the quickstart from it
	PYTHON=$(PYTHON) bash scripts/wheel-check

binder-check: .venv/.dev ## Do what Binder does in a fresh environment, and drive the quickstart in Chromium
	$(BIN)/python scripts/binder_check.py

matrix: .venv/.dev ## Try it with many versions and front ends, and write docs/where-it-works.md
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m matrix

lab: .venv/.dev ## JupyterLab on the examples, with the packages of the tests
	$(BIN)/jupyter lab $(ALLOW_ROOT) examples

lock: .venv/.dev ## Choose the newest versions that fit, and write the lock files
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --no-header --no-annotate --extra dev pyproject.toml -o requirements/dev.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --no-header --no-annotate --extra demo pyproject.toml -c requirements/dev.lock -o requirements/demo.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --no-header --no-annotate --extra bench pyproject.toml -c requirements/dev.lock -o requirements/bench.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --no-header --no-annotate --extra docs pyproject.toml -o requirements/docs.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --no-header --no-annotate pyproject.toml requirements/kernel6.in -o requirements/kernel6.lock

clean: ## Remove what the targets above have made
	rm -rf .venv .venv-kernel6 .venv-docs .venv-bench js/node_modules benchmarks/browser/node_modules build dist

# --- environments; each is made again when its lock file changes

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.demo: .venv/.python requirements/demo.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/demo.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.dev: .venv/.python requirements/dev.lock pyproject.toml
	bash scripts/system-tools
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@ .venv/.demo

.venv-kernel6/.done: requirements/kernel6.lock pyproject.toml
	$(PYTHON) -m venv .venv-kernel6
	.venv-kernel6/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/kernel6.lock
	.venv-kernel6/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv-docs/.done: requirements/docs.lock pyproject.toml
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/docs.lock
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

js/node_modules/.done: js/package-lock.json
	bash scripts/system-tools
	cd js && npm ci --silent --ignore-scripts
	@touch $@
