# Two commands do all the set-up: `make serve` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
SERVER ?= http://$(HOST):$(PORT)
# An index to take torch from, for instance one of CPU-only wheels, a tenth of the size.
TORCH_INDEX ?=
# 1: with torch; 0: without it, for a CPU and models with a graph; left out: with it on an NVIDIA GPU.
TORCH ?=
GPU := $(wildcard /dev/nvidiactl /usr/lib/wsl/lib/libcuda.so.1)
WITH_TORCH := $(filter-out 0,$(or $(TORCH),$(GPU)))
SERVED := serve$(if $(WITH_TORCH),-torch)
DONE := $(VENV)/.done-
# What tests and checks install is locked; `make serve` takes the newest.
LOCKED := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt
# Not the file with the most tests first: those of a folder share a server, which starts once a process.
IN_ORDER := --dist loadfile --no-loadscope-reorder
# What is checked before a large download; a Python that is asked for must be the environment's.
CHECK = -m cli.serve.install_check --torch-index '$(TORCH_INDEX)' $(if $(filter-out file,$(origin PYTHON)),--python '$(PYTHON)')
torch = $(if $(TORCH_INDEX),$(BIN)/pip install $(1) --index-url $(TORCH_INDEX) torch torchvision,:)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help serve redis test check format hooks lock bench chaos siege demo clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(DONE)$(SERVED) ## Run everything on this machine (HOST=, PORT=, REDIS_URL=); Ctrl-C stops it
	@exec env HOST=$(HOST) PORT=$(PORT) $(BIN)/cropshield serve

test: $(DONE)test ## Run all tests, with a real Redis and real workers
	@$(LOCKED) $(BIN)/python -m tests.programs
	@$(BIN)/python -m pytest --numprocesses auto $(IN_ORDER) $(ARGS)

check: $(DONE)test ## Format, lint, types, import rules, commit subjects
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m scripts.check_subjects

format: $(DONE)test ## Format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

hooks: $(DONE)test ## Have git run the checks before commits and pushes
	@git config cropshield.environment '$(abspath $(VENV))'
	@$(BIN)/pre-commit install

lock: $(DONE)venv ## Choose the versions anew that tests and checks install (ARGS=)
	@$(BIN)/pip install --quiet --group lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-annotate $(ARGS) \
		--custom-compile-command 'make lock' --all-extras --group test --group check --group benchmarks --group unlisted \
		pyproject.toml client/pyproject.toml --output-file constraints.txt

# precision is left out: it needs photos, make bench-precision ARGS="--data FOLDER".
BENCHES := scale gpu $(filter-out precision,$(patsubst benchmarks/%.py,%,$(wildcard benchmarks/[a-z]*.py)))

bench: $(BENCHES:%=bench-%) ## Measure everything; `make bench-engine` and so on for one (ARGS=)

bench-%: $(DONE)bench
	@$(BIN)/python -m benchmarks.$* $(ARGS)

chaos: $(DONE)test ## Kill workers, Redis and the API while 2,000 photos are explained (ARGS=--sentinel)
	@$(BIN)/python -m benchmarks.chaos --keep $(ARGS)

siege: $(DONE)test ## Attack the server of `make serve`, and say what an honest client sees (ARGS=)
	@$(BIN)/python -m benchmarks.siege --server $(SERVER) $(ARGS)

demo: $(DONE)$(SERVED) ## Drawn leaves through a running server, explain and audit; all of it in demo/
	@$(BIN)/cropshield demo --server $(SERVER) --out demo
	@$(BIN)/cropshield explain demo/leaves --out demo/explained
	@$(if $(WITH_TORCH),$(BIN)/cropshield audit demo/leaves --out demo/audited --faithfulness 8,echo "an audit needs torch: make demo TORCH=1")

clean: ## Remove the environment and caches; state in var/ stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist demo
	@find . -name __pycache__ -not -path './var/*' -exec rm -rf {} +

$(DONE)venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; this is " + sys.version.split()[0])'
	@echo "making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet 'pip>=25.3'
	@touch $@

# Looked for every time, since REDIS_URL may be given once and not the next time.
redis: $(DONE)venv
	@$(BIN)/python $(CHECK) $(if $(WITH_TORCH),,--without-torch)

$(DONE)serve: $(DONE)venv pyproject.toml client/pyproject.toml | redis
	@$(BIN)/pip install $(if $(wildcard $@),--quiet) --editable '.[api,cpu,s3,folders]' --editable ./client
	@touch $@

$(DONE)serve-torch: $(DONE)venv pyproject.toml client/pyproject.toml | redis
	@$(call torch,)
	@$(BIN)/pip install $(if $(wildcard $@),--quiet) --editable '.[all]' --editable ./client
	@touch $@ $(DONE)serve

$(DONE)test: $(DONE)venv pyproject.toml client/pyproject.toml constraints.txt
	@$(LOCKED) $(BIN)/python $(CHECK) --own-redis
	@$(LOCKED) $(call torch,--quiet)
	@$(LOCKED) $(BIN)/pip install --quiet --editable '.[all]' --editable './client[shrink]' --group test --group check
	@touch $@ $(DONE)serve $(DONE)serve-torch

$(DONE)bench: $(DONE)test
	@$(LOCKED) $(BIN)/pip install --quiet --group benchmarks
	@touch $@
