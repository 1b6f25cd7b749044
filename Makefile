# Every target sets up what it needs in .venv. The first: the main job.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input

COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade \
	--custom-compile-command "make lock"

.PHONY: run test check bench soak image-check lock format clean

run: $(VENV)/.run ## start the bot, or the console without a token
	@$(BIN)/aiterms run

test: $(VENV)/.dev ## run the tests
	$(BIN)/python -m pytest

check: $(VENV)/.dev ## lint, format, types, image, knowledge
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/hadolint Dockerfile
	$(BIN)/aiterms check

bench: $(VENV)/.dev ## measure, beside what people would use instead
	$(BIN)/python -m benchmarks

soak: $(VENV)/.dev ## run what takes long: a million events, kills, crashes, storms of refusals, eight shards
	$(BIN)/python -m tests.soak $(TOPIC)

image-check: $(VENV)/.dev ## build the image without a Docker engine, and try it (Debian, root)
	tools/try_image.sh

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.dev ## renew the locks: what runs, what builds, what develops
	$(COMPILE) --extra open-models --extra postgres -o requirements.lock pyproject.toml
	$(COMPILE) -c requirements.lock -o requirements-build.lock requirements-build.in
	$(COMPILE) --extra open-models --extra postgres --group dev -c requirements.lock -c requirements-build.lock \
		-o requirements-dev.lock pyproject.toml requirements-build.in

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock requirements-build.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV) ..." >&2
	@$(INSTALL) --require-hashes -r requirements.lock -r requirements-build.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV) ..." >&2
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) dist .pytest_cache .ruff_cache .hypothesis
