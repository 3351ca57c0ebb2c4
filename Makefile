# Two commands do everything on a machine with Python 3.11 to 3.13 and make:
#   make demo    separates the bundled song and scores the result (SONG=file: your own song)
#   make test    runs the whole test suite against the installed package

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
OUT := demo-output
SOURCES := $(shell find minusone.py core daemon models systemd tui -name '*.py' -o -name '*.toml' -o -name '*.tflite' -o -name '*.sql' -o -name '*.service' -o -name '*.conf' 2>/dev/null)

.PHONY: demo screenshot test check lint bench clean

demo: $(VENV)/installed
ifdef SONG
	@$(BIN)/minusone separate "$(SONG)" -o $(OUT) --overwrite
else
	@$(BIN)/python examples/demo.py $(OUT)
endif

screenshot: $(VENV)/installed
	$(BIN)/python examples/demo.py $(OUT) examples/demo.svg

test: $(VENV)/tools
	$(BIN)/pytest

check: lint test

lint: $(VENV)/tools
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/tools
	$(BIN)/python benchmarks/all.py $(BENCH)

clean:
	rm -rf $(VENV) $(OUT) .reference build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/pip: pyproject.toml
	@test -n "$(PYTHON)" || { echo "minusone needs Python 3.11, 3.12 or 3.13: install one, or name it with PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { echo "Making the virtual environment failed (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

# The wheel, as a user gets it: what is tested is what is installed, not the checkout.
$(VENV)/installed: $(VENV)/pip $(SOURCES)
	$(BIN)/python -m pip install --quiet --upgrade --force-reinstall --no-deps .
	$(BIN)/python -m pip install --quiet .
	touch $@

$(VENV)/tools: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group check
	touch $@
