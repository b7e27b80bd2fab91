# Two commands matter: `make run` and `make test`. Both make the environment first; both are safe to repeat.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# One process of tests more than cores, up to four (each holds torch); files stay whole, so that fixtures are made once.
SPREAD := -n auto --maxprocesses 4 --dist loadfile

.PHONY: run test suite quick lint browser data real-detector lock clean

run: $(VENV)/.run data          ## environment, embedded data, app
	$(BIN)/streamlit run app.py

test: $(VENV)/.dev              ## everything, browser tests included: the linters beside the tests
	$(MAKE) --jobs 2 suite lint

suite: $(VENV)/.dev $(VENV)/.javascript browser
	$(BIN)/python -m pytest $(SPREAD)

quick: $(VENV)/.dev             ## what is fast: the tests of an inner loop
	$(BIN)/python -m pytest $(SPREAD) -m "not slow and not browser"

lint: $(VENV)/.dev $(VENV)/.javascript   ## format, lint and types, of Python and JavaScript
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	cd tests/javascript && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent lint && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent types

data: $(VENV)/.run              ## the annotation store of the embedded home world
	$(BIN)/python -c "from ag_core.annotations.showcase_store import ensure_store; print(ensure_store())"

real-detector: $(VENV)/.run    ## a detector for real footage, fetched once and kept
	$(BIN)/python -m ag_core fetch-detector

browser: $(VENV)/.dev           ## a Chromium for the browser tests: the system's, else Playwright's own
	@command -v chromium chromium-browser google-chrome >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium; } \
	  || $(BIN)/playwright install chromium

$(VENV)/.run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) -r requirements.txt
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(PIP_INSTALL) -r requirements-dev.txt
	touch $@

$(VENV)/.javascript: $(VENV)/.dev tests/javascript/package-lock.json
	cd tests/javascript && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --no-audit --no-fund --silent
	touch $@

lock:                           ## pin every dependency anew, for every platform; needs uv
	uv pip compile --quiet --universal --no-header --no-annotate --python-version 3.11 requirements.in -o requirements.txt
	uv pip compile --quiet --universal --no-header --no-annotate --python-version 3.11 -c requirements.txt requirements-dev.in -o requirements-dev.txt

clean:                          ## forget the environment and everything the app made
	rm -rf $(VENV) .ag
