# `make demo` and `make test` need Python ≥ 3.10 and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test slow mutants lint format docs clean

demo: $(INSTALLED)  ## run the main job on real images
	$(BIN)/python -m jobs.study examples/digits.yaml --out out/digits

test: $(INSTALLED) lint  ## everything that must pass before a change lands
	$(BIN)/python -m pytest -n 2 --dist loadgroup

slow: $(INSTALLED)  ## also the tests that need minutes
	$(BIN)/python -m pytest --slow

mutants: $(INSTALLED)  ## plant faults into the storage code; a test must notice each
	$(BIN)/python -m benchmarks.mutants

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(INSTALLED)  ## build the documentation and serve it at http://localhost:8000
	$(BIN)/python -m sphinx -W -n --keep-going docs out/docs
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory out/docs 8000

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) out build dist

$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("projektor-ray needs Python 3.10 or newer; set PYTHON=…" if sys.version_info < (3, 10) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'Installing into $(VENV): a few GB, once. pip names each package as it comes.'
	$(BIN)/python -m pip install --editable '.[ray,dev,docs]'
	touch $@
